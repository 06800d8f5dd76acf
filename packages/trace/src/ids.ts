/**
 * The ids of a trace, all derived from what the file or its source already says.
 *
 * A second import, a re-send, a reader on another machine: each must come to the same ids, so nothing here
 * depends on a clock or on chance except `newInvocationId`, which is given both.
 */

import type { InvocationId, SpanId, TraceId } from "./record.ts";
import { sha256 } from "./sha256.ts";

/** What a span id is derived for; `point` serves events, decisions and scores. */
export type SpanKind = "invocation" | "turn" | "model" | "tool" | "agent" | "point";

/**
 * A UUIDv7 (RFC 9562, section 5.7) for a run that starts now.
 *
 * @param nowMs Milliseconds since 1970.
 * @param random 10 random bytes; their first 6 bits are replaced by version and variant.
 */
export function newInvocationId(nowMs: number, random: Uint8Array): InvocationId {
  return uuidV7(nowMs, Buffer.from(random).toString("hex"));
}

/**
 * The invocation id of an imported conversation: the same shape, from its first timestamp and 74 bits of
 * sha256(agent, conversation_id), so that importing it again gives the same.
 */
export function importedInvocationId(
  firstTimeMs: number,
  agent: string,
  conversationId: string,
): InvocationId {
  return uuidV7(firstTimeMs, sha256(`${agent}\n${conversationId}`));
}

/** @param hex At least 20 hex digits, of which 74 bits are used. */
function uuidV7(timeMs: number, hex: string): InvocationId {
  const wholeMs = Number.isFinite(timeMs) ? Math.max(0, Math.floor(timeMs)) : 0;
  const time = wholeMs.toString(16).padStart(12, "0").slice(-12);
  const variant = (8 + (Number.parseInt(hex.charAt(3), 16) & 3)).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-${variant}${hex.slice(4, 7)}-${hex.slice(7, 19)}`;
}

/** The trace id of an invocation that was given no `TRACEPARENT`: its 16 bytes. */
export function traceIdOf(invocationId: InvocationId): TraceId {
  return invocationId.replaceAll("-", "");
}

/**
 * First 8 bytes of sha256(`invocation_id` "\n" kind "\n" key).
 *
 * @param key What the first line that shows the span already carries (a message id, a call id, a turn id),
 * else `<source name>:<line>`; empty for the invocation itself. Never `seq`.
 */
export function spanIdOf(invocationId: InvocationId, kind: SpanKind, key: string): SpanId {
  const digest = sha256(`${invocationId}\n${kind}\n${key}`);
  const id = digest.slice(0, 16);
  return id === "0000000000000000" ? digest.slice(16, 32) : id;
}

/** The context a run was started in, as W3C Trace Context has it. */
export interface TraceParent {
  traceId: TraceId;
  spanId: SpanId;
  /** false (flag 00): recorded all the same, but never exported. */
  sampled: boolean;
}

/** Reads a `traceparent` (https://www.w3.org/TR/trace-context/#traceparent-header); undefined when not valid. */
export function parseTraceParent(text: string | undefined): TraceParent | undefined {
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(text?.trim() ?? "");
  if (match === null) return undefined;
  const [, version = "", traceId = "", spanId = "", flags = "", rest] = match;
  if (version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceParent(parent: TraceParent): string {
  return `00-${parent.traceId}-${parent.spanId}-${parent.sampled ? "01" : "00"}`;
}
