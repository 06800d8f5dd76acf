/**
 * The file a trace is written to: append-only, one `write()` per record, nothing held back.
 *
 * Write-through is what makes SIGKILL harmless, and in Node it costs no more than a buffer
 * (a string and one `writeSync`: 3 µs for 500 bytes). So there is no queue, no signal handler and no exit
 * hook. What a full disk refuses is counted, and told by a `gap` record as soon as writing works again; the
 * program that is being recorded never sees an exception from here.
 */

import {
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { encodeLine, FORMAT_VERSION, readEntries, spanIdOf, type TraceRecord } from "@spoor/trace";

/** A record before the file gives it its place. */
export type Draft<T extends TraceRecord = TraceRecord> = T extends TraceRecord
  ? { [Field in keyof T as Field extends "v" | "seq" ? never : Field]: T[Field] }
  : never;

/** The system calls of the hot path; tests put a full disk here. */
export interface WriteCalls {
  write: (descriptor: number, data: string | Uint8Array, offset?: number) => number;
  nowMs: () => number;
}

const SYSTEM: WriteCalls = {
  write: (descriptor, data, offset) =>
    typeof data === "string" ? writeSync(descriptor, data) : writeSync(descriptor, data, offset ?? 0),
  nowMs: () => Date.now(),
};

/** After this many refusals in a row the disk is left alone for a while. */
const REFUSALS_BEFORE_PAUSE = 100;
const PAUSE_MS = 1000;
/** How often data that was written is also made to survive a power cut, while more comes. */
const SYNC_EVERY_MS = 5000;

export interface FileLosses {
  records: number;
  bytes: number;
}

export type Opened = { kind: "opened"; file: TraceFile } | { kind: "refused"; reason: string };

export class TraceFile {
  readonly path: string;
  readonly #descriptor: number;
  readonly #calls: WriteCalls;
  #seq: number;
  /** What could not be written and no gap record has told yet. */
  #untold: FileLosses & { reason: string } = { records: 0, bytes: 0, reason: "" };
  /** The file may end within a line: the next write begins with a newline. */
  #torn = false;
  #refusals = 0;
  #pausedUntilMs = 0;
  #unsynced = false;
  #syncTimer: NodeJS.Timeout | undefined;
  #closed = false;
  /** Values cut to fit the size limits. */
  truncated = 0;
  /** Everything that was lost over the life of this writer. */
  readonly lost: FileLosses = { records: 0, bytes: 0 };

  private constructor(path: string, descriptor: number, seq: number, calls: WriteCalls) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#seq = seq;
    this.#calls = calls;
  }

  /**
   * Creates a new trace file; its folders are made as needed (0700), the file is 0600.
   *
   * @param directory The store. One that is not ours, or that others can write to, is refused.
   */
  static create(directory: string, path: string, calls: WriteCalls = SYSTEM): Opened {
    try {
      const refusal = prepareFolders(directory, path);
      if (refusal !== undefined) return { kind: "refused", reason: refusal };
      const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND | NO_FOLLOW;
      return { kind: "opened", file: new TraceFile(path, openSync(path, flags, 0o600), 0, calls) };
    } catch (error) {
      return { kind: "refused", reason: (error as Error).message };
    }
  }

  /**
   * Opens a trace to go on with it. A torn tail is closed with a newline, never cut off; `seq` continues.
   * Only the owner of the file, or one who proved the owner gone, may do this.
   */
  static reopen(path: string, calls: WriteCalls = SYSTEM): Opened {
    try {
      const descriptor = openSync(path, constants.O_RDWR | constants.O_APPEND | NO_FOLLOW);
      const { size } = fstatSync(descriptor);
      let seq = 0;
      for (const entry of readEntries(path, { headOnly: true }))
        if (entry.kind === "record") seq = Math.max(seq, entry.record.seq + 1);
      const file = new TraceFile(path, descriptor, seq, calls);
      const last = Buffer.alloc(1);
      file.#torn = size > 0 && readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
      return { kind: "opened", file };
    } catch (error) {
      return { kind: "refused", reason: (error as Error).message };
    }
  }

  /** Writes one record. Never throws; what cannot be written is counted. */
  append(draft: Draft): void {
    if (this.#closed) return;
    if (this.#untold.records > 0 && !this.#tellGap(draft)) {
      this.#lose(this.#encode(draft), this.#untold.reason);
      return;
    }
    const line = this.#encode(draft);
    const refused = this.#write(line);
    if (refused !== undefined) this.#lose(line, refused);
  }

  /** Makes what was written survive a power cut, then closes. Resolves in any case. */
  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    clearTimeout(this.#syncTimer);
    return new Promise((resolve) => {
      // After an EIO a second fsync may report success falsely; so it is not retried.
      fdatasync(this.#descriptor, () => {
        closeSync(this.#descriptor);
        resolve();
      });
    });
  }

  #encode(draft: Draft): string {
    // In the order of the line, which spares encoding a copy.
    const record = {
      v: FORMAT_VERSION,
      type: draft.type,
      seq: this.#seq++,
      ...(draft as object),
    } as TraceRecord;
    const { line, truncated } = encodeLine(record);
    this.truncated += truncated;
    return line;
  }

  #tellGap(next: Draft): boolean {
    const { records, bytes, reason } = this.#untold;
    const refused = this.#write(
      this.#encode({
        type: "gap",
        time: new Date(this.#calls.nowMs()).toISOString(),
        invocation_id: next.invocation_id,
        span_id: spanIdOf(next.invocation_id, "invocation", ""),
        records,
        bytes,
        reason,
      }),
    );
    if (refused === undefined) this.#untold = { records: 0, bytes: 0, reason: "" };
    else this.#seq--; // the gap record itself is no loss
    return refused === undefined;
  }

  #lose(line: string, reason: string): void {
    const bytes = Buffer.byteLength(line);
    this.#untold = { records: this.#untold.records + 1, bytes: this.#untold.bytes + bytes, reason };
    this.lost.records++;
    this.lost.bytes += bytes;
  }

  /** @returns Why it failed, or undefined. */
  #write(line: string): string | undefined {
    if (this.#refusals >= REFUSALS_BEFORE_PAUSE) {
      const now = this.#calls.nowMs();
      if (now < this.#pausedUntilMs) return this.#untold.reason;
      this.#pausedUntilMs = now + PAUSE_MS;
    }
    const data = this.#torn ? `\n${line}` : line;
    try {
      const written = this.#calls.write(this.#descriptor, data);
      // A write may be cut short by a signal or a disk that fills up: `writeSync` does not loop.
      if (written < data.length || written < Buffer.byteLength(data))
        this.#writeRest(Buffer.from(data), written);
      this.#torn = false;
      this.#refusals = 0;
      this.#syncLater();
      return undefined;
    } catch (error) {
      this.#refusals++;
      return (error as NodeJS.ErrnoException).code ?? "unknown";
    }
  }

  #writeRest(data: Buffer, from: number): void {
    let done = from;
    this.#torn = done > 0;
    while (done < data.length) done += this.#calls.write(this.#descriptor, data, done);
  }

  #syncLater(): void {
    this.#unsynced = true;
    if (this.#syncTimer !== undefined) return;
    this.#syncTimer = setInterval(() => {
      if (!this.#unsynced) {
        clearInterval(this.#syncTimer);
        this.#syncTimer = undefined;
        return;
      }
      this.#unsynced = false;
      fdatasync(this.#descriptor, () => {});
    }, SYNC_EVERY_MS);
    this.#syncTimer.unref();
  }
}

/** Absent on Windows. */
const NO_FOLLOW: number = constants.O_NOFOLLOW ?? 0;

/** @returns Why the store may not be used, or undefined. */
function prepareFolders(directory: string, path: string): string | undefined {
  makeFolders(directory);
  const refusal = whyNotOurs(statSync(directory), directory);
  if (refusal !== undefined) return refusal;
  for (const folder of [join(directory, "traces"), dirname(path)]) {
    makeFolders(folder);
    // A link inside the store could lead a trace to where others read it.
    const stat = lstatSync(folder);
    if (stat.isSymbolicLink()) return `${folder} is a symbolic link; expected a directory`;
    const inner = whyNotOurs(stat, folder);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** Node's own `recursive` never returns where the system has no folders to make, as below /proc. */
function makeFolders(path: string): void {
  if (existsSync(path)) return;
  makeFolders(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another spoor was quicker.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function whyNotOurs(
  stat: { uid: number; mode: number; isDirectory(): boolean },
  folder: string,
): string | undefined {
  if (!stat.isDirectory()) return `${folder} is not a directory`;
  if (process.getuid === undefined) return undefined;
  if (stat.uid !== process.getuid()) return `${folder} belongs to another user (uid ${stat.uid})`;
  if ((stat.mode & 0o022) !== 0) return `others can write to ${folder}; expected mode 0700 (chmod 700 it)`;
  return undefined;
}
