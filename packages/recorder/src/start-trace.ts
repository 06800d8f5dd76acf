/**
 * The library: a program that talks to a model itself writes its own trace.
 *
 * ```ts
 * import { startTrace } from "@spoor/recorder";
 *
 * using trace = startTrace({ agent: { name: "release-notes", version: "1.2.0" } });
 * using turn = trace.turn("Write the notes for 1.2.0");
 * const call = turn.prompt({ model: "gpt-5.5", provider: "openai", messages });
 * call.completion({ text: "…", usage: { input_tokens: 812, output_tokens: 40 }, finishReason: "tool_calls" });
 * const tool = turn.tool("shell", { command: "git log --oneline" }, { id: "call_1" });
 * tool.result("4f2c1d0 fix: …", { exitCode: 0 });
 * turn.end("success");
 * ```
 *
 * Every call writes its record at once, so a program that is killed leaves everything up to that moment.
 * Nothing here throws into the program: what cannot be written is counted, and told by the trace itself.
 * Secrets are removed before a byte is written. With `using`, what a program leaves open is closed for it.
 */

import { homedir } from "node:os";
import { INVOCATION, type SpanKey } from "@spoor/adapters";
import { createRedactor } from "@spoor/redactor";
import {
  type Agent,
  currentWriter,
  formatTraceParent,
  type InvocationId,
  type InvocationStatus,
  newInvocationId,
  parseTraceParent,
  type Pointers,
  traceDirectory,
  traceIdOf,
} from "@spoor/trace";
import { PromptHistory } from "./prompt-history.ts";
import { randomBytes } from "./random.ts";
import { type OnSecret, Recording } from "./recording.ts";
import { type Context, Scope, TurnHandle } from "./trace-scopes.ts";
import type { Level } from "./trace-writer.ts";

export interface StartTraceOptions {
  /** Who acts. `name` is free here; `role`, `team` and `attempt` group runs in summaries. */
  agent: Agent;
  /** The store. @default `SPOOR_DIR`, else the user's state folder; see docs/trace-format.md, "File" */
  directory?: string;
  /** `metadata` writes no prompt, completion, argument or result. @default "full" */
  level?: Level;
  /** @default "redact" */
  onSecret?: OnSecret;
  /** Where `TRACEPARENT`, `SPOOR_DIR` and secret values are looked for. @default process.env */
  env?: Readonly<Record<string, string | undefined>>;
  /** The agent's own id of the conversation, which may go over several traces. */
  conversationId?: string;
  /** Repository, commit, pull request, CI run: what is stored elsewhere. @default none */
  pointers?: Pointers;
  /** Milliseconds since 1970. @default Date.now */
  now?: () => number;
  /** Told once when no trace can be written; the program goes on. @default process.emitWarning */
  onWarning?: (message: string) => void;
}

/** Begins a trace and writes its first record. Never throws. */
export function startTrace(options: StartTraceOptions): TraceHandle {
  const env = options.env ?? process.env;
  const now = options.now ?? Date.now;
  const startMs = now();
  const invocationId = newInvocationId(startMs, randomBytes(10));
  const parent = parseTraceParent(env["TRACEPARENT"]);
  const directory = traceDirectory({
    flag: options.directory,
    env,
    platform: process.platform,
    home: env["HOME"] || homedir(),
  });
  const began = Recording.begin(
    {
      invocationId,
      traceId: parent?.traceId ?? traceIdOf(invocationId),
      parentSpanId: parent?.spanId,
      time: new Date(startMs).toISOString(),
      fileAgent: fileNameOf(options.agent.name),
      origin: "recorded",
      agent: options.agent,
      ...(options.conversationId === undefined ? {} : { conversation_id: options.conversationId }),
      ...(options.pointers === undefined ? {} : { pointers: options.pointers }),
      writer: currentWriter(),
    },
    {
      directory,
      level: options.level ?? "full",
      onSecret: options.onSecret ?? "redact",
      redactor: createRedactor({ env }),
      nowMs: now,
    },
  );
  if (began.kind === "refused") {
    const warn = options.onWarning ?? ((message: string) => process.emitWarning(message, "SpoorWarning"));
    warn(`no trace is written: ${began.reason}`);
  }
  return new TraceHandle(
    began.kind === "recording" ? began.recording : undefined,
    invocationId,
    parent?.sampled ?? true,
    now,
  );
}

/** A name becomes a part of a file name: letters, digits, dots and dashes. */
function fileNameOf(name: string): string {
  return (
    name
      .replaceAll(/[^A-Za-z0-9.-]+/g, "-")
      .replaceAll(/^[.-]+|-+$/g, "")
      .slice(0, 40) || "agent"
  );
}

/** A trace being written. What is made from it, or told to it directly, goes to the same file. */
export class TraceHandle extends Scope implements Disposable, AsyncDisposable {
  readonly invocationId: InvocationId;
  readonly #recording: Recording | undefined;
  readonly #sampled: boolean;
  #turns = 0;
  #end: Promise<void> | undefined;

  /** @internal Made by `startTrace`. */
  constructor(
    recording: Recording | undefined,
    invocationId: InvocationId,
    sampled: boolean,
    now: () => number,
  ) {
    let keys = 0;
    const context: Context = {
      recording,
      time: () => new Date(now()).toISOString(),
      nextKey: (kind) => `${kind}-${++keys}`,
    };
    super(context, INVOCATION, new PromptHistory());
    this.#recording = recording;
    this.invocationId = invocationId;
    this.#sampled = sampled;
  }

  /** The file; undefined where no trace can be written. */
  get path(): string | undefined {
    return this.#recording?.path;
  }

  /** What a child process needs to belong to this trace: `TRACEPARENT` and `SPOOR_INVOCATION`. */
  get childEnv(): Record<string, string> {
    const recording = this.#recording;
    if (recording === undefined) return {};
    return {
      TRACEPARENT: formatTraceParent({
        traceId: recording.traceId,
        spanId: recording.rootSpanId,
        sampled: this.#sampled,
      }),
      SPOOR_INVOCATION: this.invocationId,
    };
  }

  /** The user asks for something; the turn ends with the agent's answer. */
  turn(
    prompt?: string,
    options: { origin?: "user" | "queued" | "notification" | "schedule" | "agent" } = {},
  ): TurnHandle {
    const number = ++this.#turns;
    const span: SpanKey = { kind: "turn", key: String(number) };
    const time = this.context.time();
    this.#recording?.write({
      type: "turn_start",
      span,
      time,
      turn: number,
      origin: options.origin ?? "user",
      ...(prompt === undefined ? {} : { content: { prompt } }),
    });
    return new TurnHandle(this.context, span, this.history, number, time);
  }

  /** Pointers that became known during the run, such as the pull request it opened. */
  amend(known: { pointers?: Pointers; conversationId?: string }): void {
    const { pointers, conversationId } = known;
    this.#recording?.amendStart(this.context.time(), {
      ...(pointers === undefined ? {} : { pointers }),
      ...(conversationId === undefined ? {} : { conversation_id: conversationId }),
    });
  }

  /** Writes the last record. Resolves when the trace would survive a power cut; rejects never. */
  end(status: InvocationStatus = "success", options: { exitCode?: number } = {}): Promise<void> {
    this.tellUnrun();
    this.#end ??=
      this.#recording?.end({ status, time: this.context.time(), exitCode: options.exitCode }) ??
      Promise.resolve();
    return this.#end;
  }

  /** Left without an end, perhaps by an exception: `unknown`. */
  [Symbol.dispose](): void {
    void this.end("unknown");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("unknown");
  }
}
