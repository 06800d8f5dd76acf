/**
 * Gathers what is known about each transcript that appeared or grew: what it says of itself, which notes name
 * it, who holds it open, and who may have written it. What follows from that is join.ts.
 *
 * One observation needs explaining. The kernel counts the bytes that a process writes. One that wrote fewer than
 * a file grew by in the same time has not written that file. So of two agents at work in one folder that leave no
 * other trace of which conversation is whose (Gemini CLI opens its file anew for every line), each is told from
 * the other as soon as one is busy while the other is not; or at once, by what each was asked on its command line.
 */

import { realpathSync } from "node:fs";
import type { AgentSite, AgentName, FileIdentity, JsonObject } from "@spoor/adapters";
import { parseText } from "@spoor/adapters";
import { readTextFile } from "../pointers/index.ts";
import type { Claims } from "./claims.ts";
import type { Evidence } from "./join.ts";
import type { ProcessSource } from "./process-source.ts";
import type { Processes, Seen } from "./processes.ts";
import { peekLines } from "./tail.ts";
import type { Active } from "./transcripts.ts";

/** How long weak evidence waits for stronger, from when a transcript is first seen to grow. */
const PATIENCE_MS = 1000;
/** What is read of a transcript to tell whose it is. */
const TELLING_LINES = 64;
const TELLING_BYTES = 1024 * 1024;
/** A transcript is asked again, each time it has grown, until it has told or this often. */
const MAX_PEEKS = 16;

/** What is gathered about one transcript over the looks. */
interface Candidate {
  readonly active: Active;
  readonly realPath: string;
  readonly firstSeenMs: number;
  peeksLeft: number;
  identity: FileIdentity | undefined;
  cwd: string | undefined;
  traceId: Evidence["traceId"];
  /** Once another's, always another's: its process or spoor may end before ours. */
  isAnothers: boolean;
  isClaimed: boolean;
  heldBy: number | undefined;
  /** Agents not ours that ran while it grew. */
  readonly others: Set<number>;
  readonly cleared: Set<number>;
}

export interface Circumstances {
  readonly home: string;
  readonly cwd: string;
  /** undefined: not ours alone. */
  readonly traceId: string | undefined;
  readonly nowMs: () => number;
}

export class Gatherer {
  readonly #here: Circumstances;
  readonly #source: ProcessSource;
  readonly #processes: Processes;
  readonly #claims: Claims;
  readonly #candidates = new Map<string, Candidate>();
  /** Conversations that processes have named in their notes, by pid; the latest last. */
  readonly #notes = new Map<number, string[]>();
  readonly #streams = new Map<AgentName, Set<string>>();
  readonly #ourFolders: Set<string>;
  /** Bytes written so far by each agent: before the look before this one, and before this one. */
  #bytesEarlier = new Map<number, number>();
  #bytesBefore = new Map<number, number>();

  constructor(here: Circumstances, source: ProcessSource, processes: Processes, claims: Claims) {
    this.#here = here;
    this.#source = source;
    this.#processes = processes;
    this.#claims = claims;
    this.#ourFolders = new Set([realPath(here.cwd)]);
  }

  streamSaid(agent: AgentName, conversationId: string): void {
    const named = this.#streams.get(agent) ?? new Set();
    this.#streams.set(agent, named.add(conversationId));
  }

  /** Ids that our processes have named: their transcripts are worth a look. */
  namedIds(): string[] {
    const own = this.#processes.agents().flatMap(({ pid }) => this.#notes.get(pid) ?? []);
    return [...own, ...[...this.#streams.values()].flatMap((ids) => [...ids])];
  }

  /** To be called before the transcripts are looked at. */
  beforeLook(adapters: readonly AgentSite[]): void {
    for (const { cwd } of this.#processes.alive()) if (cwd !== undefined) this.#ourFolders.add(cwd);
    this.#bytesEarlier = this.#bytesBefore;
    this.#bytesBefore = new Map();
    for (const adapter of adapters) {
      const own = this.#processes.agents().filter(({ agent }) => agent === adapter.name);
      if (own.length === 0) continue;
      for (const seen of own) this.#readNote(adapter, seen);
      for (const { pid } of [...own, ...this.#processes.othersOf(adapter.name)]) {
        const bytes = this.#source.writtenBytesOf(pid);
        if (bytes !== undefined) this.#bytesBefore.set(pid, bytes);
      }
    }
  }

  identityOf(path: string): FileIdentity | undefined {
    return this.#candidates.get(path)?.identity;
  }

  cwdOf(path: string): string | undefined {
    return this.#candidates.get(path)?.cwd;
  }

  /** To be called with every undecided transcript before any is weighed. */
  notice(active: Active): void {
    if (!this.#candidates.has(active.path)) this.#newCandidate(active);
  }

  evidenceOf(active: Active, look: number, hasEnded: boolean): Evidence {
    const candidate = this.#candidates.get(active.path) ?? this.#newCandidate(active);
    const { adapter, path } = active;
    if (active.grewAtLook === look) this.#observeGrowth(candidate, look);
    candidate.isClaimed ||= this.#claims.isTaken(path);
    const id = candidate.identity?.conversationId;
    const isNamed = (name: string): boolean => name === id || path.includes(name);
    const own = this.#ownAgents(adapter.name);
    return {
      path,
      agent: adapter.name,
      namedByStream: [...(this.#streams.get(adapter.name) ?? [])].some(isNamed),
      notedBy: own.find(({ pid }) => this.#notes.get(pid)?.some(isNamed))?.pid,
      traceId: candidate.traceId,
      heldBy: candidate.heldBy,
      isAnothers: candidate.isAnothers,
      isClaimed: candidate.isClaimed,
      inOurFolder: candidate.cwd === undefined ? undefined : this.#ourFolders.has(candidate.cwd),
      own: own.filter((seen) => this.#mayWrite(seen, candidate)).map(({ pid }) => pid),
      others: [...candidate.others],
      cleared: candidate.cleared,
      hasWaited: hasEnded || this.#here.nowMs() - candidate.firstSeenMs >= PATIENCE_MS,
    };
  }

  #newCandidate(active: Active): Candidate {
    const candidate: Candidate = {
      active,
      realPath: realPath(active.path),
      firstSeenMs: this.#here.nowMs(),
      peeksLeft: MAX_PEEKS,
      identity: undefined,
      cwd: undefined,
      traceId: "none",
      isAnothers: false,
      isClaimed: false,
      heldBy: undefined,
      others: new Set(),
      cleared: new Set(),
    };
    this.#candidates.set(active.path, candidate);
    return candidate;
  }

  #observeGrowth(candidate: Candidate, look: number): void {
    const lines = this.#peek(candidate);
    const { adapter } = candidate.active;
    const others = this.#processes.othersOf(adapter.name);
    const holds = ({ pid }: Seen): boolean =>
      this.#source.writableFilesOf(pid)?.includes(candidate.realPath) ?? false;
    candidate.heldBy = this.#processes.alive().find((seen) => !seen.isService && holds(seen))?.pid;
    const isServed = [...this.#processes.alive(), ...others].some((seen) => seen.isService && holds(seen));
    for (const other of others) {
      if (other.isService) continue;
      const note = this.#readNote(adapter, other);
      if (holds(other) || (note !== undefined && this.#isNote(note, candidate))) candidate.isAnothers = true;
      else if (note === undefined && isIn(other, candidate.cwd)) candidate.others.add(other.pid);
    }
    // Of a served conversation the server writes the file, whoever holds it.
    if (!isServed) this.#compareBytes(candidate, look);
    const rivals = others.filter(({ pid }) => candidate.others.has(pid));
    if (rivals.length > 0) clearByWords(candidate, lines, [...this.#ownAgents(adapter.name), ...rivals]);
  }

  /** @returns What was read of what is new in it. */
  #peek(candidate: Candidate): readonly JsonObject[] {
    if (candidate.peeksLeft-- <= 0) return [];
    const { adapter, path, priorBytes } = candidate.active;
    const isDocument = path.endsWith(".json");
    const first = isDocument ? documentLines(path) : peekLines(path, 0, TELLING_LINES, TELLING_BYTES);
    const added =
      priorBytes > 0 && !isDocument ? peekLines(path, priorBytes, TELLING_LINES, TELLING_BYTES) : first;
    candidate.identity = adapter.detectFile(path, first) ?? candidate.identity;
    const latest = adapter.detectFile(path, added);
    const cwd = latest?.cwd ?? candidate.identity?.cwd ?? adapter.workingDirectoryOf?.(path, readTextFile);
    if (cwd !== undefined) candidate.cwd = realPath(cwd);
    if (latest?.traceId !== undefined && this.#here.traceId !== undefined)
      candidate.traceId = latest.traceId === this.#here.traceId ? "ours" : "other";
    return added;
  }

  /** Bytes are compared over a time that begins before the growth did and ends after it. */
  #compareBytes({ active, cleared, others }: Candidate, look: number): void {
    if (active.grewSinceLook < look - 1) return;
    const own = this.#ownAgents(active.adapter.name).map(({ pid }) => pid);
    for (const pid of [...own, ...others]) {
      const after = this.#source.writtenBytesOf(pid);
      if (after === undefined) continue; // it ended meanwhile, and may have written all of it
      if (after - (this.#bytesEarlier.get(pid) ?? 0) < active.grewBy) cleared.add(pid);
    }
  }

  #ownAgents(name: AgentName): Seen[] {
    return this.#processes.agents().filter(({ agent, isService }) => agent === name && !isService);
  }

  /** Whether this agent of ours can be the one behind a transcript that none of our notes names. */
  #mayWrite(seen: Seen, { active, cwd }: Candidate): boolean {
    const wasAlive = seen.endedAtLook === undefined || seen.endedAtLook >= active.grewAtLook;
    const isBusy = this.#isElsewhere(seen) || this.#speaksOnStdout(seen);
    return wasAlive && !isBusy && isIn(seen, cwd);
  }

  /**
   * Whether its notes name its conversation. Claude Code, told to continue the latest one, first notes a new one;
   * when it has ended before noting better, a note whose conversation was never written tells nothing.
   */
  #isElsewhere({ pid, endedAtLook }: Seen): boolean {
    const notes = this.#notes.get(pid);
    if (notes === undefined || endedAtLook === undefined) return notes !== undefined;
    return notes.some((note) =>
      [...this.#candidates.values()].some((candidate) => this.#isNote(note, candidate)),
    );
  }

  /** The agent that is the command itself, when its stdout has told its conversation; with what it runs in. */
  #speaksOnStdout(seen: Seen): boolean {
    if (seen.agent === undefined || !this.#streams.has(seen.agent)) return false;
    return (
      seen.parent === undefined || (seen.parent.agent === seen.agent && this.#speaksOnStdout(seen.parent))
    );
  }

  #isNote(note: string, { active, identity }: Candidate): boolean {
    return note === identity?.conversationId || active.path.includes(note);
  }

  #readNote(adapter: AgentSite, { pid, env, endedAtLook }: Seen): string | undefined {
    const noted = this.#notes.get(pid);
    if (endedAtLook !== undefined) return noted?.at(-1);
    const home = env?.["HOME"] ?? this.#here.home;
    const note = adapter.conversationOfProcess?.(pid, env ?? {}, home, readTextFile);
    if (note === undefined) return noted?.at(-1);
    if (noted === undefined) this.#notes.set(pid, [note]);
    else if (!noted.includes(note)) noted.push(note);
    return note;
  }
}

/** Who was given a sentence on its command line that stands in the transcript was asked it; who was not, was not. */
function clearByWords({ cleared }: Candidate, lines: readonly JsonObject[], agents: readonly Seen[]): void {
  const text = JSON.stringify(lines);
  // A single word may be a model's name, a path that of the folder.
  const isSentence = (word: string): boolean => /^[^/]\S*\s/.test(word);
  const asked = agents.filter(({ command }) =>
    command.some((word) => isSentence(word) && text.includes(JSON.stringify(word))),
  );
  if (asked.length === 0) return;
  for (const agent of agents) if (!asked.includes(agent)) cleared.add(agent.pid);
}

function isIn(seen: Seen, cwd: string | undefined): boolean {
  return seen.cwd === undefined || seen.cwd === cwd;
}

function documentLines(path: string): JsonObject[] {
  return parseText(readTextFile(path) ?? "").flatMap((line) => (line.kind === "object" ? [line.value] : []));
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // gone: compared as it is named
  }
}
