/**
 * All conversations of one recorded command, and which trace each goes to.
 *
 * The conversation of the agent that is the command itself belongs in the command's trace. Any other one
 * (a script that starts claude twice, `/clear`) gets a trace of its own below the command's root span.
 */

import { adapterOf, type AgentName, parseLine, type SourceFile } from "@spoor/adapters";
import type { Redactor } from "@spoor/redactor";
import {
  currentWriter,
  type InvocationStatus,
  type Link,
  newInvocationId,
  type Timestamp,
} from "@spoor/trace";
import { boundedId } from "./conversation-id.ts";
import { linksTo } from "./conversation-index.ts";
import type { FoundLive, Look } from "./discover/index.ts";
import { LineSplitter } from "./line-splitter.ts";
import { LiveConversation } from "./live-conversation.ts";
import { randomBytes } from "./random.ts";
import { type OnSecret, Recording } from "./recording.ts";
import type { Level } from "./trace-writer.ts";
import { statusOfLastTurn } from "./turn-status.ts";

export interface LiveOptions {
  /** What the command line shows the command to be. */
  agent: AgentName;
  /** The command's own process, once it runs. */
  commandPid: () => number | undefined;
  directory: string;
  level: Level;
  onSecret: OnSecret;
  /** A fresh one for each trace: what it counts is that trace's. */
  redactor: () => Redactor;
  nowMs: () => number;
}

/** Among so many traces the one is looked for that a conversation goes on from. */
const NEWEST_LOOKED_AT = 500;

const STDOUT: SourceFile = { path: "", name: "stdout", kind: "stream" };

export class LiveConversations {
  readonly #command: Recording;
  readonly #options: LiveOptions;
  readonly #byFound = new Map<FoundLive, LiveConversation>();
  /** Those with a trace of their own. */
  readonly #others: LiveConversation[] = [];
  /** The one in the command's own trace. */
  #own: LiveConversation | undefined;
  readonly #splitter = new LineSplitter();
  #streamLines = 0;

  constructor(command: Recording, options: LiveOptions) {
    this.#command = command;
    this.#options = options;
  }

  /** Whether one of them stopped in the midst of a turn. */
  get isUnderWay(): boolean {
    return this.#all().some((live) => live.isUnderWay);
  }

  /** The command's stdout is the agent's stream, and the only thing it leaves. */
  listenTo(agent: AgentName): void {
    const adapter = adapterOf(agent);
    if (adapter !== undefined) this.#own = new LiveConversation(adapter, this.#command);
  }

  /** A piece of that stream. */
  hear(chunk: Buffer): void {
    this.#hearLines(this.#splitter.push(chunk));
  }

  /** What one look has found. Never throws: what cannot be read is counted. */
  take({ conversations, lines }: Look, observedAt: Timestamp): void {
    try {
      for (const found of conversations) this.#join(found, observedAt);
      for (const read of lines) {
        const live = this.#byFound.get(read.conversation);
        if (live === undefined) continue;
        live.read(read.file, read.lines, observedAt);
        this.#linkToParent(live, read.conversation, observedAt);
        live.lose("malformed", read.malformed);
        live.lose("overlong", read.overlong);
        live.lose("torn", read.torn);
      }
    } catch {
      this.#command.lose("adapter_failed");
    }
  }

  /** To be called now and then: writes what stood open once it has been quiet long enough. */
  settle(): void {
    for (const live of this.#all()) live.settle(this.#options.nowMs());
  }

  /** Nothing more will come. */
  stop(time: Timestamp): void {
    this.#hearLines(this.#splitter.end());
    this.#command.lose("overlong", this.#splitter.lost);
    for (const live of this.#all()) live.stop(time);
  }

  /**
   * Ends the traces of all but the command itself; it alone has an exit code.
   *
   * @param end Of the command.
   */
  async end(end: { status: InvocationStatus; time: Timestamp }): Promise<void> {
    await Promise.all(
      this.#others.map((live) => live.recording.end({ ...end, status: statusBeside(end.status, live) })),
    );
  }

  /** The traces of all but the command itself. */
  get recordings(): Recording[] {
    return this.#others.map(({ recording }) => recording);
  }

  #hearLines(texts: readonly string[]): void {
    const live = this.#own;
    if (live === undefined) return;
    const observedAt = this.#now();
    for (const text of texts) {
      const parsed = parseLine(text, ++this.#streamLines);
      if (parsed?.kind === "object") live.read(STDOUT, [parsed], observedAt);
      else if (parsed !== undefined) live.lose("malformed", 1);
    }
  }

  #join(found: FoundLive, observedAt: Timestamp): void {
    const adapter = adapterOf(found.adapter.name);
    if (adapter === undefined) return;
    const isOwn = this.#own === undefined && this.#isOfCommand(found);
    const recording = isOwn ? this.#command : this.#begin(found, observedAt);
    if (recording === undefined) return;
    const live = new LiveConversation(adapter, recording);
    this.#byFound.set(found, live);
    if (isOwn) {
      this.#own = live;
      // Before its first line: a trace that breaks off here must still say whose conversation it holds.
      recording.amendStart(observedAt, { agent: { name: found.adapter.name }, ...conversationOf(found) });
    } else this.#others.push(live);
    const earlier = found.earlierLines();
    if (earlier.length === 0) return;
    for (const { file, lines } of earlier) live.readEarlier(file, lines, observedAt);
    live.goOn();
    this.#link(live, found, live.facts.conversationId, "resumes", observedAt);
  }

  /** A fork goes on with what its parent's trace has; a spawned thread's parent has only asked for it. */
  #linkToParent(live: LiveConversation, found: FoundLive, time: Timestamp): void {
    const { parentConversationId, resumed } = live.facts;
    if (live.namesParent || parentConversationId === undefined) return;
    live.namesParent = true;
    this.#link(live, found, parentConversationId, resumed === true ? "resumes" : "spawned_by", time);
  }

  #link(
    { recording }: LiveConversation,
    { adapter }: FoundLive,
    conversationId: string | undefined,
    kind: Link["kind"],
    time: Timestamp,
  ): void {
    if (conversationId === undefined) return;
    const named = { agent: adapter.name, conversationId, kind };
    recording.link(linksTo(this.#options.directory, named, NEWEST_LOOKED_AT), time);
  }

  /** Of the agent that is the command itself, and not of one that the command only starts (`npm run fix`). */
  #isOfCommand({ adapter, isCommand, pid }: FoundLive): boolean {
    return isCommand && (adapter.name === this.#options.agent || pid === this.#options.commandPid());
  }

  #begin(found: FoundLive, time: Timestamp): Recording | undefined {
    const { adapter } = found;
    const nowMs = this.#options.nowMs();
    const { directory, level, onSecret, redactor } = this.#options;
    const began = Recording.begin(
      {
        invocationId: newInvocationId(nowMs, randomBytes(10)),
        traceId: this.#command.traceId,
        parentSpanId: this.#command.rootSpanId,
        time,
        fileAgent: adapter.name,
        origin: "recorded",
        agent: this.#command.agentLike(adapter.name),
        ...conversationOf(found),
        ...this.#command.surroundings,
        writer: currentWriter(),
      },
      { directory, level, onSecret, redactor: redactor(), nowMs: this.#options.nowMs },
    );
    if (began.kind === "recording") return began.recording;
    this.#command.lose("rejected");
    return undefined;
  }

  #all(): LiveConversation[] {
    return this.#own === undefined ? this.#others : [this.#own, ...this.#others];
  }

  #now(): Timestamp {
    return new Date(this.#options.nowMs()).toISOString();
  }
}

/** The command may fail for reasons of its own; only what stopped it from outside stopped an open turn as well. */
function statusBeside(
  command: InvocationStatus,
  { facts, stoppedWithinTurn }: LiveConversation,
): InvocationStatus {
  const own = statusOfLastTurn(facts.lastTurnStatus);
  const isCutOff = stoppedWithinTurn && (own === "cancelled" || own === "unknown");
  return isCutOff && STOPPED_FROM_OUTSIDE.has(command) ? command : own;
}

const STOPPED_FROM_OUTSIDE: ReadonlySet<InvocationStatus> = new Set(["cancelled", "crashed", "timeout"]);

function conversationOf({ conversationId }: FoundLive): { conversation_id?: string } {
  return conversationId === undefined ? {} : { conversation_id: boundedId(conversationId) };
}
