import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { foldTrace } from "../src/fold-trace.ts";
import type { Entry } from "../src/read-line.ts";
import type { TraceRecord } from "../src/record.ts";
import type { Span, Trace } from "../src/span.ts";
import { anyRecord, at, record, span, toEntries } from "./records.ts";

function fold(...records: TraceRecord[]): Trace {
  return foldTrace(toEntries(records));
}

function find(trace: Trace, name: string): Span {
  const found = trace.spans.find((one) => one.span_id === span(name));
  if (found === undefined) throw new Error(`no span ${name}`);
  return found;
}

/** A run with a turn, two calls, a tool that is amended, a point, a late child and a gap. */
const run: TraceRecord[] = [
  record("invocation_start", 0, "1", { at: 0, agent: { name: "claude-code" }, capture: { level: "full" } }),
  record("turn_start", 1, "2", { at: 1, parent: "1", turn: 1 }),
  record("prompt", 2, "3", { at: 2, parent: "2", model: "m", input: { reason: "start" } }),
  record("completion", 3, "3", {
    at: 4,
    status: "ok",
    usage: { input_tokens: 10 },
    content: { messages: [] },
  }),
  record("tool_call", 4, "4", { at: 4, parent: "2", name: "Bash", kind: "shell" }),
  record("event", 5, "e1", { at: 4.5, parent: "4", name: "permission" }),
  record("amend", 6, "3", { at: 5, of: "completion", usage: { output_tokens: 3 } }),
  record("tool_result", 7, "4", { at: 6, name: "Bash", status: "ok", exit_code: 0 }),
  record("amend", 8, "4", { at: 7, of: "tool_result", status: "error", exit_code: 1 }),
  record("amend", 9, "4", { at: 8, of: "tool_result", exit_code: 2 }),
  record("gap", 10, "g", { at: 8, records: 3, bytes: 900, reason: "ENOSPC" }),
  record("decision", 11, "d", { at: 8, parent: "2", verdict: "approve", basis: "declared" }),
  record("turn_end", 12, "2", { at: 9, turn: 1, status: "success" }),
  record("tool_call", 13, "5", { at: 9.5, parent: "2", name: "Read", kind: "file" }),
  record("invocation_end", 14, "1", { at: 10, status: "success", losses: { truncated: 2, gaps: 3 } }),
];

describe("spans", () => {
  test("are starts paired with their ends, the root first, then by start time", () => {
    const trace = fold(...run);
    expect(trace.spans.map((one) => [one.kind, one.name, one.status, one.start_time, one.end_time])).toEqual([
      ["invocation", "claude-code", "success", at(0), at(10)],
      ["turn", "turn 1", "success", at(1), at(9)],
      ["model", "m", "ok", at(2), at(4)],
      ["tool", "Bash", "error", at(4), at(6)],
      ["tool", "Read", "interrupted", at(9.5), at(10)],
    ]);
    expect(trace.invocation).toBe(trace.spans[0]);
    expect(trace).toMatchObject({
      invocation_id: run[0]?.invocation_id,
      records: run.length,
      lastTime: at(10),
    });
  });

  test("are the same in whatever order the records come", () => {
    const expected = foldTrace(toEntries(run));
    fc.assert(
      fc.property(fc.shuffledSubarray(toEntries(run), { minLength: run.length }), (entries) => {
        expect(foldTrace(entries)).toEqual(expected);
      }),
    );
  });

  test("of any records at all are the same in whatever order they come, and never throw", () => {
    const distinct = fc
      .array(anyRecord, { maxLength: 8 })
      .map((records) => toEntries(records.map((one, seq) => ({ ...one, seq }))));
    fc.assert(
      fc.property(
        distinct.chain((entries) =>
          fc.tuple(fc.constant(entries), fc.shuffledSubarray(entries, { minLength: entries.length })),
        ),
        ([entries, shuffled]) => {
          expect(foldTrace(shuffled)).toEqual(foldTrace(entries));
        },
      ),
      { numRuns: 300 },
    );
  });

  test("that never ended are interrupted and last until the invocation's end, or the last record", () => {
    const started = record("tool_call", 1, "4", { at: 2, name: "Bash", kind: "shell" });
    const end = record("invocation_end", 2, "1", { at: 9, status: "crashed" });
    expect(find(fold(started, end), "4")).toMatchObject({
      status: "interrupted",
      ended: false,
      end_time: at(9),
    });
    const last = record("event", 2, "e", { at: 5, name: "plan" });
    expect(find(fold(started, last), "4")).toMatchObject({ status: "interrupted", end_time: at(5) });
  });

  test("of which only the end is in the file begin as long before it as it took", () => {
    const end = record("tool_result", 0, "4", { at: 5, name: "Bash", status: "ok", duration_ms: 1500 });
    expect(find(fold(end), "4")).toMatchObject({
      name: "Bash",
      start_time: at(3.5),
      end_time: at(5),
      ended: true,
    });
  });

  test("never end before they begin, even where the clock was set back", () => {
    const trace = fold(
      record("turn_start", 0, "2", { at: 100, turn: 1 }),
      record("turn_end", 1, "2", { at: 40, turn: 1, status: "success" }),
    );
    expect(find(trace, "2")).toMatchObject({ start_time: at(100), end_time: at(100) });
  });

  test("carry their points by time; a point without a parent in the file stays loose", () => {
    const trace = fold(
      record("turn_start", 0, "2", { turn: 1 }),
      record("event", 1, "e1", { at: 9, parent: "2", name: "plan" }),
      record("score", 2, "e2", { at: 3, parent: "2", name: "s@1", value: 1 }),
      record("event", 3, "e3", { at: 3, parent: "2", name: "hook" }),
      record("decision", 4, "e4", { at: 1, parent: "ff", verdict: "merge", basis: "declared" }),
      record("event", 5, "e5", { at: 2, name: "interrupt" }),
    );
    expect(find(trace, "2").points.map((point) => point.span_id)).toEqual(["e2", "e3", "e1"].map(span));
    expect(trace.looseEvents.map((point) => point.span_id)).toEqual(["e4", "e5"].map(span));
  });
});

describe("amendments", () => {
  test("apply in writing order, whatever their times", () => {
    const trace = fold(
      record("completion", 0, "3", { status: "ok", model: "a" }),
      record("amend", 2, "3", { at: 1, of: "completion", model: "c" }),
      record("amend", 1, "3", { at: 9, of: "completion", model: "b" }),
    );
    expect(find(trace, "3").end).toMatchObject({ model: "c" });
  });

  test("may stand before what they amend", () => {
    const trace = fold(
      record("amend", 0, "3", { of: "completion", model: "b" }),
      record("completion", 1, "3", { status: "ok", model: "a" }),
    );
    expect(find(trace, "3").name).toBe("b");
    expect(trace.losses).toEqual({});
  });

  test("change points too", () => {
    const trace = fold(
      record("decision", 0, "d", { verdict: "comment", basis: "tool_call" }),
      record("amend", 1, "d", { of: "decision", verdict: "approve" }),
    );
    expect(trace.looseEvents).toMatchObject([{ verdict: "approve" }]);
  });

  test("of what is not in the file are counted", () => {
    const trace = fold(
      record("tool_call", 0, "4", { name: "Bash" }),
      record("amend", 1, "4", { of: "tool_result", status: "ok" }),
      record("amend", 2, "5", { of: "tool_call", name: "x" }),
      record("amend", 3, "6", { of: "event", name: "x" }),
      record("amend", 4, "4", { of: "vote", name: "x" }),
    );
    expect(trace.losses).toEqual({ unknown: 4 });
    expect(trace.spans).toHaveLength(1);
  });

  test("of a duration taken from the source's lines move the end with it", () => {
    const lines = [
      record("prompt", 0, "3", { at: 0, input: {} }),
      record("completion", 1, "3", { at: 2, status: "ok", duration_ms: 2000, duration_basis: "lines" }),
    ];
    const longer = record("amend", 2, "3", { at: 60, of: "completion", duration_ms: 5000 });
    expect(find(fold(...lines, longer), "3")).toMatchObject({ end_time: at(5) });
    const told = { ...longer, duration_basis: "reported" } as TraceRecord;
    expect(find(fold(...lines, told), "3")).toMatchObject({ end_time: at(2) });
  });

  test("of the invocation's end move the end of what never ended", () => {
    const trace = fold(
      record("invocation_start", 0, "1", { at: 0 }),
      record("tool_call", 1, "4", { at: 1, name: "Bash" }),
      record("invocation_end", 2, "1", { at: 2, status: "unknown", duration_ms: 2000 }),
      record("amend", 3, "1", { at: 99, of: "invocation_end", duration_ms: 7000, status: "success" }),
    );
    expect(trace.spans.map((one) => [one.status, one.end_time])).toEqual([
      ["success", at(7)],
      ["interrupted", at(7)],
    ]);
    expect(trace.lastTime).toBe(at(2));
  });
});

describe("losses", () => {
  const torn: Entry = { kind: "torn", offset: 900, length: 3 };

  test("are counted under the name each line was given", () => {
    const trace = foldTrace([
      ...toEntries([record("turn_start", 0, "2", { turn: 1 })]),
      { kind: "malformed", loss: "overlong", reason: "", offset: 200, length: 9 },
      { kind: "malformed", loss: "malformed", reason: "", offset: 210, length: 9 },
      { kind: "malformed", loss: "unknown", reason: "", offset: 220, length: 9 },
      torn,
    ]);
    expect(trace.losses).toEqual({ torn: 1, malformed: 1, overlong: 1, unknown: 1 });
  });

  test("include types and fields of a later minor version, once a record", () => {
    const trace = fold(
      record("vote", 0, "a", { weight: 3 }),
      record("gap", 1, "b", { records: 0 }),
      record("tool_call", 2, "c", { name: "x", later: 1, latest: 2 }),
      record("event", 3, "d", { name: "x", free: 1 }),
    );
    expect(trace.losses).toEqual({ unknown: 2 });
  });

  test("of records that never reached the file are counted once, however often they are told", () => {
    const gap = record("gap", 4, "g", { records: 3, bytes: 1, reason: "ENOSPC" });
    const start = record("invocation_start", 0, "1");
    const end = (losses: object): TraceRecord =>
      record("invocation_end", 5, "1", { status: "success", losses });
    expect(fold(start, gap, end({ gaps: 3, truncated: 1 })).losses).toEqual({ gaps: 3, truncated: 1 });
    expect(fold(start, gap, end({})).losses).toEqual({ gaps: 3 });
    expect(fold(start, gap, end({ gaps: 5 })).losses).toEqual({ gaps: 5 });
    expect(fold(start, end({})).losses).toEqual({ gaps: 4 });
  });

  test("by a hole in seq are not counted where a damaged line explains it, or reading began later", () => {
    const after = record("turn_start", 2, "2", { turn: 1 });
    const [late] = toEntries([after]);
    expect(foldTrace([{ ...(late as Entry), offset: 500 } as Entry]).losses).toEqual({});
    const damaged: Entry = { kind: "malformed", loss: "malformed", reason: "", offset: 0, length: 9 };
    expect(foldTrace([damaged, { ...(late as Entry), offset: 10 } as Entry]).losses).toEqual({
      malformed: 1,
      gaps: 1,
    });
  });

  test("include a record that stands twice; the one written first counts", () => {
    const trace = fold(
      record("tool_call", 1, "4", { name: "second" }),
      record("tool_call", 0, "4", { name: "first" }),
      record("event", 2, "e", { name: "plan" }),
      record("event", 3, "e", { name: "hook" }),
    );
    expect(find(trace, "4").name).toBe("first");
    expect(trace.looseEvents).toMatchObject([{ name: "plan" }]);
    expect(trace.losses).toEqual({ malformed: 2 });
  });

  test("that the writer names by a word of its own are counted as unknown", () => {
    const losses = JSON.parse('{"torn":1,"eaten":4,"__proto__":2,"truncated":"many"}') as object;
    expect(fold(record("invocation_end", 0, "1", { losses })).losses).toEqual({
      torn: 1,
      unknown: 6,
      truncated: 1,
    });
  });
});

test("a file without its start still folds, and an empty one is an empty trace", () => {
  expect(fold(record("turn_start", 0, "2", { turn: 1 })).invocation).toBeUndefined();
  expect(foldTrace([])).toEqual({
    invocation_id: undefined,
    invocation: undefined,
    spans: [],
    looseEvents: [],
    losses: {},
    records: 0,
    lastTime: undefined,
  });
});

test("a span id that two kinds share gives two spans", () => {
  const trace = fold(
    record("turn_start", 0, "2", { turn: 1 }),
    record("tool_result", 1, "2", { name: "x", status: "ok" }),
  );
  expect(trace.spans.map((one) => one.kind)).toEqual(["turn", "tool"]);
});

test("values of the wrong shape change no more than the words shown for them", () => {
  const odd = { toString: 1, valueOf: 1 };
  const trace = fold(
    record("invocation_start", 0, "1", { agent: odd }),
    record("turn_start", 1, "2", { turn: odd }),
    record("completion", 2, "3", { status: odd, model: odd, duration_ms: "x" }),
    record("tool_call", 3, "4", { name: odd }),
    record("amend", 4, "3", {
      of: "completion",
      content: { messages: [null, { parts: 1 }, { role: 1, parts: [null] }] },
    }),
  );
  expect(trace.spans.map((one) => one.name)).toEqual(["unknown", "turn ?", "unknown model", "unknown tool"]);
});
