/**
 * What a program holds while it records itself: a turn, a model call, a tool that runs, a sub-agent. Made by
 * a trace (start-trace.ts) or by one another; each writes its record the moment it is told.
 */

import { identifyTool, type SpanKey, type ToolIdentity } from "@spoor/adapters";
import type { Agent, Cost, Usage, Verdict } from "@spoor/trace";
import { type AskedTool, type MessageInput, PromptHistory } from "./prompt-history.ts";
import type { Recording } from "./recording.ts";

/** What all scopes share: where to write, and what time it is. */
export interface Context {
  recording: Recording | undefined;
  time: () => string;
  nextKey: (kind: string) => string;
}

/** What a model call is given. */
export interface PromptFacts {
  model: string;
  /** openai, anthropic, gcp.gemini …: the GenAI conventions' provider names. */
  provider?: string;
  /** All messages of the call, as they are sent; what an earlier call already had is written only once. */
  messages: readonly MessageInput[];
  system?: string;
  /** The tool definitions, as they are sent. */
  tools?: readonly unknown[];
  /** temperature, max_tokens … */
  parameters?: Record<string, unknown>;
  /** 1, 2, … where a failed call is tried again. */
  attempt?: number;
}

/** What a model answered. */
export interface CompletionFacts {
  /** The answer's text; or `message`, where it has other parts as well. */
  text?: string;
  message?: MessageInput;
  /** Inclusive counts: input with its cached part, output with its reasoning. */
  usage?: Usage;
  /** US dollars, as the provider says. */
  costUsd?: number;
  finishReason?: string;
  responseId?: string;
  /** Where the answer names another model than was asked for. */
  model?: string;
  timeToFirstTokenMs?: number;
}

export interface ToolOptions {
  /** The id the model gave to the call. @default a number of our own */
  id?: string;
  /** The MCP server. */
  server?: string;
}

export interface ResultOptions {
  /** Anything but 0 makes the result an error. */
  exitCode?: number;
  /** Measured by the tool itself, milliseconds. @default from the call to this moment */
  durationMs?: number;
}

/** Something that calls models and tools: a trace, a turn, or a sub-agent. */
export class Scope {
  protected readonly context: Context;
  protected readonly span: SpanKey;
  protected readonly history: PromptHistory;

  constructor(context: Context, span: SpanKey, history: PromptHistory) {
    this.context = context;
    this.span = span;
    this.history = history;
  }

  /** A model is asked. Call `completion` or `fail` on what this returns. */
  prompt(facts: PromptFacts): ModelCall {
    this.tellUnrun();
    const key: SpanKey = { kind: "model", key: this.context.nextKey("model") };
    const time = this.context.time();
    const { input, content } = this.history.prompt(key, facts);
    const { model, provider, parameters, attempt } = facts;
    this.context.recording?.write({
      type: "prompt",
      span: key,
      parent: this.span,
      time,
      model,
      ...(provider === undefined ? {} : { provider }),
      ...(parameters === undefined ? {} : { parameters }),
      ...(attempt === undefined ? {} : { attempt }),
      input,
      content,
    });
    return new ModelCall(this.context, key, this.span, time, this.history);
  }

  /** A tool is called. Call `result`, `fail`, `deny` or `cancel` on what this returns. */
  tool(name: string, args?: unknown, options: ToolOptions = {}): ToolRun {
    const id = this.history.runs(name, options.id) ?? this.context.nextKey("tool");
    const key: SpanKey = { kind: "tool", key: id };
    const time = this.context.time();
    const identity: ToolIdentity =
      options.server === undefined ? identifyTool(name) : { kind: "mcp", server: options.server };
    this.#tellCall(key, time, { id, name, arguments: args }, identity);
    return new ToolRun(this.context, key, this.span, { name, id, time });
  }

  /** Calls that the model asked for and the program did not run: they were made, and have no result. */
  protected tellUnrun(): void {
    for (const asked of this.history.takeUnrun())
      this.#tellCall({ kind: "tool", key: asked.id }, this.context.time(), asked, identifyTool(asked.name));
  }

  #tellCall(span: SpanKey, time: string, asked: AskedTool, identity: ToolIdentity): void {
    const { id, name, arguments: args } = asked;
    this.context.recording?.write({
      type: "tool_call",
      span,
      parent: this.span,
      time,
      name,
      call_id: id,
      ...identity,
      ...(args === undefined ? {} : { content: { arguments: args } }),
    });
  }

  /** Something that happened at this moment: `compaction`, `retry`, `plan`, or a name of your own. */
  event(name: string, fields: Record<string, unknown> = {}, content?: Record<string, unknown>): void {
    this.context.recording?.write({
      type: "event",
      span: { kind: "point", key: this.context.nextKey("point") },
      parent: this.span,
      time: this.context.time(),
      name,
      fields,
      ...(content === undefined ? {} : { content }),
    });
  }

  /** What the agent decided, for people to be able to agree or not. */
  decision(
    verdict: Verdict,
    options: { reasoning?: string; confidence?: number; changeUrl?: string; headRevision?: string } = {},
  ): void {
    const { reasoning, confidence, changeUrl, headRevision } = options;
    const subject = {
      ...(changeUrl === undefined ? {} : { change_url: changeUrl }),
      ...(headRevision === undefined ? {} : { head_revision: headRevision }),
    };
    this.context.recording?.write({
      type: "decision",
      span: { kind: "point", key: this.context.nextKey("point") },
      parent: this.span,
      time: this.context.time(),
      verdict,
      basis: "declared",
      ...(Object.keys(subject).length === 0 ? {} : { subject }),
      ...(confidence === undefined ? {} : { confidence }),
      ...(reasoning === undefined ? {} : { content: { reasoning } }),
    });
  }

  /**
   * A figure about this run, for instance of an evaluation.
   *
   * @param name `id@version`, so that figures of different versions are not mixed.
   */
  score(name: string, value: number, options: { label?: string; explanation?: string } = {}): void {
    const { label, explanation } = options;
    this.context.recording?.write({
      type: "score",
      span: { kind: "point", key: this.context.nextKey("point") },
      parent: this.span,
      time: this.context.time(),
      name,
      value,
      ...(label === undefined ? {} : { label }),
      ...(explanation === undefined ? {} : { content: { explanation } }),
    });
  }
}

/** One prompt of the user, to the agent's answer. */
export class TurnHandle extends Scope implements Disposable {
  readonly #number: number;
  readonly #startTime: string;
  #ended = false;

  /** @internal Made by `TraceHandle.turn`. */
  constructor(context: Context, span: SpanKey, history: PromptHistory, number: number, startTime: string) {
    super(context, span, history);
    this.#number = number;
    this.#startTime = startTime;
  }

  /** Ends it; what was ended already stays as it was. */
  end(status: "success" | "error" | "interrupted"): void {
    this.#end(status);
  }

  /** Left without an end: `unknown`, for nobody said how it went. */
  [Symbol.dispose](): void {
    this.#end("unknown");
  }

  #end(status: "success" | "error" | "interrupted" | "unknown"): void {
    if (this.#ended) return;
    this.#ended = true;
    this.tellUnrun();
    const time = this.context.time();
    this.context.recording?.write({
      type: "turn_end",
      span: this.span,
      time,
      turn: this.#number,
      status,
      duration_ms: elapsedMs(this.#startTime, time),
    });
  }
}

/** A sub-agent: a thread of model calls of its own, below the tool call that started it. */
export class AgentHandle extends Scope implements Disposable {
  readonly #parent: SpanKey;
  #ended = false;

  /** @internal Made by `ToolRun.agent`. */
  constructor(context: Context, span: SpanKey, parent: SpanKey) {
    super(context, span, new PromptHistory());
    this.#parent = parent;
  }

  /** Ends it; what was ended already stays as it was. */
  end(status: "success" | "error" | "interrupted"): void {
    this.#end(status);
  }

  /** Left without an end: `unknown`, for nobody said how it went. */
  [Symbol.dispose](): void {
    this.#end("unknown");
  }

  #end(status: "success" | "error" | "interrupted" | "unknown"): void {
    if (this.#ended) return;
    this.#ended = true;
    this.tellUnrun();
    this.context.recording?.write({
      type: "agent_end",
      span: this.span,
      parent: this.#parent,
      time: this.context.time(),
      status,
    });
  }
}

/** A model that has been asked and has not answered yet. */
export class ModelCall {
  readonly #context: Context;
  readonly #span: SpanKey;
  readonly #parent: SpanKey;
  readonly #startTime: string;
  readonly #history: PromptHistory;
  #answered = false;

  /** @internal Made by `prompt`. */
  constructor(context: Context, span: SpanKey, parent: SpanKey, startTime: string, history: PromptHistory) {
    this.#context = context;
    this.#span = span;
    this.#parent = parent;
    this.#startTime = startTime;
    this.#history = history;
  }

  /** The model answered. */
  completion(facts: CompletionFacts): void {
    const { text, message, usage, costUsd, finishReason, responseId, model, timeToFirstTokenMs } = facts;
    const answer: MessageInput | undefined =
      message ?? (text === undefined ? undefined : { role: "assistant", content: text });
    const messages = answer === undefined ? undefined : [this.#history.answer(this.#span, answer)];
    const cost: Cost | undefined = costUsd === undefined ? undefined : { usd: costUsd, basis: "reported" };
    this.#end("ok", {
      ...(model === undefined ? {} : { model }),
      ...(responseId === undefined ? {} : { response_id: responseId }),
      ...(finishReason === undefined ? {} : { finish_reasons: [finishReason] }),
      ...(timeToFirstTokenMs === undefined ? {} : { time_to_first_token_ms: timeToFirstTokenMs }),
      ...(usage === undefined ? {} : { usage }),
      ...(cost === undefined ? {} : { cost }),
      ...(messages === undefined ? {} : { content: { messages } }),
    });
  }

  /** The request failed. `code` is the HTTP status or the provider's own word. */
  fail(error: { type: string; code?: string | number; message?: string }): void {
    const { type, code, message } = error;
    this.#end("error", {
      error: { type, ...(code === undefined ? {} : { code }) },
      ...(message === undefined ? {} : { content: { error_message: message } }),
    });
  }

  #end(status: "ok" | "error", fields: Record<string, unknown>): void {
    if (this.#answered) return;
    this.#answered = true;
    const time = this.#context.time();
    this.#context.recording?.write({
      type: "completion",
      span: this.#span,
      parent: this.#parent,
      time,
      ...fields,
      status,
      duration_ms: elapsedMs(this.#startTime, time),
      duration_basis: "observed",
    });
  }
}

/** A tool that runs. */
export class ToolRun implements Disposable {
  readonly #context: Context;
  readonly #span: SpanKey;
  readonly #parent: SpanKey;
  readonly #call: { name: string; id: string; time: string };
  #finished = false;

  /** @internal Made by `tool`. */
  constructor(
    context: Context,
    span: SpanKey,
    parent: SpanKey,
    call: { name: string; id: string; time: string },
  ) {
    this.#context = context;
    this.#span = span;
    this.#parent = parent;
    this.#call = call;
  }

  /** It came back; with an exit code other than 0 it failed. */
  result(value?: unknown, options: ResultOptions = {}): void {
    const failed = options.exitCode !== undefined && options.exitCode !== 0;
    this.#end(failed ? "error" : "ok", options, {
      ...(failed ? { error: { type: "exit_code" }, error_basis: "exit_code" } : {}),
      ...(value === undefined ? {} : { result_bytes: bytesOf(value), content: { result: value } }),
    });
  }

  /** It failed without an exit code. */
  fail(message: string, options: ResultOptions = {}): void {
    this.#end("error", options, {
      error: { type: "tool_error" },
      error_basis: "flag",
      content: { error_message: message },
    });
  }

  /** Somebody, or some rule, refused it. */
  deny(reason?: string): void {
    this.#end(
      "denied",
      {},
      {
        permission: { decision: "deny" },
        ...(reason === undefined ? {} : { content: { error_message: reason } }),
      },
    );
  }

  /** It was stopped. */
  cancel(): void {
    this.#end("cancelled", {}, {});
  }

  /** A sub-agent that this tool call starts. */
  agent(agent: Agent, options: { conversationId?: string; background?: boolean } = {}): AgentHandle {
    const span: SpanKey = { kind: "agent", key: this.#context.nextKey("agent") };
    this.#context.recording?.write({
      type: "agent_start",
      span,
      parent: this.#span,
      time: this.#context.time(),
      agent,
      ...(options.conversationId === undefined ? {} : { conversation_id: options.conversationId }),
      call_id: this.#call.id,
      ...(options.background === undefined ? {} : { background: options.background }),
    });
    return new AgentHandle(this.#context, span, this.#span);
  }

  /** Left without a result: `unknown`. */
  [Symbol.dispose](): void {
    this.#end("unknown", {}, {});
  }

  #end(
    status: "ok" | "error" | "denied" | "cancelled" | "unknown",
    { exitCode, durationMs }: ResultOptions,
    fields: Record<string, unknown>,
  ): void {
    if (this.#finished) return;
    this.#finished = true;
    const time = this.#context.time();
    this.#context.recording?.write({
      type: "tool_result",
      span: this.#span,
      parent: this.#parent,
      time,
      name: this.#call.name,
      call_id: this.#call.id,
      status,
      ...(exitCode === undefined ? {} : { exit_code: exitCode }),
      duration_ms: durationMs ?? elapsedMs(this.#call.time, time),
      duration_basis: durationMs === undefined ? "observed" : "reported",
      ...fields,
    });
  }
}

function elapsedMs(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from));
}

function bytesOf(value: unknown): number {
  try {
    return Buffer.byteLength(typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
  } catch {
    // A cycle, or nested too deep: its size is not known.
    return 0;
  }
}
