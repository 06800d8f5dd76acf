/**
 * Finds the conversations that a recorded command holds, whichever agent's, and reads them as they are written.
 *
 * It looks when it is told to: which processes are ours, which transcripts have grown, which of those are ours,
 * what is new in them. A look is synchronous and cheap, and what it finds it gives away at once.
 */

import { join } from "node:path";
import type { AgentSite, AgentName, Env, SourceFile } from "@spoor/adapters";
import { Claims } from "./claims.ts";
import { Gatherer } from "./evidence.ts";
import { decide, type JoinedBy } from "./join.ts";
import { type ProcessSource, processSource } from "./process-source.ts";
import { Processes, type Seen } from "./processes.ts";
import { follow, type Follower, type LiveLine } from "./tail.ts";
import { type Active, listFolder, Transcripts } from "./transcripts.ts";

/** The system as far as it is asked; passed in by tests. */
export interface DiscoverSystem {
  processes: ProcessSource;
  /** Milliseconds since 1970. */
  nowMs: () => number;
}

export interface DiscoverOptions {
  readonly adapters: readonly AgentSite[];
  /** The command's environment and home. */
  readonly env: Env;
  readonly home: string;
  /** Where the command is started. */
  readonly cwd: string;
  /** The agent that its argv shows. */
  readonly agent?: AgentName | undefined;
  /** What the command is given as `SPOOR_INVOCATION`. */
  readonly invocationId: string;
  /** The trace id it is given, where that is ours alone; not one that we were given ourselves. */
  readonly traceId?: string | undefined;
  /** Where live spoors keep their claims; see {@link claimsFolder}. */
  readonly claimsFolder: string;
  /** @default the real ones */
  readonly system?: Partial<DiscoverSystem>;
}

/** A conversation that is the command's. */
export interface FoundLive {
  readonly adapter: AgentSite;
  readonly conversationId: string | undefined;
  /** The main transcript. */
  readonly path: string;
  readonly cwd: string | undefined;
  readonly joinedBy: JoinedBy;
  /** The agent's process, where it is known. */
  readonly pid: number | undefined;
  /**
   * Held by the command's own agent: between its process and the command stands no agent of another kind and
   * none with a conversation of its own. Later ones of the same process (after `/clear`) are so too.
   */
  readonly isCommand: boolean;
  /** How much of the main transcript is older than the start; 0 for a new conversation. */
  readonly priorBytes: number;
  /** Its files so far, in the order of `sourceIndex`; grows as sub-agents get theirs. */
  readonly files: readonly SourceFile[];
  /**
   * The lines that are older than the start, of the files known so far: for the parser's state only, to be fed
   * before the first new ones. None for a new conversation.
   */
  earlierLines(): readonly FileLines[];
}

export interface FileLines {
  readonly file: SourceFile;
  /** Index into `FoundLive.files`; never changes. */
  readonly sourceIndex: number;
  readonly lines: readonly LiveLine[];
}

/** What has come to one file of a conversation. The other numbers count lines that could not be read. */
export interface LiveLines extends FileLines {
  readonly conversation: FoundLive;
  readonly malformed: number;
  readonly overlong: number;
  /** Only of a last look. */
  readonly torn: number;
}

export interface Look {
  /** Those that were not known before this look. */
  readonly conversations: readonly FoundLive[];
  /** New whole lines, file by file as `AgentSite.filesOf` orders them. */
  readonly lines: readonly LiveLines[];
  /** How many transcripts may be ours or another's, as things stand: after the last look, lost for this trace. */
  readonly ambiguous: number;
}

/** @param directory The store. */
export function claimsFolder(directory: string): string {
  return join(directory, "claims");
}

/** Once the command has ended, all of the folders are looked at this often. */
const THOROUGH_EVERY_MS = 1000;

interface Joined {
  readonly found: FoundLive;
  readonly files: SourceFile[];
  readonly followers: Follower[];
}

export class Discovery {
  readonly #options: DiscoverOptions;
  readonly #processes: Processes;
  readonly #transcripts: Transcripts;
  readonly #gatherer: Gatherer;
  readonly #claims: Claims;
  readonly #joined = new Map<string, Joined>();
  readonly #nowMs: () => number;
  #look = 0;
  #hasEnded = false;
  #thoroughMs = Number.NEGATIVE_INFINITY;

  /** Notes what is stored already, so it is to be made before the command is started. */
  constructor(options: DiscoverOptions) {
    const { adapters, env, home, cwd, traceId, invocationId, system = {} } = options;
    const nowMs = system.nowMs ?? Date.now;
    const source = system.processes ?? processSource(nowMs);
    this.#options = options;
    this.#nowMs = nowMs;
    this.#processes = new Processes(source, adapters, invocationId);
    this.#transcripts = new Transcripts(adapters, env, home, nowMs);
    this.#claims = new Claims(options.claimsFolder, nowMs);
    const here = { home, cwd, traceId, nowMs };
    this.#gatherer = new Gatherer(here, source, this.#processes, this.#claims);
  }

  childStarted(pid: number): void {
    this.#processes.childStarted(pid, this.#options.agent);
  }

  /** From here on weak evidence waits for no stronger, and no folder waits for its turn. */
  childEnded(): void {
    this.#hasEnded = true;
  }

  /** The command's own JSON stdout has named its conversation. */
  streamSaid(agent: AgentName, conversationId: string): void {
    this.#gatherer.streamSaid(agent, conversationId);
  }

  /**
   * Looks once. May be called as often as one likes; some four times a second keep a trace live.
   *
   * @param last Nothing will be written any more: also gives last lines that have no newline, and counts torn ones.
   */
  look(last = false): Look {
    const look = ++this.#look;
    if (look === 1 && this.#hasEnded && !this.#hasWritten())
      return { conversations: [], lines: [], ambiguous: 0 };
    this.#processes.look(look);
    this.#findFolders();
    this.#gatherer.beforeLook(this.#options.adapters);
    for (const id of this.#gatherer.namedIds()) this.#transcripts.warm(id);
    this.#transcripts.look(look, this.#isThorough(last));

    const conversations: FoundLive[] = [];
    let ambiguous = 0;
    for (const adapter of this.#options.adapters) {
      const all = this.#undecided(adapter);
      for (const active of all) this.#gatherer.notice(active);
      const evidenceOfAll = all.map((active) => this.#gatherer.evidenceOf(active, look, this.#hasEnded));
      const undecided = all.filter((active) => !this.#isLeftBehind(active));
      const evidence = evidenceOfAll.filter(({ path }) => undecided.some((active) => active.path === path));
      for (const [index, decision] of decide(evidence, this.#processes.known).entries()) {
        const active = undecided[index];
        if (active === undefined || decision.kind === "not_ours" || decision.kind === "wait") continue;
        if (decision.kind === "ambiguous") ambiguous++;
        else if (this.#claims.take(active.path) || decision.by !== "only_candidate")
          conversations.push(this.#join(active, decision.by, decision.pid));
      }
    }
    const lines = [...this.#joined.values()].flatMap((joined) => this.#read(joined, last));
    return { conversations, lines, ambiguous };
  }

  /** Lets other spoors have what we claimed. */
  close(): void {
    this.#claims.close();
  }

  /** Whether there is anything to find for a command that ended before the first look, as most shell commands do. */
  #hasWritten(): boolean {
    this.#transcripts.look(this.#look, this.#isThorough(true));
    return this.#transcripts.active.size > 0;
  }

  #isThorough(last: boolean): boolean {
    if (!last && (!this.#hasEnded || this.#nowMs() - this.#thoroughMs < THOROUGH_EVERY_MS)) return false;
    this.#thoroughMs = this.#nowMs();
    return true;
  }

  /** The command's script may have set CLAUDE_CONFIG_DIR, CODEX_HOME or HOME for the agent. */
  #findFolders(): void {
    for (const { agent, env } of this.#processes.agents()) {
      const adapter = this.#options.adapters.find(({ name }) => name === agent);
      if (adapter === undefined || env === undefined) continue;
      this.#transcripts.addFolders(adapter, env, env["HOME"] || this.#options.home);
    }
  }

  #undecided(adapter: AgentSite): Active[] {
    return [...this.#transcripts.active.values()].filter(
      (active) => active.adapter === adapter && !this.#joined.has(active.path),
    );
  }

  /**
   * Whether the conversation goes on in another file. Gemini CLI, resuming one of an earlier minute, begins a
   * file of that conversation, leaves it, and goes on in the old one.
   */
  #isLeftBehind(active: Active): boolean {
    const id = this.#gatherer.identityOf(active.path)?.conversationId;
    const grown = ({ bytes, priorBytes }: Active): number => bytes - priorBytes;
    return (
      id !== undefined &&
      [...this.#transcripts.active.values()].some(
        (other) =>
          other.adapter === active.adapter &&
          other.path !== active.path &&
          this.#gatherer.identityOf(other.path)?.conversationId === id &&
          grown(other) > grown(active),
      )
    );
  }

  #join(active: Active, joinedBy: JoinedBy, pid: number | undefined): FoundLive {
    const { adapter, path, priorBytes } = active;
    const files: SourceFile[] = [];
    const followers: Follower[] = [];
    const found: FoundLive = {
      adapter,
      conversationId: this.#gatherer.identityOf(path)?.conversationId,
      path,
      cwd: this.#gatherer.cwdOf(path),
      joinedBy,
      pid,
      isCommand: this.#isCommand(adapter.name, pid),
      priorBytes,
      files,
      earlierLines: () =>
        files
          .map((file, sourceIndex) => ({
            file,
            sourceIndex,
            lines: [...(followers[sourceIndex]?.history() ?? [])],
          }))
          .filter(({ lines }) => lines.length > 0),
    };
    const joined: Joined = { found, files, followers };
    this.#joined.set(path, joined);
    this.#addFiles(joined);
    return found;
  }

  #isCommand(agent: AgentName, pid: number | undefined): boolean {
    if (this.#options.agent !== undefined && this.#options.agent !== agent) return false;
    const agents = this.#processes.agents();
    const own = agents.find((seen) => (pid === undefined ? seen.agent === agent : seen.pid === pid));
    const withConversation = new Set([...this.#joined.values()].map(({ found }) => found.pid));
    for (let above: Seen | undefined = own?.parent; above !== undefined; above = above.parent)
      if ((above.agent !== undefined && above.agent !== agent) || withConversation.has(above.pid))
        return false;
    return true;
  }

  /** The conversation's files in the adapter's order, each with its own lasting index. */
  #addFiles({ found, files, followers }: Joined): number[] {
    return found.adapter.filesOf(found.path, listFolder).map((file) => {
      const known = files.findIndex(({ path }) => path === file.path);
      if (known !== -1) return known;
      followers.push(follow(file.path, this.#transcripts.priorBytesOf(file.path, found.path)));
      return files.push(file) - 1;
    });
  }

  #read(joined: Joined, last: boolean): LiveLines[] {
    return this.#addFiles(joined).flatMap((sourceIndex): LiveLines[] => {
      const file = joined.files[sourceIndex];
      const read = joined.followers[sourceIndex]?.read(last);
      if (file === undefined || read === undefined) return [];
      const isEmpty = read.lines.length + read.malformed + read.overlong + read.torn === 0;
      return isEmpty ? [] : [{ conversation: joined.found, file, sourceIndex, ...read }];
    });
  }
}
