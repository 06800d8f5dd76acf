import type { Invocation } from "@spoor/trace";
import { describe, expect, test } from "vitest";
import { sumInvocations } from "../src/sum-invocations.ts";

function invocation(fields: Partial<Invocation>): Invocation {
  return {
    invocation_id: "id",
    trace_id: "trace",
    path: "path",
    origin: "recorded",
    agent: "plain",
    role: "fixer",
    team: null,
    conversation_id: null,
    session_id: null,
    status: "success",
    start_time: "2026-11-20T09:00:00.000Z",
    duration_ms: 1000,
    active_ms: null,
    turns: 0,
    llm_calls: 0,
    llm_errors: 0,
    tool_calls: 0,
    tool_errors: 0,
    usage: {},
    cost: { usd: null, basis: "unknown" },
    models: [],
    decision: null,
    repository_url: null,
    head_revision: null,
    change_url: null,
    run_url: null,
    losses: {},
    ...fields,
  };
}

const called = (fields: Partial<Invocation>): Invocation => invocation({ llm_calls: 1, ...fields });
const usd = (amount: number, basis: Invocation["cost"]["basis"]): Invocation["cost"] => ({
  usd: amount,
  basis,
});

test("a command without other conversations is itself", () => {
  const command = invocation({ llm_calls: 3 });
  expect(sumInvocations(command, [])).toBe(command);
});

test("the command's own words stay, its figures are those of all", () => {
  const command = invocation({ duration_ms: 5000, status: "failure", losses: { unknown: 1 } });
  const one = called({
    turns: 1,
    tool_calls: 2,
    tool_errors: 1,
    active_ms: 30,
    models: ["b", "a"],
    losses: { torn: 1 },
  });
  const two = called({
    turns: 2,
    llm_errors: 1,
    active_ms: 12,
    models: ["a"],
    losses: { unknown: 2 },
    status: "success",
  });
  expect(sumInvocations(command, [one, two])).toEqual({
    ...command,
    turns: 3,
    llm_calls: 2,
    llm_errors: 1,
    tool_calls: 2,
    tool_errors: 1,
    active_ms: 42,
    models: ["a", "b"],
    losses: { unknown: 3, torn: 1 },
  });
});

test("token kinds add up, and what is partial in one is partial in all", () => {
  const one = called({ usage: { input_tokens: 10, output_tokens: 1, partial: ["output_tokens"] } });
  const two = called({ usage: { input_tokens: 5, cache_read_tokens: 2 } });
  expect(sumInvocations(invocation({}), [one, two]).usage).toEqual({
    input_tokens: 15,
    cache_read_tokens: 2,
    output_tokens: 1,
    partial: ["output_tokens"],
  });
});

describe("a cost", () => {
  test.each([
    ["of reported ones is reported", [usd(1, "reported"), usd(2, "reported")], usd(3, "reported")],
    [
      "of a reported and a computed one is computed",
      [usd(1, "reported"), usd(2, "computed")],
      usd(3, "computed"),
    ],
    [
      "that is unknown in part is unknown",
      [usd(1, "reported"), { usd: null, basis: "unknown" }],
      { usd: null, basis: "unknown" },
    ],
  ] as const)("%s", (_, costs, sum) => {
    expect(
      sumInvocations(
        invocation({}),
        costs.map((cost) => called({ cost })),
      ).cost,
    ).toEqual(sum);
  });

  test("is not asked of one that made no call", () => {
    const silent = invocation({ agent: "codex" });
    expect(sumInvocations(invocation({}), [silent, called({ cost: usd(2, "reported") })]).cost).toEqual(
      usd(2, "reported"),
    );
  });
});

test("the last decision and the first change count", () => {
  const one = called({ decision: "comment", change_url: "https://example.com/1" });
  const two = called({ decision: "approve", change_url: "https://example.com/2" });
  expect(sumInvocations(invocation({}), [one, two])).toMatchObject({
    decision: "approve",
    change_url: "https://example.com/1",
  });
});
