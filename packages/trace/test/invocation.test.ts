import { describe, expect, test } from "vitest";
import { foldTrace } from "../src/fold-trace.ts";
import { addUsage, isToolError, toInvocation, totalsOf, type WriterState } from "../src/invocation.ts";
import type { TraceRecord, Usage } from "../src/record.ts";
import { at, INVOCATION, record, toEntries } from "./records.ts";

const fold = (...records: TraceRecord[]) => foldTrace(toEntries(records));
const invocationOf = (records: TraceRecord[], writer: WriterState = "unknown") =>
  toInvocation(fold(...records), "/store/t.jsonl", () => writer);

function completion(seq: number, name: string, fields: object): TraceRecord {
  return record("completion", seq, name, { status: "ok", ...fields });
}

describe("usage", () => {
  test("adds what both sides know and keeps what is partial", () => {
    const sum: Usage = {};
    addUsage(sum, { input_tokens: 5, output_tokens: 1, partial: ["output_tokens"] });
    addUsage(sum, undefined);
    addUsage(sum, { input_tokens: 7, cache_read_tokens: 3, partial: ["input_tokens", "output_tokens"] });
    expect(sum).toEqual({
      input_tokens: 12,
      output_tokens: 1,
      cache_read_tokens: 3,
      partial: ["input_tokens", "output_tokens"],
    });
  });

  test("that nobody knows stays unknown", () => {
    const sum: Usage = {};
    addUsage(sum, { input_tokens: 0 });
    expect(sum).toEqual({ input_tokens: 0 });
  });
});

test("a tool result is an error when flagged or when its exit code is not 0, refused and stopped ones included", () => {
  expect(isToolError({})).toBe(false);
  expect(isToolError({ exit_code: 0, status: "ok" })).toBe(false);
  expect(isToolError({ status: "denied" })).toBe(false);
  expect(isToolError({ status: "denied", error_basis: "flag" })).toBe(true);
  expect(isToolError({ exit_code: 2 })).toBe(true);
  expect(isToolError({ status: "error" })).toBe(true);
});

describe("totals", () => {
  test("count answers as calls and failures as errors, whatever span they are below", () => {
    const totals = totalsOf(
      fold(
        record("turn_start", 0, "1", { turn: 1 }),
        record("agent_start", 1, "2", { parent: "1", agent: { name: "x" } }),
        completion(2, "3", { parent: "2", usage: { input_tokens: 1 } }),
        completion(3, "4", { parent: "1", status: "interrupted", usage: { input_tokens: 2 } }),
        completion(4, "5", { parent: "1", status: "error" }),
        record("prompt", 5, "6", { parent: "1", input: {} }),
        record("tool_call", 6, "7", { name: "Bash" }),
        record("tool_result", 7, "7", { name: "Bash", status: "error", error_basis: "flag" }),
        record("tool_call", 8, "8", { name: "Bash" }),
      ),
    );
    expect(totals).toEqual({
      turns: 1,
      llm_calls: 2,
      llm_errors: 1,
      tool_calls: 2,
      tool_errors: 1,
      usage: { input_tokens: 3 },
      cost: { usd: null, basis: "unknown" },
    });
  });

  test("give a cost only where every answer has one, and the agent's own wins", () => {
    const priced = completion(0, "3", { cost: { usd: 0.5, basis: "reported" } });
    const computed = completion(1, "4", { cost: { usd: 0.25, basis: "computed" } });
    const unpriced = completion(2, "5", { cost: { usd: null, basis: "unknown" } });
    const failed = completion(3, "6", { status: "error" });
    expect(totalsOf(fold(priced)).cost).toEqual({ usd: 0.5, basis: "reported" });
    expect(totalsOf(fold(priced, computed, failed)).cost).toEqual({ usd: 0.75, basis: "computed" });
    expect(totalsOf(fold(priced, unpriced)).cost).toEqual({ usd: null, basis: "unknown" });
    expect(totalsOf(fold(priced, unpriced), 3).cost).toEqual({ usd: 3, basis: "reported" });
  });
});

describe("the invocation object", () => {
  const start = record("invocation_start", 0, "1", {
    at: 0,
    trace_id: "0af7651916cd43dd8448eb211c80319c",
    origin: "recorded",
    session_id: "https://github.com/o/r/pull/7",
    agent: { name: "claude-code", role: "reviewer", team: "core" },
    conversation_id: "c1",
    pointers: {
      repository_url: "https://github.com/o/r",
      head_revision: "abc",
      change_url: "u",
      run_url: "v",
    },
    capture: { level: "full" },
  });

  test("has every key, in the documented order", () => {
    const one = invocationOf([
      start,
      record("turn_start", 1, "2", { at: 1, turn: 1 }),
      completion(2, "3", { at: 2, model: "m2", usage: { input_tokens: 4 } }),
      completion(3, "4", { at: 3, model: "m1" }),
      completion(4, "5", { at: 3, status: "error", model: "m0" }),
      record("decision", 5, "d", { at: 5, parent: "2", verdict: "comment", basis: "declared" }),
      record("decision", 6, "e", { at: 4, verdict: "approve", basis: "declared" }),
      record("turn_end", 7, "2", { at: 6, turn: 1, status: "success", duration_ms: 4500 }),
      record("invocation_end", 8, "1", {
        at: 10,
        status: "success",
        totals: { cost: { usd: 1.5, basis: "reported" } },
        losses: { truncated: 1 },
      }),
    ]);
    expect(JSON.stringify(one)).toBe(
      JSON.stringify({
        invocation_id: INVOCATION,
        trace_id: "0af7651916cd43dd8448eb211c80319c",
        path: "/store/t.jsonl",
        origin: "recorded",
        agent: "claude-code",
        role: "reviewer",
        team: "core",
        conversation_id: "c1",
        session_id: "https://github.com/o/r/pull/7",
        status: "success",
        start_time: at(0),
        duration_ms: 10_000,
        active_ms: 4500,
        turns: 1,
        llm_calls: 2,
        llm_errors: 1,
        tool_calls: 0,
        tool_errors: 0,
        usage: { input_tokens: 4 },
        cost: { usd: 1.5, basis: "reported" },
        models: ["m1", "m2"],
        decision: "comment",
        repository_url: "https://github.com/o/r",
        head_revision: "abc",
        change_url: "u",
        run_url: "v",
        losses: { truncated: 1 },
      }),
    );
  });

  test("of a run without an end is what its writer is", () => {
    expect(invocationOf([start], "alive").status).toBe("running");
    expect(invocationOf([start], "gone").status).toBe("crashed");
    expect(invocationOf([start], "unknown").status).toBe("unknown");
  });

  test("does not ask for the writer where the end is written", () => {
    const end = record("invocation_end", 1, "1", { status: "cancelled" });
    const ask = (): WriterState => {
      throw new Error("asked");
    };
    expect(toInvocation(fold(start, end), "p", ask).status).toBe("cancelled");
  });

  test("of an empty or foreign file says that nothing is known", () => {
    expect(invocationOf([])).toMatchObject({
      status: "unknown",
      agent: "plain",
      duration_ms: null,
      active_ms: null,
    });
    const odd = record("invocation_start", 0, "1", {});
    expect(invocationOf([odd])).toMatchObject({
      origin: "unknown",
      agent: "plain",
      trace_id: INVOCATION.replaceAll("-", ""),
    });
  });
});
