/** Traces made by hand, in a store of their own below the system's folder for temporary files. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { encodeLine, spanIdOf, traceFilePath, type TraceRecord } from "@spoor/trace";

export type Fields = Record<string, unknown>;

/** A folder that goes when the test ends. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "spoor-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const RUN_ID = "01939f3e-7d30-7abc-8def-3f9c2ab81d04";
/** The root span of a run. */
export function rootOf(id: string = RUN_ID): string {
  return spanIdOf(id, "invocation", "");
}

/** One run: a turn in which the model reads, runs a failing test, and answers. */
export function exampleRecords(id: string = RUN_ID, start = "2026-11-20T09:00:00.000Z"): Fields[] {
  const at = (seconds: number): string => new Date(Date.parse(start) + seconds * 1000).toISOString();
  const root = rootOf(id);
  const turn = "b100000000000001";
  const usage = { input_tokens: 12_300, cache_read_tokens: 9000, output_tokens: 210 };
  return [
    {
      type: "invocation_start",
      time: at(0),
      span_id: root,
      trace_id: id.replaceAll("-", ""),
      origin: "recorded",
      session_id: "https://github.com/example-org/shop/pull/7",
      agent: { name: "claude-code", version: "2.1.0", role: "reviewer" },
      conversation_id: `conversation-${id.slice(-4)}`,
      pointers: {
        repository_url: "https://github.com/example-org/shop",
        head_revision: "1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d",
        ref_name: "fix-cart",
        change_url: "https://github.com/example-org/shop/pull/7",
      },
      capture: { level: "full" },
      recorder: { name: "spoor", version: "0.1.0" },
      content: { command: ["claude", "-p", "Fix the cart"], cwd: "/home/dev/shop" },
    },
    {
      type: "turn_start",
      time: at(0.1),
      span_id: turn,
      parent_span_id: root,
      turn: 1,
      origin: "user",
      content: { prompt: "Fix the cart,\nplease" },
    },
    {
      type: "prompt",
      time: at(0.2),
      span_id: "c100000000000001",
      parent_span_id: turn,
      model: "claude-opus-4-8",
      input: { messages: 1, reason: "start", complete: true },
      content: {
        system: "You are careful.",
        messages: [{ role: "user", parts: [{ type: "text", content: "Fix the cart,\nplease" }] }],
      },
    },
    {
      type: "completion",
      time: at(4.4),
      span_id: "c100000000000001",
      parent_span_id: turn,
      model: "claude-opus-4-8",
      status: "ok",
      usage,
      cost: { usd: 0.04, basis: "reported" },
      content: {
        messages: [
          {
            role: "assistant",
            parts: [
              { type: "text", content: "I'll run the tests first." },
              { type: "tool_call", id: "call_1", name: "Bash" },
            ],
          },
        ],
      },
    },
    {
      type: "tool_call",
      time: at(4.5),
      span_id: "d100000000000001",
      parent_span_id: turn,
      name: "Bash",
      call_id: "call_1",
      kind: "shell",
      content: { arguments: { command: "npm test" } },
    },
    {
      type: "tool_result",
      time: at(16.6),
      span_id: "d100000000000001",
      parent_span_id: turn,
      name: "Bash",
      call_id: "call_1",
      status: "error",
      error_basis: "exit_code",
      exit_code: 1,
      content: { result: "1 failed" },
    },
    {
      type: "prompt",
      time: at(16.7),
      span_id: "c200000000000002",
      parent_span_id: turn,
      model: "claude-opus-4-8",
      input: { messages: 3, base_span_id: "c100000000000001", complete: true },
      content: { messages: [{ role: "tool", parts: [{ type: "tool_call_response", id: "call_1" }] }] },
    },
    {
      type: "completion",
      time: at(20),
      span_id: "c200000000000002",
      parent_span_id: turn,
      model: "claude-opus-4-8",
      status: "ok",
      usage,
      cost: { usd: 0.06, basis: "reported" },
      content: {
        messages: [{ role: "assistant", parts: [{ type: "text", content: "The cart adds twice." }] }],
      },
    },
    {
      type: "decision",
      time: at(20.1),
      span_id: "e100000000000001",
      parent_span_id: turn,
      verdict: "request_changes",
      basis: "tool_call",
      content: { reasoning: "It adds twice" },
    },
    { type: "turn_end", time: at(20.2), span_id: turn, parent_span_id: root, turn: 1, status: "success" },
    {
      type: "invocation_end",
      time: at(21),
      span_id: root,
      status: "success",
      exit_code: 0,
      duration_ms: 21_000,
      redactions: { "github-token": 2 },
    },
  ];
}

/** Writes a trace as the recorder would place it; returns its path. */
export function writeTrace(directory: string, records: readonly Fields[], id: string = RUN_ID): string {
  const start = String(records[0]?.["time"] ?? "2026-11-20T09:00:00.000Z");
  const path = traceFilePath(directory, start, "claude-code", id);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, textOf(records, id), { mode: 0o600 });
  return path;
}

/** The lines of a trace. */
export function textOf(records: readonly Fields[], id: string = RUN_ID): string {
  return records
    .map(
      (fields, seq) => encodeLine({ v: 1, seq, invocation_id: id, ...fields } as unknown as TraceRecord).line,
    )
    .join("");
}

/** A store with the example run in it. */
export function exampleStore(): string {
  const directory = makeFolder();
  writeTrace(directory, exampleRecords());
  return directory;
}
