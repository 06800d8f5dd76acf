/**
 * What the lines of Claude Code mean, one by one: blocks to parts, usage to tokens, results to outcomes.
 * Without state; `parse.ts` has that.
 */

import type { Part, ToolResult, Usage } from "@spoor/trace";
import type { JsonObject } from "../adapter.ts";
import { blobOfBlock } from "../binary.ts";
import { asArray, asCount, asNumber, asObject, asObjects, asString, asText, at } from "../json.ts";
import type { ToolResultFacts } from "../thread.ts";

/** Line types of a transcript that say nothing a trace keeps. */
export const BOOKKEEPING: ReadonlySet<string> = new Set([
  "file-history-snapshot",
  "file-history-delta",
  "last-prompt",
  "mode",
  "permission-mode",
  "summary",
  "ai-title",
  "custom-title",
  "agent-name",
  "agent-color",
  "agent-setting",
  "tag",
  "tools-used",
  "atis-latch",
  "queue-operation",
  "progress",
  "worktree-state",
  "content-replacement",
  "marble-origami-commit",
  // The request in pieces, from 2.1.3xx on: as big as the conversation itself, which the other lines have.
  "api-request-shape",
  "api-request-blob",
]);

const STREAM_TYPES: ReadonlySet<string> = new Set([
  "result",
  "stream_event",
  "tool_progress",
  "rate_limit_event",
  "auth_status",
  "keep_alive",
  "control_request",
  "control_response",
]);

export function sessionIdOf(record: JsonObject): string | undefined {
  return asText(record["sessionId"]) ?? asText(record["session_id"]);
}

export function isTranscriptLine(record: JsonObject): boolean {
  const type = asText(record["type"]);
  if (type === undefined || typeof record["sessionId"] !== "string") return false;
  return (
    type === "user" ||
    type === "assistant" ||
    type === "system" ||
    type === "attachment" ||
    BOOKKEEPING.has(type)
  );
}

export function isStreamLine(record: JsonObject): boolean {
  const type = asText(record["type"]);
  if (type === undefined || typeof record["session_id"] !== "string" || "sessionId" in record) return false;
  return (
    (type === "system" && "subtype" in record) ||
    type === "result" ||
    type === "assistant" ||
    type === "user" ||
    type === "stream_event"
  );
}

export function isStreamOnlyType(type: string): boolean {
  return STREAM_TYPES.has(type);
}

// --- content ---------------------------------------------------------------------------------------------

/** The blocks of a message; a bare string is one text block. */
export function blocksOf(message: JsonObject | undefined): JsonObject[] {
  const content = message?.["content"];
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  return asObjects(content);
}

export function textOf(blocks: readonly JsonObject[]): string {
  return blocks
    .flatMap((block) => (block["type"] === "text" ? (asText(block["text"]) ?? []) : []))
    .join("\n");
}

/** A block of a prompt or an answer as a part; undefined for what has no content of its own. */
export function partOf(block: JsonObject): Part | undefined {
  const type = asText(block["type"]);
  switch (type) {
    case "text":
      return part("text", asText(block["text"]));
    case "thinking":
      return part("reasoning", asText(block["thinking"]));
    case "redacted_thinking":
      return undefined;
    case "tool_use":
    case "server_tool_use":
    case "mcp_tool_use":
      return { type: "tool_call", id: asString(block["id"]) ?? "", name: asString(block["name"]) ?? "" };
    default:
      return blobOfBlock(block) ?? (type === undefined ? undefined : { ...block, type });
  }
}

function part(type: "text" | "reasoning", content: string | undefined): Part | undefined {
  return content === undefined ? undefined : { type, content };
}

export function isToolUse(block: JsonObject): boolean {
  return block["type"] === "tool_use" || isServerToolUse(block);
}

/** Runs at the provider; its result is a block of the answer, not a message of the user. */
export function isServerToolUse(block: JsonObject): boolean {
  return block["type"] === "server_tool_use" || block["type"] === "mcp_tool_use";
}

export function isServerToolResult(block: JsonObject): boolean {
  const type = asText(block["type"]) ?? "";
  return type !== "tool_result" && type.endsWith("_tool_result") && typeof block["tool_use_id"] === "string";
}

// --- usage -----------------------------------------------------------------------------------------------

/**
 * Anthropic counts the three input kinds apart; ours are inclusive.
 *
 * @param final Whether the line says why the answer stopped: where none does, its output is a snapshot of the
 * stream's start (versions up to 2.1.39, and every line of the stdout stream).
 */
export function usageOf(value: unknown, final: boolean): Usage | undefined {
  const usage = asObject(value);
  if (usage === undefined) return undefined;
  const uncached = asCount(usage["input_tokens"]);
  const cacheRead = asCount(usage["cache_read_input_tokens"]) ?? 0;
  const cacheWrite = asCount(usage["cache_creation_input_tokens"]) ?? 0;
  const output = asCount(usage["output_tokens"]);
  if (uncached === undefined && output === undefined) return undefined;
  const reasoning = asCount(at(usage, "output_tokens_details", "thinking_tokens"));
  return {
    input_tokens: (uncached ?? 0) + cacheRead + cacheWrite,
    cache_read_tokens: cacheRead,
    cache_write_tokens: cacheWrite,
    output_tokens: output ?? 0,
    ...(reasoning === undefined ? {} : { reasoning_tokens: reasoning }),
    ...(final ? {} : { partial: ["output_tokens"] }),
  };
}

/** `modelUsage` of the last `result`, and of `cost-state`: sums over all agents of the run. */
export function usageOfModels(value: unknown): Usage | undefined {
  const models = asObjects(Object.values(asObject(value) ?? {}));
  if (models.length === 0) return undefined;
  const sum = (field: string): number =>
    models.reduce((total, model) => total + (asCount(model[field]) ?? 0), 0);
  const read = sum("cacheReadInputTokens");
  const write = sum("cacheCreationInputTokens");
  return {
    input_tokens: sum("inputTokens") + read + write,
    cache_read_tokens: read,
    cache_write_tokens: write,
    output_tokens: sum("outputTokens"),
    reasoning_tokens: sum("thinkingTokens"),
  };
}

// --- tool results ----------------------------------------------------------------------------------------

/** What Claude Code tells the model when the user, a rule or a mode refused a call. */
const REFUSED =
  /^(The user doesn't want to (proceed with|take) this (tool use|action)|Permission to use .{1,200} (has been|was) denied|Claude requested permissions to .{1,400}, but you haven't granted it|.{0,200}\bdenied (this tool|by (your|the user's|a) (permission|hook)))/s;
const STOPPED =
  /^\[?Request (interrupted|cancelled) by user( for tool use)?\]?|^(Interrupted|Cancelled) by user/;

/** @param line The user line that holds the block: its `toolUseResult` and `permissionDecision` say more. */
export function toolResultOf(block: JsonObject, line: JsonObject): ToolResultFacts {
  const text = resultText(block["content"]);
  const structured = asObject(line["toolUseResult"]) ?? asObject(line["tool_use_result"]);
  const permission = permissionOf(line, asText(block["tool_use_id"]) ?? "");
  const flagged = block["is_error"] === true;
  const interrupted = structured?.["interrupted"] === true || STOPPED.test(text);
  const refused =
    flagged && (permission?.decision === "reject" || permission?.decision === "deny" || REFUSED.test(text));
  const exitCode = flagged
    ? Number(/^(?:Error: )?Exit code (\d{1,3})\b/.exec(text)?.[1] ?? Number.NaN)
    : Number.NaN;
  const durationMs = asNumber(structured?.["totalDurationMs"]) ?? asNumber(structured?.["durationMs"]);
  const status: ToolResult["status"] = refused
    ? "denied"
    : interrupted
      ? "cancelled"
      : flagged
        ? "error"
        : "ok";
  return {
    id: asText(block["tool_use_id"]) ?? "",
    status,
    ...(flagged
      ? {
          error: { type: refused ? "denied" : Number.isNaN(exitCode) ? "tool_error" : "exit_code" },
          error_basis: "flag" as const,
        }
      : {}),
    ...(Number.isNaN(exitCode) ? {} : { exit_code: exitCode }),
    ...(durationMs === undefined ? {} : { duration_ms: Math.round(durationMs) }),
    ...(permission === undefined ? {} : { permission }),
    result: resultOf(block["content"]),
  };
}

function permissionOf(line: JsonObject, toolUseId: string): ToolResult["permission"] | undefined {
  const inStream = asArray(line["tool_result_meta"])
    .map(asObject)
    .find((meta) => meta?.["id"] === toolUseId);
  const decision = asObject(line["permissionDecision"]) ?? asObject(inStream?.["permission_decision"]);
  const word = asText(decision?.["decision"]) ?? asText(inStream?.["permission_decision"]);
  if (word === undefined) return undefined;
  const source = asText(decision?.["source"]);
  return { decision: word, ...(source === undefined ? {} : { source }) };
}

function resultText(content: unknown): string {
  return typeof content === "string" ? content : textOf(asObjects(content));
}

/** As the model saw it: text where it is only text, else its parts, without binary data. */
export function resultOf(content: unknown): unknown {
  if (!Array.isArray(content)) return content;
  const blocks = asObjects(content);
  if (blocks.length === 1 && blocks[0]?.["type"] === "text") return blocks[0]["text"];
  return blocks.flatMap((block) => partOf(block) ?? []);
}

// --- prompts ---------------------------------------------------------------------------------------------

/** What a user line is, besides its tool results. */
export type Utterance =
  | { kind: "prompt"; text: string }
  | { kind: "command"; text: string }
  | {
      kind: "notification";
      text: string;
      taskId: string | undefined;
      status: string | undefined;
      result: string | undefined;
    }
  | { kind: "interrupt" }
  /** Text the harness adds: input to the model, but nobody's prompt. */
  | { kind: "context" };

export function utteranceOf(line: JsonObject, text: string): Utterance {
  const start = text.trimStart();
  if (start.startsWith("[Request interrupted by user")) return { kind: "interrupt" };
  if (start.startsWith("<task-notification>")) return notificationOf(text);
  if (
    line["isMeta"] === true ||
    line["isCompactSummary"] === true ||
    line["isVisibleInTranscriptOnly"] === true
  )
    return { kind: "context" };
  if (
    /^<(local-command-(stdout|stderr|caveat)|bash-(input|stdout|stderr)|user-memory-input)>/.test(start) ||
    start.startsWith("Caveat: The messages below")
  )
    return { kind: "context" };
  if (/^<command-(name|message)>/.test(start)) return { kind: "command", text };
  return text === "" ? { kind: "context" } : { kind: "prompt", text };
}

export function notificationOf(text: string): Extract<Utterance, { kind: "notification" }> {
  const inside = (tag: string): string | undefined => new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(text)?.[1];
  return {
    kind: "notification",
    text,
    taskId: inside("task-id"),
    status: inside("status"),
    result: inside("result"),
  };
}
