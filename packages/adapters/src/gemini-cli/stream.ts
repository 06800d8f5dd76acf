/**
 * What `gemini --output-format stream-json` prints: text in pieces, tool calls, their results, and sums at
 * the end. It names no model calls; a new one begins after a prompt and after tool results. It has no usage
 * of single calls, and of shell commands no exit code.
 */

import type { ErrorInfo, TurnStatus, Usage } from "@spoor/trace";
import type { JsonObject, SourceLine } from "../adapter.ts";
import type { Conversation } from "../conversation.ts";
import { asString, asText, asTime, at as get } from "../json.ts";
import type { Answer, At } from "../thread.ts";
import { usageOfStats } from "./lines.ts";

/** `errorName` of what is no fault of a request: limits of the CLI itself. */
const NOT_A_REQUEST = /^Fatal(TurnLimited|ToolExecution|Input|Sandbox|Config)Error$/;

/** No call's tokens are printed, only the run's: of every count this is a lower bound. */
const USAGE: Usage = {
  partial: ["cache_read_tokens", "input_tokens", "output_tokens", "reasoning_tokens"],
};

export class StreamLog {
  readonly #conversation: Conversation;
  #model: string | undefined;
  /** The call whose answer is being printed. */
  #call: string | undefined;
  /** Its text since the last time it was handed on. */
  #text = "";
  #last: At | undefined;
  /** Something was said to the model that it has not answered yet. */
  #asked = false;
  #errorMessage: string | undefined;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  read(line: SourceLine): void {
    const { value } = line;
    const key = `${line.sourceName}:${line.line}`;
    const at: At = {
      time: asTime(value["timestamp"]) ?? line.observedAt,
      from: { source: line.source, line: line.line },
    };
    this.#conversation.see(at.time);
    this.#conversation.touch(at);
    switch (value["type"]) {
      case "init":
        this.#conversation.facts.conversationId ??= asText(value["session_id"]);
        this.#model = asText(value["model"]);
        return;
      case "message":
        if (value["role"] === "user") this.#prompt(key, value, at);
        else this.#say(key, asString(value["content"]) ?? "", at);
        return;
      case "tool_use":
        return this.#callTool(key, value, at);
      case "tool_result":
        return this.#endTool(value, at);
      case "error":
        this.#errorMessage = asText(value["message"]);
        this.#conversation.main.event(
          at,
          key,
          "api_error",
          { severity: asText(value["severity"]) },
          { message: this.#errorMessage },
        );
        return;
      case "result":
        return this.#end(key, value, at);
      default:
        this.#conversation.passOver(asText(value["type"]) ?? Object.keys(value)[0] ?? "");
    }
  }

  /** The text so far belongs to the call; what comes later is another piece. */
  flush(): void {
    const { main } = this.#conversation;
    if (this.#call !== undefined && this.#last !== undefined && this.#text !== "")
      main.answer(this.#call, this.#last, [{ type: "text", content: this.#text }], {});
    this.#text = "";
  }

  #prompt(key: string, value: JsonObject, at: At): void {
    this.#endCall();
    const content = asString(value["content"]) ?? "";
    this.#conversation.startTurn(at, key, "user", content);
    this.#conversation.main.input("user", content === "" ? [] : [{ type: "text", content }], at.time);
    // The session's context and the system text are not printed.
    this.#conversation.main.incomplete();
    this.#asked = true;
  }

  #say(key: string, text: string, at: At): void {
    this.#openCall(key, at);
    this.#text += text;
    this.#last = at;
  }

  #callTool(key: string, value: JsonObject, at: At): void {
    const id = asText(value["tool_id"]);
    if (id === undefined) return;
    const name = asText(value["tool_name"]) ?? "unknown";
    const call = this.#openCall(key, at);
    this.flush();
    this.#conversation.main.answer(call, at, [{ type: "tool_call", id, name }], {});
    this.#conversation.main.toolCall(at, { id, name, arguments: value["parameters"] });
  }

  #endTool(value: JsonObject, at: At): void {
    const id = asText(value["tool_id"]);
    if (id === undefined) return;
    this.#endCall();
    const failed = value["status"] === "error";
    const type = asText(get(value["error"], "type")) ?? "tool_error";
    const refused = type === "policy_violation";
    this.#conversation.main.toolResult(at, {
      id,
      status: refused ? "denied" : failed ? "error" : "ok",
      ...(failed ? { error: { type }, error_basis: "flag" as const } : {}),
      result: asString(value["output"]),
      errorMessage: asText(get(value["error"], "message")),
    });
    this.#asked = true;
  }

  /** The key of the call whose answer is being printed; a new one where nothing was open. */
  #openCall(key: string, at: At): string {
    if (this.#call === undefined) {
      this.#call = key;
      this.#asked = false;
      const facts: Answer = { model: this.#model, provider: "gcp.gen_ai", usage: USAGE };
      this.#conversation.main.answer(key, at, [], facts);
    }
    return this.#call;
  }

  #endCall(): void {
    this.flush();
    this.#call = undefined;
  }

  /** The end of the run. */
  #end(key: string, value: JsonObject, at: At): void {
    this.flush();
    const failure = failureOf(value, this.#errorMessage);
    if (failure !== undefined) this.#fail(key, failure, at);
    this.#endCall();
    const usage = usageOfStats(value["stats"]);
    if (usage !== undefined) this.#conversation.facts.reportedUsage = usage;
    const status: TurnStatus =
      value["status"] === "success"
        ? "success"
        : value["status"] !== "error"
          ? "unknown"
          : failure?.status === "interrupted"
            ? "interrupted"
            : "error";
    // `stats.duration_ms` is the process's, from before the prompt was read: the lines know the turn's better.
    this.#conversation.endTurn(at, status);
  }

  #fail(key: string, failure: Answer, at: At): void {
    const { main } = this.#conversation;
    if (failure.error !== undefined && NOT_A_REQUEST.test(failure.error.type))
      main.event(
        at,
        key,
        "api_error",
        { severity: "error", error_type: failure.error.type },
        { message: failure.errorMessage },
      );
    else if (this.#asked)
      main.answer(key, at, [], { model: this.#model, provider: "gcp.gen_ai", ...failure });
    else if (this.#call !== undefined) main.answer(this.#call, at, [], failure);
  }
}

function failureOf(value: JsonObject, lastMessage: string | undefined): Answer | undefined {
  if (value["status"] !== "error") return undefined;
  const type = asText(get(value["error"], "type"));
  const errorMessage = asText(get(value["error"], "message")) ?? lastMessage;
  if (type === "FatalCancellationError") return { status: "interrupted", errorMessage };
  const error: ErrorInfo = { type: type ?? "invalid_stream" };
  return { status: "error", error, errorMessage };
}
