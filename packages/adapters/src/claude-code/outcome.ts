/** How tool calls and requests came out: a success, an error, a refusal, an interruption. */

import type { ToolResult } from "@spoor/trace";
import type { JsonObject } from "../adapter.ts";
import { asArray, asCount, asNumber, asObject, asObjects, asText, at, present } from "../json.ts";
import type { Answer, ToolResultFacts } from "../thread.ts";
import { partOf, textOf } from "./content.ts";

/** What Claude Code tells the model when the user, a rule or a mode refused a call. */
const REFUSED =
  /^(The user doesn't want to (proceed with|take) this (tool use|action)|Permission to use .{1,200} (has been|was) denied|Claude requested permissions to .{1,400}, but you haven't granted it|.{0,200}\bdenied (this tool|by (your|the user's|a) (permission|hook)))/s;
const STOPPED =
  /^\[?Request (interrupted|cancelled) by user( for tool use)?\]?|^(Interrupted|Cancelled) by user/;

/** @param line The user line that holds the block: its structured result and its permission say more. */
export function toolResultOf(block: JsonObject, line: JsonObject): ToolResultFacts {
  const text = resultText(block["content"]);
  const structured = structuredOf(line);
  const permission = permissionOf(line, asText(block["tool_use_id"]) ?? "");
  const flagged = block["is_error"] === true;
  const status = statusOf(text, line, permission, flagged, structured?.["interrupted"] === true);
  const exitCode = flagged
    ? Number(/^(?:Error: )?Exit code (\d{1,3})\b/.exec(text)?.[1] ?? Number.NaN)
    : Number.NaN;
  const durationMs = asNumber(structured?.["totalDurationMs"]) ?? asNumber(structured?.["durationMs"]);
  return {
    id: asText(block["tool_use_id"]) ?? "",
    status,
    ...(flagged
      ? {
          error: {
            type: status === "error" ? (Number.isNaN(exitCode) ? "tool_error" : "exit_code") : status,
          },
          error_basis: "flag" as const,
        }
      : {}),
    ...(Number.isNaN(exitCode) ? {} : { exit_code: exitCode }),
    ...(durationMs === undefined ? {} : { duration_ms: Math.round(durationMs) }),
    ...(permission === undefined ? {} : { permission }),
    result: resultOf(block["content"]),
  };
}

/** The result as the tool gave it, before it became text for the model. */
export function structuredOf(line: JsonObject): JsonObject | undefined {
  return asObject(line["toolUseResult"]) ?? asObject(line["tool_use_result"]);
}

function statusOf(
  text: string,
  line: JsonObject,
  permission: ToolResult["permission"],
  flagged: boolean,
  interrupted: boolean,
): ToolResult["status"] {
  // The text of a refusal also tells of a tool that was stopped while it ran, which 2.1.3xx names apart.
  const stopped = line["toolDenialKind"] === "user-rejected" && line["toolDenialBeforeRun"] !== true;
  const refused = permission?.decision === "reject" || permission?.decision === "deny";
  if (flagged && (refused || REFUSED.test(text))) return stopped ? "cancelled" : "denied";
  if (interrupted || STOPPED.test(text)) return "cancelled";
  return flagged ? "error" : "ok";
}

function permissionOf(line: JsonObject, toolUseId: string): ToolResult["permission"] {
  const inStream = asArray(line["tool_result_meta"])
    .map(asObject)
    .find((meta) => meta?.["id"] === toolUseId);
  const decision = asObject(line["permissionDecision"]) ?? asObject(inStream?.["permission_decision"]);
  const word = asText(decision?.["decision"]) ?? asText(inStream?.["permission_decision"]);
  if (word !== undefined) {
    const source = asText(decision?.["source"]);
    return { decision: word, ...(source === undefined ? {} : { source }) };
  }
  return line["toolDenialBeforeRun"] === true ? { decision: "reject", source: "user" } : undefined;
}

/** Of a tool that ran at the provider: its result is a block of the answer. */
export function serverResultOf(block: JsonObject): ToolResultFacts {
  const error = asText(at(block["content"], "error_code"));
  const failed = error !== undefined || block["is_error"] === true;
  return {
    id: asText(block["tool_use_id"]) ?? "",
    status: failed ? "error" : "ok",
    ...(failed ? { error: { type: error ?? "tool_error" }, error_basis: "flag" as const } : {}),
    result: resultOf(block["content"]),
  };
}

function resultText(content: unknown): string {
  return typeof content === "string" ? content : textOf(asObjects(content));
}

/** As the model saw it: text where it is only text, else its parts, without binary data. */
function resultOf(content: unknown): unknown {
  if (!Array.isArray(content)) return content;
  const blocks = asObjects(content);
  if (blocks.length === 1 && blocks[0]?.["type"] === "text") return blocks[0]["text"];
  return blocks.flatMap((block) => partOf(block) ?? []);
}

// --- requests --------------------------------------------------------------------------------------------

/** Whether an answer line stands for a request that failed for good. The stream writes its names otherwise. */
export function isFailure(line: JsonObject): boolean {
  return (
    line["isApiErrorMessage"] === true ||
    line["is_api_error_message"] === true ||
    (isMadeUp(line) && line["error"] !== undefined)
  );
}

/** Made on the spot ("No response requested."): a part of the conversation, but no model was asked. */
export function isMadeUp(line: JsonObject): boolean {
  return at(line["message"], "model") === "<synthetic>";
}

export function failureOf(line: JsonObject, text: string): Answer {
  const code = asCount(line["apiErrorStatus"] ?? line["api_error_status"]);
  const type = asText(line["apiErrorType"] ?? line["api_error_type"]) ?? asText(line["error"]) ?? "api_error";
  return {
    provider: "anthropic",
    status: "error",
    error: { type, ...(code === undefined ? {} : { code }) },
    errorMessage: text === "" ? undefined : text,
  };
}

/** Of a request that is tried again, the same as `failureOf` of one that is given up. */
export function failureOfTry(line: JsonObject): Answer {
  const { code, error_type: type } = retryOf(line);
  return {
    provider: "anthropic",
    status: "error",
    error: { type: asText(type) ?? "api_error", ...present({ code: asCount(code) }) },
    errorMessage: asText(at(line["error"], "formatted")) ?? asText(at(line["error"], "message")),
  };
}

/** What went wrong with a request that is tried again: `system/api_error`, in the stream `system/api_retry`. */
export function retryOf(line: JsonObject): Record<string, unknown> {
  const { error } = line;
  const message = asText(at(error, "message")) ?? "";
  return {
    attempt: asCount(line["retryAttempt"]) ?? asCount(line["attempt"]),
    code: asCount(at(error, "status")) ?? asCount(line["error_status"]),
    error_type: asText(at(error, "type")) ?? asText(error) ?? /"type":"(\w+_error)"/.exec(message)?.[1],
    delay_ms: Math.round(asNumber(line["retryInMs"] ?? line["retry_delay_ms"]) ?? 0),
  };
}
