/**
 * One thread of model calls: which input belongs to which call, and when a call is complete.
 *
 * Agents write lines; a trace has calls. An answer comes in several lines, results come between them, usage
 * comes late. This builder takes the lines' meanings in order and emits each record when it is known: the
 * prompt at the first answer line, the tool call at once, the completion at the first of: all its tool
 * results seen, the next call of the thread, a flush. What comes after that is an amendment.
 *
 * It is strictly incremental: the events of a prefix of the lines are a prefix of the events of all of them,
 * which is what makes importing a part and then the whole the same as importing the whole.
 */

import type { DurationBasis, Message, Part, Timestamp, ToolResult, Usage } from "@spoor/trace";
import { type Answer, mergeAnswer } from "./answer.ts";
import { decisionOfAnswer, decisionsOfTool, type DerivedDecision } from "./decisions.ts";
import type { Event, From, SpanKey } from "./event.ts";
import { present } from "./json.ts";
import { newIn, type Setup, type SetUpCalls, withSetup } from "./setup.ts";
import { identifyTool } from "./tools.ts";

export interface ToolCallFacts {
  id: string;
  name: string;
  arguments: unknown;
  server?: string | undefined;
  executor?: "agent" | "provider" | undefined;
}

export interface ToolResultFacts extends Partial<
  Pick<ToolResult, "error" | "error_basis" | "exit_code" | "duration_ms" | "duration_basis" | "permission">
> {
  id: string;
  status: ToolResult["status"];
  result?: unknown;
  errorMessage?: string | undefined;
  resultBytes?: number | undefined;
}

export type { Answer } from "./answer.ts";

/** Where and when a line was. */
export interface At {
  time: Timestamp;
  from: From;
}

/** A model call that is being put together, or was. */
export interface Call {
  span: SpanKey;
  /** Of all its records: what is told in a later turn still belongs to the turn that asked. */
  parent: SpanKey | undefined;
  /** System text and tools it was asked with. */
  setup: Setup;
  startTime: Timestamp;
  last: At;
  parts: Part[];
  answer: Answer;
  /** Tool calls without a result yet. */
  awaiting: Set<string>;
  calledTools: boolean;
  /** The record is written; what changes now is an amendment. */
  written: boolean;
  /** Something was answered: a request that failed adds no message. */
  answered: boolean;
  /** The written record's usage is a lower bound. */
  partial: boolean;
  messagesBefore: number | undefined;
  /** It stands in another trace, where no prompt of this one can follow. */
  elsewhere: boolean;
}

interface OpenTool {
  name: string;
  parent: SpanKey | undefined;
  arguments: unknown;
  time: Timestamp;
  call: Call | undefined;
}

export type RestartReason = "start" | "fork" | "compaction" | "resume" | "rewind";

export class Thread {
  readonly #emit: (event: Event) => void;
  readonly #parent: () => SpanKey | undefined;
  readonly #setUpCalls: SetUpCalls<Call>;
  readonly #calls = new Map<string, Call>();
  readonly #openTools = new Map<string, OpenTool>();
  readonly #calledTools = new Set<string>();
  readonly #endedTools = new Set<string>();
  /** Results that were written before the line that holds their call, as Claude Code does with fast tools. */
  readonly #earlyResults = new Map<string, { at: At; facts: ToolResultFacts; input: boolean }>();
  #open: Call | undefined;
  #pending: Message[] = [];
  #lastInput: Timestamp | undefined;
  #setup: Setup = {};
  #base: { call: Call; keptMessages?: number | undefined } | undefined;
  #reason: RestartReason | undefined = "start";
  #complete = true;
  /** Whether the next prompt's messages are all known, though its system text may not be. */
  #counted = true;
  #lastText: string | undefined;

  /**
   * @param parent The span that this thread's calls and tools belong to at the moment: the turn, or the sub-agent.
   * @param setUpCalls The calls of all threads of the conversation.
   */
  constructor(emit: (event: Event) => void, parent: () => SpanKey | undefined, setUpCalls: SetUpCalls<Call>) {
    this.#emit = emit;
    this.#parent = parent;
    this.#setUpCalls = setUpCalls;
  }

  /** The latest call, open or not. */
  get lastCall(): string | undefined {
    return (this.#open ?? this.#base?.call)?.span.key;
  }

  /** Whether a call or a tool still stands open. */
  get busy(): boolean {
    return this.#open !== undefined || this.#openTools.size > 0;
  }

  /** Whether a tool call of the thread has no result yet. */
  get waitsForTools(): boolean {
    return this.#openTools.size > 0;
  }

  isToolOpen(id: string): boolean {
    return this.#openTools.has(id);
  }

  /** A message that becomes part of the next call's prompt. */
  input(role: Message["role"], parts: Part[], time: Timestamp): void {
    if (parts.length > 0) this.#pending.push({ role, parts });
    this.#lastInput = time;
  }

  /** A new prompt was given, though the source may not show it: no call from here on began before. */
  prompted(time: Timestamp): void {
    this.#lastInput = time;
  }

  /** The system text and the tools of the calls from here on; undefined leaves what is known. */
  setUp(system: string | Part[] | undefined, tools?: unknown[]): void {
    this.#setup = withSetup(this.#setup, system, tools);
  }

  /** The source does not show all of the prompts from here on. */
  incomplete(): void {
    this.#complete = false;
    this.#counted = false;
  }

  /** The source shows all messages from here on, but neither the system text nor the tools. */
  withoutSystem(): void {
    this.#complete = false;
  }

  /** The next prompt extends no earlier call. */
  restart(reason: RestartReason, options: { complete: boolean; dropPending?: boolean }): void {
    this.#finishOpen();
    this.#base = undefined;
    this.#reason = reason;
    this.#complete = options.complete;
    this.#counted = options.complete;
    if (options.dropPending === true) this.#pending = [];
    if (reason !== "resume") return;
    for (const call of this.#calls.values()) call.elsewhere = true;
    this.#setUpCalls.forget();
  }

  /** The next prompt extends an earlier call, or a part of it: the user went back. */
  rewind(callKey: string, keptMessages: number | undefined): void {
    this.#finishOpen();
    const call = this.#calls.get(callKey);
    if (call === undefined || call.elsewhere) {
      this.restart("rewind", { complete: false, dropPending: true });
      return;
    }
    this.#base = { call, keptMessages };
    this.#reason = "rewind";
    this.#pending = [];
  }

  /** Of what was said since the latest call only the first `count` messages stay. */
  keepPending(count: number): void {
    this.#pending = this.#pending.slice(0, count);
  }

  /** How many messages the conversation has after `callKey`, where known: what `rewind` may keep. */
  lengthAfter(callKey: string): number | undefined {
    const call = this.#calls.get(callKey);
    return call === undefined || call.elsewhere ? undefined : lengthAfter(call);
  }

  /** A line of the answer of the call `key`; the first one opens the call and writes its prompt. */
  answer(key: string, at: At, parts: Part[], facts: Answer): void {
    const call = this.#calls.get(key) ?? this.#begin(key, at, facts);
    const changed = mergeAnswer(call.answer, facts);
    call.last = at.time > call.last.time ? at : { ...call.last, from: at.from };
    call.answered ||= parts.length > 0;
    for (const part of parts) {
      if (part.type === "text") this.#lastText = (part as { content: string }).content;
      if (part.type === "tool_call") {
        const { id } = part as { id: string };
        // A provider-side call may have its result before its part of the answer is given.
        if (!this.#calledTools.has(id) || this.#openTools.has(id)) call.awaiting.add(id);
        call.calledTools = true;
      }
    }
    if (call.written) {
      if (parts.length > 0 || changed) this.#amend(call, at, parts);
    } else call.parts.push(...parts);
  }

  /** What became known of a call after its answer lines: usage, ids. Does nothing for a call never seen. */
  learn(key: string, at: At, facts: Answer): void {
    const call = this.#calls.get(key);
    if (call === undefined) return;
    if (mergeAnswer(call.answer, facts) && call.written) this.#amend(call, undefined, [], at);
  }

  /** A tool call; its part of the answer must be given to `answer` as well, before or after. */
  toolCall(at: At, { id, name, arguments: args, server, executor }: ToolCallFacts): void {
    if (this.#calledTools.has(id)) return;
    this.#calledTools.add(id);
    const identity = identifyTool(name);
    const call = this.#open;
    const parent = this.#parent();
    this.#openTools.set(id, { name, parent, arguments: args, time: at.time, call });
    this.#emit({
      type: "tool_call",
      span: { kind: "tool", key: id },
      ...this.#parentField(),
      ...at,
      name,
      call_id: id,
      kind: server === undefined ? identity.kind : "mcp",
      ...present({ server: server ?? identity.server, executor }),
      ...(args === undefined ? {} : { content: { arguments: args } }),
    });
    const early = this.#earlyResults.get(id);
    if (early !== undefined) {
      this.#earlyResults.delete(id);
      this.#endTool(early.at, early.facts, early.input);
    }
  }

  /**
   * A tool result, which is also input to the next call.
   *
   * @param options.input false where the result does not go back to the model as a message of its own.
   */
  toolResult(at: At, facts: ToolResultFacts, options: { input: boolean } = { input: true }): void {
    const { id } = facts;
    // Told again: a tool has one result.
    if (this.#endedTools.has(id) || this.#earlyResults.has(id)) return;
    if (this.#calledTools.has(id)) this.#endTool(at, facts, options.input);
    else this.#earlyResults.set(id, { at, facts, input: options.input });
  }

  #endTool(at: At, facts: ToolResultFacts, isInput: boolean): void {
    const { id, status, result, errorMessage, resultBytes, ...fields } = facts;
    const tool = this.#openTools.get(id);
    this.#openTools.delete(id);
    this.#endedTools.add(id);
    if (isInput) this.input("tool", [{ type: "tool_call_response", id }], at.time);
    const reported = fields.duration_ms;
    const lines = tool === undefined ? undefined : elapsedMs(tool.time, at.time);
    const basis: DurationBasis | undefined =
      reported === undefined ? (lines === undefined ? undefined : "lines") : "reported";
    this.#emit({
      type: "tool_result",
      span: { kind: "tool", key: id },
      ...(tool === undefined ? this.#parentField() : present({ parent: tool.parent })),
      ...at,
      name: tool?.name ?? "unknown",
      call_id: id,
      status,
      ...present({
        ...fields,
        duration_ms: reported ?? lines,
        duration_basis: fields.duration_basis ?? basis,
        result_bytes: resultBytes ?? sizeOf(result),
      }),
      ...contentField({ result, error_message: errorMessage }),
    });
    if (status === "ok" && tool !== undefined)
      for (const [index, decision] of decisionsOfTool(tool.name, tool.arguments).entries())
        this.decision(at, `${id}${index === 0 ? "" : `#${index}`}`, decision);
    const call = tool?.call;
    call?.awaiting.delete(id);
    if (call !== undefined && call === this.#open && call.calledTools && call.awaiting.size === 0)
      this.#finishOpen();
  }

  /** A point on the thread's parent span. */
  event(
    at: At,
    key: string,
    name: string,
    fields: Record<string, unknown>,
    content?: Record<string, unknown>,
  ): void {
    this.#emit({
      type: "event",
      span: { kind: "point", key },
      ...this.#parentField(),
      ...at,
      name,
      fields: present(fields),
      ...(content === undefined ? {} : { content: present(content) }),
    });
  }

  decision(at: At, key: string, { reasoning, ...decision }: DerivedDecision): void {
    this.#emit({
      type: "decision",
      span: { kind: "point", key: `decision:${key}` },
      ...this.#parentField(),
      ...at,
      ...decision,
      ...(reasoning === undefined ? {} : { content: { reasoning } }),
    });
  }

  /** The open call is written as it stands; at a stop also results whose call never came. */
  flush(when: "quiet" | "stop"): void {
    this.#finishOpen();
    if (when === "quiet") return;
    for (const { at, facts, input } of this.#earlyResults.values()) this.#endTool(at, facts, input);
    this.#earlyResults.clear();
  }

  /** The turn is over: the open call is written, and an answer that is a verdict becomes a decision. */
  endTurn(at: At, key: string): void {
    this.#finishOpen();
    const decision = this.#lastText === undefined ? undefined : decisionOfAnswer(this.#lastText);
    if (decision !== undefined) this.decision(at, key, decision);
    this.#lastText = undefined;
  }

  #begin(key: string, at: At, facts: Answer): Call {
    this.#finishOpen();
    const span: SpanKey = { kind: "model", key };
    const startTime = this.#lastInput !== undefined && this.#lastInput < at.time ? this.#lastInput : at.time;
    const base = this.#base;
    const before = this.#counted
      ? base === undefined
        ? 0
        : (base.keptMessages ?? lengthAfter(base.call))
      : undefined;
    const messages = before === undefined ? undefined : before + this.#pending.length;
    const setup = this.#setup;
    const setUpLike = base === undefined ? this.#setUpCalls.find(setup) : undefined;
    const { system, tools } = newIn(setup, (base?.call ?? setUpLike)?.setup);
    const input = present({
      messages,
      base: (base?.call ?? setUpLike)?.span,
      base_messages: setUpLike === undefined ? base?.keptMessages : 0,
      reason: this.#reason,
      complete: this.#complete ? undefined : false,
    });
    this.#emit({
      type: "prompt",
      span,
      ...this.#parentField(),
      time: startTime,
      from: at.from,
      ...present({ model: facts.model, provider: facts.provider, parameters: facts.parameters }),
      input,
      ...contentField({
        system,
        messages: this.#pending.length === 0 ? undefined : this.#pending,
        tools: tools === undefined ? undefined : this.#setUpCalls.shorten(tools),
      }),
    });
    const call: Call = {
      span,
      parent: this.#parent(),
      setup,
      startTime,
      last: at,
      parts: [],
      answer: {},
      awaiting: new Set(),
      calledTools: false,
      written: false,
      answered: false,
      partial: false,
      messagesBefore: messages,
      elsewhere: false,
    };
    this.#calls.set(key, call);
    this.#setUpCalls.add(call);
    this.#open = call;
    this.#pending = [];
    this.#complete = true;
    this.#counted = true;
    this.#reason = undefined;
    return call;
  }

  #finishOpen(): void {
    const call = this.#open;
    if (call === undefined) return;
    this.#open = undefined;
    call.written = true;
    const fields = completionFields(call);
    call.partial = fields.usage?.partial !== undefined;
    const { parts } = call;
    call.parts = [];
    this.#emit({
      type: "completion",
      span: call.span,
      ...present({ parent: call.parent }),
      ...call.last,
      ...fields,
      status: call.answer.status ?? "ok",
      ...contentField({
        messages: parts.length === 0 ? undefined : [{ role: "assistant", parts }],
        error_message: call.answer.errorMessage,
      }),
    });
    this.#base = { call };
  }

  #amend(call: Call, answered: At | undefined, parts: Part[], at: At | undefined = answered): void {
    // What is learnt of a call in another trace has no place in this one.
    if (at === undefined || call.elsewhere) return;
    const fields = completionFields(call);
    // An amendment merges key by key: what was a lower bound says in so many words that it is none any more.
    if (call.partial && fields.usage !== undefined) fields.usage.partial ??= [];
    this.#emit({
      type: "amend",
      of: "completion",
      span: call.span,
      ...present({ parent: call.parent }),
      ...at,
      fields,
      ...contentField({
        messages: parts.length === 0 ? undefined : [{ role: "assistant", parts }],
        error_message: call.answer.errorMessage,
      }),
    });
  }

  #parentField(): { parent?: SpanKey } {
    const parent = this.#parent();
    return parent === undefined ? {} : { parent };
  }
}

/** An answer is one message, however many lines it took. */
function lengthAfter(call: Call): number | undefined {
  return call.messagesBefore === undefined ? undefined : call.messagesBefore + (call.answered ? 1 : 0);
}

function completionFields(
  call: Call,
): { duration_ms: number; duration_basis: DurationBasis; usage?: Usage } & Record<string, unknown> {
  const { answer } = call;
  const usage = answer.usage === undefined ? undefined : { ...answer.usage };
  // An answer that names why it stopped has been read to its end.
  if (answer.finishReason !== undefined) delete usage?.partial;
  return {
    ...present({
      model: answer.model,
      response_id: answer.responseId,
      finish_reasons: answer.finishReason === undefined ? undefined : [answer.finishReason],
      status: answer.status,
      error: answer.error,
    }),
    duration_ms: elapsedMs(call.startTime, call.last.time),
    duration_basis: "lines",
    ...present({ time_to_first_token_ms: answer.timeToFirstTokenMs, usage, cost: answer.cost }),
  } as never;
}

function contentField<T extends object>(
  content: T,
): { content?: { [K in keyof T]?: Exclude<T[K], undefined> } } {
  const kept = present(content);
  return Object.keys(kept).length === 0 ? {} : { content: kept };
}

/** Bytes of a result as the agent saw it; of structured ones the bytes of their JSON. */
function sizeOf(result: unknown): number | undefined {
  if (result === undefined) return undefined;
  try {
    return Buffer.byteLength(typeof result === "string" ? result : JSON.stringify(result));
  } catch {
    // Nested too deep to measure.
    return undefined;
  }
}

function elapsedMs(from: Timestamp, to: Timestamp): number {
  return Math.max(0, Date.parse(to) - Date.parse(from));
}
