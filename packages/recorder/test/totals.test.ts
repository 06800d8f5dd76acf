import { foldTrace, type Trace, type TraceRecord, type Usage } from "@spoor/trace";
import { expect, test } from "vitest";
import { reportedTotals } from "../src/totals.ts";

/** A trace with one answer. */
function answered(usage: Usage, cost?: object): Trace {
  const record = {
    v: 1,
    type: "completion",
    seq: 0,
    time: "2026-11-20T09:00:00.000Z",
    invocation_id: "019aa0c4-7a00-7abc-8def-0123456789ab",
    span_id: "00000000000000aa",
    model: "m",
    status: "ok",
    usage,
    ...(cost === undefined ? {} : { cost }),
  } as unknown as TraceRecord;
  return foldTrace([{ kind: "record", record, offset: 0, length: 1 }]);
}

test("what the agent says of the whole run fills in only what its calls left open", () => {
  const trace = answered({ input_tokens: 10, output_tokens: 2, partial: ["output_tokens"] });
  const reportedUsage = { input_tokens: 99, output_tokens: 7 };
  expect(reportedTotals(trace, { reportedUsage }).usage).toEqual({ input_tokens: 10, output_tokens: 7 });
});

test("what the agent says less of than its calls do, or nothing, stays partial", () => {
  const trace = answered({
    output_tokens: 5,
    reasoning_tokens: 1,
    partial: ["output_tokens", "reasoning_tokens"],
  });
  expect(reportedTotals(trace, { reportedUsage: { output_tokens: 4 } }).usage).toEqual({
    output_tokens: 5,
    reasoning_tokens: 1,
    partial: ["output_tokens", "reasoning_tokens"],
  });
  expect(reportedTotals(trace, {}).usage.partial).toHaveLength(2);
});

test("the cost that the agent reports wins over the sum of its calls", () => {
  const trace = answered({ input_tokens: 1 }, { usd: 0.5, basis: "computed" });
  expect(reportedTotals(trace, {}).cost).toEqual({ usd: 0.5, basis: "computed" });
  expect(reportedTotals(trace, { reportedCostUsd: 0.7 }).cost).toEqual({ usd: 0.7, basis: "reported" });
});
