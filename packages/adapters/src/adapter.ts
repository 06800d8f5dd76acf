/**
 * What an adapter is: one agent's way of being started, of storing, of telling.
 *
 * Each adapter is a folder with the same files: `detect.ts` (is this command, or this file, that agent's?),
 * `locate.ts` (where it writes), `site.ts` (the two together) and `parse.ts` (its lines to events). Adapters never import one
 * another; what they share is beside them.
 */

import type { Pointers, Timestamp, TurnStatus, Usage } from "@spoor/trace";
import type { Event } from "./event.ts";

export type AgentName =
  | "claude-code"
  | "codex"
  | "gemini-cli"
  | "opencode"
  | "copilot-cli"
  | "cursor"
  | "aider"
  | "plain";

export type Env = Readonly<Record<string, string | undefined>>;

/** What a command line shows of the agent it starts. */
export interface Detection {
  agent: AgentName;
  /** Its stdout is a JSON stream that `parse.ts` understands. */
  jsonStream: boolean;
  /** It stores a transcript that `locate.ts` finds. */
  writesTranscript: boolean;
}

export type SourceKind = "transcript" | "stream";

/** What the first lines of a file show. */
export interface FileIdentity {
  agent: AgentName;
  kind: SourceKind;
  conversationId?: string;
  cwd?: string;
  /** Codex writes the trace id it was given (`TRACEPARENT`): the surest join. */
  traceId?: string;
  parentConversationId?: string;
}

/** A file that belongs to a conversation. */
export interface SourceFile {
  path: string;
  /** Path below the agent's session folder; see `Source.name` in @spoor/trace. */
  name: string;
  kind: SourceKind;
}

/** An agent from outside: how it is started, and where it writes. Reading what it writes is an `Adapter`'s. */
export interface AgentSite {
  name: AgentName;
  /** Whether this command line starts the agent; argv shows nothing else. */
  detectCommand(command: readonly string[], env: Env): Detection | undefined;
  /** Whether a file holds this agent's lines, told by its first parsed lines (at most some dozens). */
  detectFile(path: string, firstRecords: readonly JsonObject[]): FileIdentity | undefined;
  /** Folders under which the agent stores its sessions, whether or not they exist. */
  sessionFolders(env: Env, home: string): string[];
  /** Whether a file below a session folder is the main transcript of a conversation; a look at the name only. */
  isTranscript(path: string): boolean;
  /** All files of the conversation whose main transcript is `path`, that one first. `list` reads a folder; a missing one is empty. */
  filesOf(path: string, list: (folder: string) => string[]): SourceFile[];
  /** The conversation that the process `pid` has open, where the agent keeps such a note. */
  conversationOfProcess?(
    pid: number,
    env: Env,
    home: string,
    read: (path: string) => string | undefined,
  ): string | undefined;
  /** Where the conversation ran, where that stands beside its transcript and not in it. */
  workingDirectoryOf?(transcript: string, read: (path: string) => string | undefined): string | undefined;
}

export interface Adapter extends AgentSite {
  createParser(): Parser;
}

export type JsonObject = Record<string, unknown>;

/** One line of a source, already parsed. Lines of one source come in order. */
export interface SourceLine {
  /** Index into `capture.sources`. */
  source: number;
  sourceName: string;
  kind: SourceKind;
  /** 1-based. */
  line: number;
  value: JsonObject;
  /**
   * When the line was seen, for streams whose lines have no time of their own; of a stored stream the
   * earliest time it can have.
   */
  observedAt: Timestamp;
}

/** Reads the lines of one conversation, whatever the number of its files. Keeps state; never throws for what a line contains. */
export interface Parser {
  read(line: SourceLine): Event[];
  /**
   * Writes what stood open as it stands. `quiet`: nothing came for two seconds; `stop`: nothing more will
   * come, so a turn without an end is ended with what is known.
   */
  flush(at: "quiet" | "stop"): Event[];
  /**
   * What was read so far belongs to an earlier trace: numbering goes on, but no prompt from here on extends
   * a call of before, and what stood open is let go. `Conversation.resume` does it.
   */
  resume(): void;
  readonly facts: ConversationFacts;
}

/** What a conversation says about itself; grows as lines are read. */
export interface ConversationFacts {
  conversationId?: string | undefined;
  parentConversationId?: string | undefined;
  agentVersion?: string | undefined;
  cwd?: string | undefined;
  resumed?: boolean | undefined;
  /** Only what the agent itself wrote down: commit, branch, remote, pull request. */
  pointers: Pointers;
  /** What the agent says the conversation has cost so far, US dollars, sub-agents included. */
  reportedCostUsd?: number | undefined;
  /** What the agent says all its calls used, where single calls show less (Claude's stdout stream). */
  reportedUsage?: Usage | undefined;
  /** How the latest turn ended, for one who must say how the whole did. */
  lastTurnStatus?: TurnStatus | undefined;
  firstTime?: Timestamp | undefined;
  lastTime?: Timestamp | undefined;
  /** Line types this parser does not know, by name: passed over, counted. */
  unknownTypes: Record<string, number>;
}
