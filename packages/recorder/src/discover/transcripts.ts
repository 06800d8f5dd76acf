/**
 * Notices which transcripts appear or grow, among thousands that do not.
 *
 * What is likely to change (the youngest files and folders, and all that changed since the start) is looked at
 * each time. The rest takes turns, so that a look costs the same however much is stored; it is all looked at
 * when the command has ended. Watching by the kernel would save little and lose events when it is short of
 * watches (network file systems have none).
 */

import { type Dirent, readdirSync, statSync, type Stats } from "node:fs";
import { basename, sep } from "node:path";
import type { AgentSite, Env } from "@spoor/adapters";

const DAY_MS = 24 * 60 * 60 * 1000;
/** Of what each agent stored youngest, at most so many files and folders are looked at each time. */
const MAX_WARM = 96;
/** How many of the other folders, and of the other files, take their turn in one look. */
const TURN = 64;
/** Sessions lie at most this deep (Codex: year, month, day). */
const MAX_DEPTH = 4;
/** Of files first seen long after the start: since when they are so long is not known. */
const NEVER = -1;
/** File times may lag by so much: a folder that has just changed may change again without a new time. */
const TIME_STEP_MS = 50;

/** A transcript that was written to since the start. */
export interface Active {
  readonly path: string;
  readonly adapter: AgentSite;
  /** What stood in it at the start, in bytes. */
  readonly priorBytes: number;
  bytes: number;
  /** The look at which it was last found longer, by how much, and since which look that is. */
  grewAtLook: number;
  grewBy: number;
  grewSinceLook: number;
}

interface KnownFile {
  readonly path: string;
  readonly adapter: AgentSite;
  bytes: number;
  inode: number;
  /** The look at which this was so. */
  look: number;
  /** Looked at each time. */
  warm: boolean;
  gone?: boolean;
}

interface KnownFolder {
  readonly path: string;
  readonly adapter: AgentSite;
  readonly depth: number;
  /** undefined: it is not there, or may change without a new time. */
  modifiedMs: number | undefined;
  look: number;
  /** Looked at each time. */
  warm: boolean;
  gone?: boolean;
}

export class Transcripts {
  readonly active: Map<string, Active> = new Map();
  readonly #files = new Map<string, KnownFile>();
  readonly #folders = new Map<string, KnownFolder>();
  /** Sizes of the files beside the youngest transcripts, as they were at the start, by transcript. */
  readonly #sideBytes = new Map<string, ReadonlyMap<string, number>>();
  readonly #nowMs: () => number;
  readonly #startedMs: number;
  readonly #coldFiles: KnownFile[] = [];
  readonly #coldFolders: KnownFolder[] = [];
  readonly #named = new Set<string>();
  readonly #warm: (KnownFile | KnownFolder)[] = [];
  readonly #young: { known: KnownFile | KnownFolder; modifiedMs: number }[] = [];
  #look = 0;

  /** Notes what there is. */
  constructor(adapters: readonly AgentSite[], env: Env, home: string, nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#startedMs = nowMs();
    for (const adapter of adapters) this.addFolders(adapter, env, home);
    for (const { path, adapter, warm } of this.#files.values())
      if (warm) this.#sideBytes.set(path, sideBytes(adapter, path));
  }

  /** Also watches the folders that an agent with this environment would use. */
  addFolders(adapter: AgentSite, env: Env, home: string): void {
    for (const path of adapter.sessionFolders(env, home)) {
      if (this.#folders.has(path)) continue;
      const folder = { path, adapter, depth: 0, modifiedMs: undefined, look: NEVER, warm: false };
      this.#folders.set(path, folder);
      this.#makeWarm(folder);
      const stats = statOf(path);
      if (stats !== undefined) this.#list(folder, stats.mtimeMs, true);
    }
    this.#warmYoungest();
  }

  /** From now on looks each time at the transcript of this conversation, if there is one. */
  warm(conversationId: string): void {
    if (this.#named.has(conversationId)) return;
    this.#named.add(conversationId);
    for (const file of this.#files.values())
      if (basename(file.path).includes(conversationId)) this.#makeWarm(file);
  }

  /** @param all Leaves nothing to a later look. */
  look(look: number, all: boolean): void {
    this.#look = look;
    for (const known of this.#warm) this.#examine(known);
    this.#takeTurns(this.#coldFolders, all);
    this.#takeTurns(this.#coldFiles, all);
  }

  /** How much of a file that belongs to `transcript` (or is it) is older than the start, in bytes. */
  priorBytesOf(path: string, transcript: string): number {
    const ofTranscript = this.active.get(transcript)?.priorBytes;
    if (path === transcript || ofTranscript === 0) return ofTranscript ?? 0;
    const noted = this.#sideBytes.get(transcript);
    if (noted !== undefined) return noted.get(path) ?? 0;
    const stats = statOf(path);
    return stats === undefined || this.#isNew(stats) ? 0 : stats.size;
  }

  #takeTurns(cold: (KnownFile | KnownFolder)[], all: boolean): void {
    const turn = cold.splice(0, all ? cold.length : TURN).filter(({ warm, gone }) => !warm && !gone);
    for (const known of turn) this.#examine(known);
    cold.push(...turn);
  }

  #examine(known: KnownFile | KnownFolder): void {
    if (known.gone) return;
    const stats = statOf(known.path);
    if ("depth" in known) {
      if (stats === undefined) known.modifiedMs = undefined;
      else if (stats.mtimeMs !== known.modifiedMs) this.#list(known, stats.mtimeMs, false);
    } else if (stats === undefined) {
      known.gone = true;
      this.#files.delete(known.path);
      // Gemini CLI begins a conversation before it sees that it is to resume one, and removes it.
      this.active.delete(known.path);
    } else if (stats.size !== known.bytes || stats.ino !== known.inode) {
      this.#grew(known, stats);
    }
    known.look = this.#look;
  }

  #grew(file: KnownFile, { size, ino }: Stats): void {
    const active = this.active.get(file.path) ?? {
      path: file.path,
      adapter: file.adapter,
      priorBytes: file.bytes,
      bytes: file.bytes,
      grewAtLook: 0,
      grewBy: 0,
      grewSinceLook: 0,
    };
    active.grewBy = Math.max(0, size - active.bytes);
    active.bytes = size;
    active.grewAtLook = this.#look;
    active.grewSinceLook = file.look;
    this.active.set(file.path, active);
    file.bytes = size;
    file.inode = ino;
    this.#makeWarm(file);
  }

  /** @param first Everything in it is taken for older than the start, unless its own times say otherwise. */
  #list(folder: KnownFolder, modifiedMs: number, first: boolean): void {
    if (this.#nowMs() - modifiedMs > TIME_STEP_MS) folder.modifiedMs = modifiedMs;
    if (!first) this.#makeWarm(folder);
    const entries = entriesOf(folder.path);
    const names = new Set(entries.map(({ name }) => name));
    for (const entry of entries) {
      const path = `${folder.path}${sep}${entry.name}`; // what `join` does, at a tenth of its cost
      if (entry.isDirectory()) {
        // One named like a transcript beside it is that one's own, and holds no other's.
        if (!names.has(`${entry.name}.jsonl`)) this.#addFolder(path, folder, first);
      } else if (!this.#files.has(path) && folder.adapter.isTranscript(path))
        this.#addFile(path, folder, first);
    }
  }

  #addFolder(path: string, { adapter, depth, look }: KnownFolder, first: boolean): void {
    if (this.#folders.has(path) || depth + 1 >= MAX_DEPTH) return;
    const stats = statOf(path);
    if (stats === undefined) return;
    const folder = { path, adapter, depth: depth + 1, modifiedMs: undefined, look, warm: false };
    this.#folders.set(path, folder);
    this.#list(folder, stats.mtimeMs, first);
    if (folder.warm) return;
    this.#coldFolders.push(folder);
    this.#noteAge(folder, stats.mtimeMs);
  }

  #addFile(path: string, { adapter, look }: KnownFolder, first: boolean): void {
    const stats = statOf(path);
    if (stats === undefined) return;
    const isOld = first && !this.#isNew(stats);
    // Codex archives a rollout by moving it.
    const moved = first ? undefined : [...this.#files.values()].find(({ inode }) => inode === stats.ino);
    const bytes = isOld ? stats.size : (moved?.bytes ?? 0);
    const file: KnownFile = { path, adapter, bytes, inode: stats.ino, look, warm: false };
    this.#files.set(path, file);
    if (isOld) {
      this.#coldFiles.push(file);
      this.#noteAge(file, stats.mtimeMs);
    } else {
      // Also an empty one: what comes into it is new.
      this.#makeWarm(file);
      if (stats.size > bytes) this.#grew(file, stats);
    }
    file.look = this.#look;
  }

  /** Whether a file that we have not seen before was made after the start; some systems do not tell. */
  #isNew({ birthtimeMs }: Stats): boolean {
    return this.#look > 0 && birthtimeMs >= this.#startedMs - TIME_STEP_MS;
  }

  #noteAge(known: KnownFile | KnownFolder, modifiedMs: number): void {
    if (this.#startedMs - modifiedMs < DAY_MS) this.#young.push({ known, modifiedMs });
  }

  #warmYoungest(): void {
    this.#young.sort((a, b) => b.modifiedMs - a.modifiedMs);
    for (const { known } of this.#young.slice(0, MAX_WARM)) this.#makeWarm(known);
    this.#young.length = 0;
  }

  #makeWarm(known: KnownFile | KnownFolder): void {
    if (known.warm) return;
    known.warm = true;
    this.#warm.push(known);
  }
}

/** The sizes of the files beside a transcript that belong to it. */
function sideBytes(adapter: AgentSite, path: string): ReadonlyMap<string, number> {
  const beside = adapter.filesOf(path, listFolder).slice(1);
  return new Map(beside.map((file) => [file.path, statOf(file.path)?.size ?? 0]));
}

export function listFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return []; // no such folder, or none of ours
  }
}

function entriesOf(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return []; // gone since, or not ours to read
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // not ours to look at
  }
}
