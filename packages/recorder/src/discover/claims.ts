/**
 * Which conversations the spoors running now have taken, so that two of them never record the same one on weak
 * evidence. A claim is a small file in the store, named by the transcript's path; it lasts as long as its process.
 */

import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { currentWriter, sha256, type Writer, writerState } from "@spoor/trace";

/** A claim that does not say whose it is was left by one killed while writing it, once it is this old. */
const UNREADABLE_FOR_MS = 60_000;

interface Claim {
  /** The file's text, by which a claim is told from a later one of the same name. */
  text: string;
  writer: Writer | undefined;
  ageMs: number;
}

export class Claims {
  readonly #folder: string;
  readonly #here: Writer;
  readonly #nowMs: () => number;
  readonly #taken = new Set<string>();

  constructor(folder: string, nowMs: () => number = Date.now, here: Writer = currentWriter()) {
    this.#folder = folder;
    this.#nowMs = nowMs;
    this.#here = here;
  }

  /** Whether another live process has claimed this transcript. */
  isTaken(path: string): boolean {
    const claim = this.#read(this.#fileOf(path));
    return claim !== undefined && !this.#isOurs(claim) && !this.#isStale(claim);
  }

  /**
   * Claims a transcript. Where claims cannot be written it succeeds: they are a courtesy among spoors, and no
   * reason not to record.
   *
   * @returns false where another live process was first.
   */
  take(path: string): boolean {
    const file = this.#fileOf(path);
    if (this.#taken.has(file)) return true;
    // A stale claim is removed once; should another spoor be quicker after that, it was first.
    for (let attempt = 0; attempt < 2; attempt++) {
      if (this.#write(file)) return true;
      const claim = this.#read(file);
      if (claim === undefined || this.#isOurs(claim)) return true;
      if (!this.#isStale(claim)) return false;
      this.#remove(file, claim);
    }
    return false;
  }

  /** Gives all claims back. */
  close(): void {
    for (const file of this.#taken) {
      const claim = this.#read(file);
      if (claim !== undefined && this.#isOurs(claim)) rmSync(file, { force: true });
    }
    this.#taken.clear();
  }

  #fileOf(path: string): string {
    return join(this.#folder, `${sha256(path).slice(0, 32)}.json`);
  }

  /** @returns false where there is a claim already. */
  #write(file: string): boolean {
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      writeFileSync(file, `${JSON.stringify(this.#here)}\n`, { flag: "wx", mode: 0o600 });
      this.#taken.add(file);
      return true;
    } catch {
      return !existsSync(file);
    }
  }

  #read(file: string): Claim | undefined {
    try {
      const text = readFileSync(file, "utf8");
      return { text, writer: parseWriter(text), ageMs: this.#nowMs() - statSync(file).mtimeMs };
    } catch {
      return undefined; // given back, or not readable: no claim that we could respect
    }
  }

  #isOurs({ writer }: Claim): boolean {
    const { pid, pid_start, boot_id, pid_namespace, host_hash } = this.#here;
    return (
      writer?.pid === pid &&
      writer.pid_start === pid_start &&
      writer.boot_id === boot_id &&
      writer.pid_namespace === pid_namespace &&
      writer.host_hash === host_hash
    );
  }

  #isStale({ writer, ageMs }: Claim): boolean {
    return writer === undefined
      ? ageMs > UNREADABLE_FOR_MS
      : writerState(writer, this.#here, ageMs) === "gone";
  }

  /** Moves the claim aside before it goes, to see that it still is the stale one and not its successor's. */
  #remove(file: string, stale: Claim): void {
    const aside = `${file}.${this.#here.pid}`;
    try {
      renameSync(file, aside);
      if (readFileSync(aside, "utf8") !== stale.text) linkSync(aside, file);
    } catch {
      // Another spoor was quicker; `take` looks again.
    }
    try {
      rmSync(aside, { force: true });
    } catch {
      // Left behind as a file that no claim is named like.
    }
  }
}

function parseWriter(text: string): Writer | undefined {
  try {
    const writer = JSON.parse(text) as Partial<Writer> | null;
    return typeof writer?.pid === "number" && typeof writer.host_hash === "string"
      ? (writer as Writer)
      : undefined;
  } catch {
    return undefined;
  }
}
