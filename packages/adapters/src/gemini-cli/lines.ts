/**
 * What the lines of Gemini CLI mean, one by one: parts, tokens, tool results. Without state; `chat-log.ts`
 * and `stream.ts` have that.
 */

import type { Part, TurnStatus, Usage } from "@spoor/trace";
import type { JsonObject } from "../adapter.ts";
import { blobOfBlock } from "../binary.ts";
import { asArray, asCount, asObject, asString, asText, at } from "../json.ts";
import type { ToolResultFacts } from "../thread.ts";

/** The first line of a chat, or the one document that a chat was before 0.40. */
export function isHeader(record: JsonObject): boolean {
  return (
    typeof record["sessionId"] === "string" &&
    (typeof record["projectHash"] === "string" || Array.isArray(record["messages"]))
  );
}

// --- content ---------------------------------------------------------------------------------------------

/** The objects of a list; whatever else stands there is left out. */
export function objectsIn(list: unknown): JsonObject[] {
  return asArray(list).filter((item): item is JsonObject => asObject(item) !== undefined);
}

/** The parts of a message's content: a text, one part, or a list of both. */
export function partsOf(content: unknown): JsonObject[] {
  const list: readonly unknown[] = Array.isArray(content) ? content : [content];
  return objectsIn(list.map((part) => (typeof part === "string" && part !== "" ? { text: part } : part)));
}

/** All the text of a message, thoughts excepted. */
export function textOf(content: unknown): string {
  return partsOf(content)
    .flatMap((part) => (part["thought"] === true ? [] : (asText(part["text"]) ?? [])))
    .join("");
}

/** @param isKnownTool Whether the trace has a record of the tool call; else its arguments or result stand here. */
export function toPart(part: JsonObject, isKnownTool: (id: string) => boolean): Part | undefined {
  const text = asString(part["text"]);
  if (text !== undefined)
    return text === "" ? undefined : { type: part["thought"] === true ? "reasoning" : "text", content: text };
  const call = asObject(part["functionCall"]);
  if (call !== undefined) {
    const id = asString(call["id"]) ?? "";
    const known = isKnownTool(id) || call["args"] === undefined;
    return {
      type: "tool_call",
      id,
      name: asString(call["name"]) ?? "",
      ...(known ? {} : { arguments: call["args"] }),
    };
  }
  const response = asObject(part["functionResponse"]);
  if (response !== undefined) {
    const id = asString(response["id"]) ?? "";
    return {
      type: "tool_call_response",
      id,
      ...(isKnownTool(id) ? {} : { response: resultOf([part]) ?? null }),
    };
  }
  const file = asObject(part["fileData"]);
  if (file !== undefined)
    return { type: "uri", mime_type: asText(file["mimeType"]) ?? "", uri: asText(file["fileUri"]) ?? "" };
  return blobOfBlock(part) ?? (Object.keys(part).length === 0 ? undefined : { type: "other", value: part });
}

export function reasoningOf(thought: unknown): string {
  const subject = asText(at(thought, "subject"));
  const description = asText(at(thought, "description"));
  return [subject, description].filter((text) => text !== undefined).join("\n");
}

/**
 * What the harness says in the user's name: its own context at the start, hooks, the editor's state, a
 * command the user ran in the shell mode, the way out of a loop. Input to the model, but nobody's prompt.
 */
const HARNESS =
  /^\s*(<session_context>|<hook_context>|Here is (the user's editor context|a summary of changes in the user's editor context)|I ran the following shell command:|System: Potential loop detected\.)/;

export function isHarnessText(text: string): boolean {
  return HARNESS.test(text);
}

export function isSessionContext(text: string): boolean {
  return text.trimStart().startsWith("<session_context>");
}

/** The working directory, as the session's context names it first. */
export function workspaceOf(text: string): string | undefined {
  if (!isSessionContext(text)) return undefined;
  return /^- \*\*Workspace Directories:\*\*\n {2}- (.+)$/m.exec(text)?.[1];
}

// --- usage -----------------------------------------------------------------------------------------------

/**
 * `input` is the API's promptTokenCount, cached tokens included; `output` its candidatesTokenCount, thoughts
 * not included; `tool` its toolUsePromptTokenCount: what tools at the provider put into the prompt, counted
 * apart from both and billed as input. The API's own total is the sum of the four.
 */
export function usageOf(value: unknown): Usage | undefined {
  const tokens = asObject(value);
  const input = asCount(tokens?.["input"]);
  const output = asCount(tokens?.["output"]);
  if (input === undefined && output === undefined) return undefined;
  const thoughts = asCount(tokens?.["thoughts"]) ?? 0;
  return {
    input_tokens: (input ?? 0) + (asCount(tokens?.["tool"]) ?? 0),
    cache_read_tokens: asCount(tokens?.["cached"]) ?? 0,
    output_tokens: (output ?? 0) + thoughts,
    reasoning_tokens: thoughts,
  };
}

/**
 * The sums at a stream's end, over all requests of the run: also those of sub-agents, of the router and of
 * compression. Thoughts are only in the total; what tools at the provider used cannot be told from them.
 */
export function usageOfStats(value: unknown): Usage | undefined {
  const stats = asObject(value);
  const input = asCount(stats?.["input_tokens"]);
  const output = asCount(stats?.["output_tokens"]);
  if (input === undefined || output === undefined) return undefined;
  const thoughts = Math.max(0, (asCount(stats?.["total_tokens"]) ?? 0) - input - output);
  return {
    input_tokens: input,
    cache_read_tokens: asCount(stats?.["cached"]) ?? 0,
    output_tokens: output + thoughts,
    reasoning_tokens: thoughts,
  };
}

// --- tool results ----------------------------------------------------------------------------------------

/**
 * The end of a shell tool's text: the exit code and what may follow it. A code of its own is written by
 * versions up to 0.2x for every command, later only when it is not 0.
 */
const SHELL_END =
  /(?:^|\n)Exit Code: (-?\d{1,10})(?:\n(?:Signal|Background PIDs|Process Group PGID): [^\n]*)*(?:\n<\/untrusted_context>)?\s*$/;

const REFUSED = /\[Operation Cancelled\].{0,20}User (denied|did not allow)|denied by policy/;

/** @returns undefined while the tool still runs. */
export function toolResultOf(call: JsonObject): ToolResultFacts | undefined {
  const id = asText(call["id"]);
  const status = asText(call["status"]);
  const result = resultOf(call["result"]) ?? asText(call["resultDisplay"]);
  if (id === undefined) return undefined;
  switch (status) {
    case "success": {
      const code = call["name"] === "run_shell_command" ? exitCodeOf(result) : undefined;
      if (code === undefined) return { id, status: "ok", result };
      if (code === 0) return { id, status: "ok", exit_code: 0, result };
      return {
        id,
        status: "error",
        error: { type: "exit_code" },
        error_basis: "text",
        exit_code: code,
        result,
      };
    }
    case "error": {
      const refused = isRefused(result);
      return {
        id,
        status: refused ? "denied" : "error",
        error: { type: refused ? "denied" : "tool_error" },
        error_basis: "flag",
        result,
      };
    }
    case "cancelled": {
      // The model is told of an error, and its author is the user.
      const type = isRefused(result) ? "denied" : "cancelled";
      return { id, status: type, error: { type }, error_basis: "flag", result };
    }
    default:
      return asArray(call["result"]).length === 0 ? undefined : { id, status: "unknown", result };
  }
}

function isRefused(result: unknown): boolean {
  return typeof result === "string" && REFUSED.test(result);
}

function exitCodeOf(result: unknown): number | undefined {
  const code = typeof result === "string" ? SHELL_END.exec(result.slice(-1024))?.[1] : undefined;
  return code === undefined ? undefined : Number(code);
}

/** As the model saw it: text where it is only text, else the response, else its parts without binary data. */
function resultOf(result: unknown): unknown {
  if (typeof result === "string") return result;
  const values = partsOf(result).flatMap((part) => {
    const response = asObject(part["functionResponse"]);
    if (response === undefined) return toPart(part, () => false) ?? [];
    return [valueOf(response["response"]), ...objectsIn(response["parts"]).map(binaryOf)];
  });
  return values.length > 1 ? values : values[0];
}

/** `{output}` and `{error}` are what the CLI wraps a tool's text in. */
function valueOf(response: unknown): unknown {
  const object = asObject(response);
  const keys = Object.keys(object ?? {});
  const only = keys.length === 1 ? (object?.["output"] ?? object?.["error"]) : undefined;
  return typeof only === "string" ? only : response;
}

function binaryOf(part: JsonObject): Part {
  return toPart(part, () => false) ?? { type: "other" };
}

// --- sub-agents ------------------------------------------------------------------------------------------

/** What a tool call says of the sub-agent that it ran. */
export interface AgentLink {
  agentId: string;
  callId: string;
  name: string;
  status: TurnStatus;
}

export function agentLinkOf(call: JsonObject): AgentLink | undefined {
  const agentId = asText(call["agentId"]);
  const callId = asText(call["id"]);
  if (agentId === undefined || callId === undefined) return undefined;
  const state = asText(at(call["resultDisplay"], "state"));
  return {
    agentId,
    callId,
    name:
      asText(at(call["resultDisplay"], "agentName")) ??
      asText(at(call["args"], "agent_name")) ??
      asText(call["name"]) ??
      "subagent",
    status:
      state === "completed"
        ? "success"
        : state === "error"
          ? "error"
          : state === "cancelled"
            ? "interrupted"
            : "unknown",
  };
}
