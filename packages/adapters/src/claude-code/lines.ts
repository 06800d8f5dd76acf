/** The types of Claude Code's lines, and what every line carries. */

import type { JsonObject, SourceLine } from "../adapter.ts";
import { asNumber, asText } from "../json.ts";

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
]);

/** Further line types of a transcript. */
const TRANSCRIPT: ReadonlySet<string> = new Set([
  "user",
  "assistant",
  "system",
  "attachment",
  "api-request-shape",
  "api-request",
  // A message of the request, from 2.1.3xx on: as big as the conversation, which the other lines have.
  "api-request-blob",
  "cost-state",
]);

/** Line types of the stdout stream that say nothing a trace keeps. */
export const STREAM_BOOKKEEPING: ReadonlySet<string> = new Set([
  "tool_progress",
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
  return (
    type !== undefined &&
    typeof record["sessionId"] === "string" &&
    (TRANSCRIPT.has(type) || BOOKKEEPING.has(type))
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

/** The session that a transcript is named for; undefined of a file that somebody renamed. */
export function sessionOfFile(name: string): string | undefined {
  return /(?:^|\/)([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jsonl$/.exec(name)?.[1];
}

/** The sub-agent whose file this is; undefined of a session's own. */
export function agentOfFile(name: string): string | undefined {
  return /(?:^|\/)agent-(.+?)(?:\.meta\.json|\.jsonl)$/.exec(name)?.[1];
}

/** What a line is known by: its own id, else where it stands. */
export function keyOf(line: SourceLine): string {
  return asText(line.value["uuid"]) ?? placeOf(line);
}

export function placeOf({ sourceName, line }: SourceLine): string {
  return `${sourceName}:${line}`;
}

/** Milliseconds, which some lines give with fractions. */
export function asMs(value: unknown): number | undefined {
  const number = asNumber(value);
  return number === undefined ? undefined : Math.round(number);
}
