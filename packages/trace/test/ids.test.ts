import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import {
  formatTraceParent,
  importedInvocationId,
  newInvocationId,
  parseTraceParent,
  spanIdOf,
  traceIdOf,
} from "../src/ids.ts";

const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const nowMs = Date.UTC(2026, 10, 20, 9);

test("a new invocation id is a UUIDv7 of its time", () => {
  expect(newInvocationId(0x019a_a0b8_c500, new Uint8Array(10).fill(255))).toBe(
    "019aa0b8-c500-7fff-bfff-ffffffffffff",
  );
  expect(newInvocationId(nowMs, new Uint8Array(10))).toMatch(uuidV7);
});

test("ids of later times sort later", () => {
  const random = new Uint8Array(10);
  expect(newInvocationId(nowMs, random) < newInvocationId(nowMs + 1, random)).toBe(true);
});

test("an imported conversation has the same id at every import, and its own", () => {
  const id = importedInvocationId(nowMs, "codex", "c1");
  expect(id).toMatch(uuidV7);
  expect(importedInvocationId(nowMs, "codex", "c1")).toBe(id);
  expect(importedInvocationId(nowMs, "codex", "c2")).not.toBe(id);
  expect(importedInvocationId(nowMs, "claude-code", "c1")).not.toBe(id);
});

test("an unusable time still gives an id of the right shape", () => {
  for (const time of [Number.NaN, -5, Number.POSITIVE_INFINITY, 1e300, 0.5])
    expect(importedInvocationId(time, "codex", "c1")).toMatch(uuidV7);
});

test("a trace id is the invocation's 16 bytes", () => {
  expect(traceIdOf("019aa0c4-7a00-7abc-8def-0123456789ab")).toBe("019aa0c47a007abc8def0123456789ab");
});

test("a span id is the first 8 bytes of sha256 over invocation, kind and key", () => {
  const id = importedInvocationId(nowMs, "codex", "c1");
  const digest = createHash("sha256").update(`${id}\ntool\ntoolu_1`).digest("hex");
  expect(spanIdOf(id, "tool", "toolu_1")).toBe(digest.slice(0, 16));
  expect(spanIdOf(id, "model", "toolu_1")).not.toBe(spanIdOf(id, "tool", "toolu_1"));
});

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

test("a traceparent is read and written", () => {
  const text = `00-${traceId}-${spanId}-01`;
  expect(parseTraceParent(text)).toEqual({ traceId, spanId, sampled: true });
  expect(parseTraceParent(` ${text}\n`)).toEqual({ traceId, spanId, sampled: true });
  expect(parseTraceParent(`00-${traceId}-${spanId}-00`)?.sampled).toBe(false);
  expect(formatTraceParent({ traceId, spanId, sampled: true })).toBe(text);
  expect(formatTraceParent({ traceId, spanId, sampled: false })).toBe(`00-${traceId}-${spanId}-00`);
});

test("a later version's traceparent may go on after the flags, this version's may not", () => {
  expect(parseTraceParent(`01-${traceId}-${spanId}-01-more`)).toEqual({ traceId, spanId, sampled: true });
  expect(parseTraceParent(`00-${traceId}-${spanId}-01-more`)).toBeUndefined();
});

test.each([
  undefined,
  "",
  "garbage",
  `ff-${traceId}-${spanId}-01`,
  `00-${"0".repeat(32)}-${spanId}-01`,
  `00-${traceId}-${"0".repeat(16)}-01`,
  `00-${traceId.toUpperCase()}-${spanId}-01`,
  `00-${traceId}-${spanId}`,
])("%s is no traceparent", (text) => {
  expect(parseTraceParent(text)).toBeUndefined();
});
