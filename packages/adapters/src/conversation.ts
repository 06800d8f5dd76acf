/**
 * A conversation: its turns, its main thread, and the threads of its sub-agents.
 */

import type { AgentStart, Part, Timestamp, TurnStart, TurnStatus } from "@spoor/trace";
import type { ConversationFacts } from "./adapter.ts";
import type { Event, SpanKey } from "./event.ts";
import { asTime, present } from "./json.ts";
import { SetUpCalls } from "./setup.ts";
import { type At, type Call, Thread } from "./thread.ts";

interface Turn {
  span: SpanKey;
  number: number;
  startTime: Timestamp;
  /** The latest line that belongs to it. */
  last: At;
}

interface SubAgent {
  thread: Thread;
  span: SpanKey;
  parent: SpanKey | undefined;
  start: At;
  ended: boolean;
}

/** What an agent's record says of it, and where its span belongs when no tool call started it. */
type AgentFacts = Pick<AgentStart, "agent"> &
  Partial<Pick<AgentStart, "conversation_id" | "call_id" | "background">> & {
    parent?: "turn" | "invocation";
  };

export class Conversation {
  readonly main: Thread;
  readonly facts: ConversationFacts = { pointers: {}, unknownTypes: {} };
  readonly #agents = new Map<string, SubAgent>();
  readonly #setUpCalls = new SetUpCalls<Call>();
  readonly #earlyEnds = new Map<string, { at: At; status: TurnStatus; result: string | undefined }>();
  readonly #told = new Set<string>();
  #events: Event[] = [];
  #turn: Turn | undefined;
  #turns = 0;

  constructor() {
    this.main = new Thread(this.emit, () => this.#turn?.span, this.#setUpCalls);
  }

  /** A line may be copied into another thread's file: of each span's records the first one stands. */
  readonly emit = (event: Event): void => {
    if (event.type !== "amend") {
      const record = `${event.type} ${event.span.kind} ${event.span.key}`;
      if (this.#told.has(record)) return;
      this.#told.add(record);
    }
    this.#events.push(event);
  };

  /** The events since the last call. */
  take(): Event[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /**
   * Notes a line's time: how far the conversation has come. Its first time is that of its first line, though a
   * later line may name an earlier one: an import names its trace by it, and a part of a file must name the same.
   */
  see(time: Timestamp): void {
    const { facts } = this;
    facts.firstTime ??= time;
    if (facts.lastTime === undefined || time > facts.lastTime) facts.lastTime = time;
  }

  /** A line that belongs to the open turn. */
  touch(at: At): void {
    if (this.#turn !== undefined && at.time >= this.#turn.last.time) this.#turn.last = at;
  }

  /** Counts a line type that the parser does not know. Names are somebody else's: short, and not too many. */
  passOver(type: string): void {
    const { unknownTypes } = this.facts;
    const names = Object.keys(unknownTypes);
    const short = type.slice(0, 64);
    const name = names.includes(short) || names.length < 100 ? short : "other";
    const count = (Object.hasOwn(unknownTypes, name) ? (unknownTypes[name] ?? 0) : 0) + 1;
    Object.defineProperty(unknownTypes, name, {
      value: count,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }

  get turnOpen(): boolean {
    return this.#turn !== undefined;
  }

  get turnKey(): string | undefined {
    return this.#turn?.span.key;
  }

  /**
   * @param number Its number where the agent itself counts them: a resumed file may begin with the fifth turn.
   */
  startTurn(
    at: At,
    key: string,
    origin: TurnStart["origin"],
    prompt: string | Part[] | undefined,
    number?: number,
  ): void {
    if (this.#turn !== undefined) this.endTurn(undefined, "unknown");
    this.#turns = number ?? this.#turns + 1;
    this.#turn = { span: { kind: "turn", key }, number: this.#turns, startTime: at.time, last: at };
    this.main.prompted(at.time);
    this.emit({
      type: "turn_start",
      span: this.#turn.span,
      ...at,
      turn: this.#turns,
      ...present({ origin }),
      ...(prompt === undefined ? {} : { content: { prompt } }),
    });
  }

  /**
   * @param at Where the source says it ended; undefined: at its last line.
   * @param reported What the agent says: its own duration, its time to the first token, in milliseconds.
   */
  endTurn(
    at: At | undefined,
    status: TurnStatus,
    reported: { durationMs?: number | undefined; timeToFirstTokenMs?: number | undefined } = {},
  ): void {
    const turn = this.#turn;
    if (turn === undefined) return;
    const end = at ?? turn.last;
    this.main.endTurn(end, turn.span.key);
    this.emit({
      type: "turn_end",
      span: turn.span,
      ...end,
      // What the agent measured is surer than when it wrote so down.
      ...(reported.durationMs === undefined ? {} : { time: addMs(turn.startTime, reported.durationMs) }),
      turn: turn.number,
      status,
      duration_ms: reported.durationMs ?? Math.max(0, Date.parse(end.time) - Date.parse(turn.startTime)),
      ...present({ time_to_first_token_ms: reported.timeToFirstTokenMs }),
    });
    this.#turn = undefined;
    this.facts.lastTurnStatus = status;
  }

  /** What became known of a turn that already ended. */
  amendTurn(at: At, key: string, fields: Record<string, unknown>): void {
    this.emit({ type: "amend", of: "turn_end", span: { kind: "turn", key }, ...at, fields: present(fields) });
  }

  agent(id: string): Thread | undefined {
    return this.#agents.get(id)?.thread;
  }

  /**
   * Begins a sub-agent's span and gives its thread; the tool that started it is its parent.
   *
   * @param fields.parent Where no such tool is known. @default "turn"
   */
  startAgent(
    at: At,
    id: string,
    { parent: orphanParent = "turn", ...fields }: AgentFacts,
    prompt?: string,
  ): Thread {
    const known = this.#agents.get(id);
    if (known !== undefined) return known.thread;
    const span: SpanKey = { kind: "agent", key: id };
    const parent: SpanKey | undefined =
      fields.call_id !== undefined
        ? { kind: "tool", key: fields.call_id }
        : orphanParent === "turn"
          ? this.#turn?.span
          : undefined;
    const thread = new Thread(this.emit, () => span, this.#setUpCalls);
    this.#agents.set(id, { thread, span, parent, start: at, ended: false });
    this.emit({
      type: "agent_start",
      span,
      ...(parent === undefined ? {} : { parent }),
      ...at,
      ...fields,
      ...(prompt === undefined ? {} : { content: { prompt } }),
    });
    return thread;
  }

  /** What became known of a running sub-agent after its first line. */
  amendAgent(at: At, id: string, fields: Record<string, unknown>): void {
    const agent = this.#agents.get(id);
    if (agent === undefined) return;
    const { span, parent } = agent;
    this.emit({ type: "amend", of: "agent_start", span, ...present({ parent }), ...at, fields });
  }

  endAgent(at: At, id: string, status: TurnStatus, result?: string): void {
    const agent = this.#agents.get(id);
    if (agent === undefined) {
      // Its own lines stand in a file that is read after this one.
      this.#earlyEnds.set(id, { at, status, result });
      return;
    }
    if (agent.ended) return;
    agent.ended = true;
    agent.thread.flush("stop");
    this.emit({
      type: "agent_end",
      span: agent.span,
      ...present({ parent: agent.parent }),
      ...at,
      status,
      ...(result === undefined ? {} : { content: { result } }),
    });
  }

  /** See `Parser.resume`. */
  resume(): void {
    this.flush("stop");
    this.take();
    this.#told.clear();
    this.facts.resumed = true;
    for (const thread of [this.main, ...[...this.#agents.values()].map((agent) => agent.thread)])
      thread.restart("resume", { complete: false, dropPending: true });
  }

  /** Everything open is written as it stands; at a stop the turn ends too. */
  flush(at: "quiet" | "stop"): void {
    for (const [id, end] of this.#earlyEnds)
      if (this.#agents.has(id)) this.endAgent(end.at, id, end.status, end.result);
    this.main.flush(at);
    for (const { thread } of this.#agents.values()) thread.flush(at);
    if (at === "stop" && this.#turn !== undefined)
      this.endTurn(undefined, this.main.busy ? "interrupted" : "unknown");
  }
}

function addMs(time: Timestamp, ms: number): Timestamp {
  return asTime(Date.parse(time) + ms) ?? time;
}
