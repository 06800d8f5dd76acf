import { describe, expect, test } from "vitest";
import type { JsonObject, SourceLine } from "../../src/adapter.ts";
import { claudeCode } from "../../src/claude-code/index.ts";
import { ofType, read } from "../conversations.ts";
import { gives, prompt, readAll, says, session, stream, system, text, uses, USED } from "./session.ts";

const unfinished = (output: number): JsonObject => ({
  message: { stop_reason: null, usage: { ...USED, output_tokens: output } },
});

function usagesOf(lines: readonly SourceLine[]): unknown[] {
  return ofType(readAll(lines), "completion").map(({ usage }) => usage);
}

describe("usage", () => {
  test("has inclusive input: what was read from and written to the cache is in it", () => {
    const details = { message: { usage: { ...USED, output_tokens_details: { thinking_tokens: 3 } } } };
    expect(usagesOf(session(prompt("go"), says("m1", text("1"), details)))).toEqual([
      {
        input_tokens: 60,
        cache_read_tokens: 20,
        cache_write_tokens: 30,
        output_tokens: 5,
        reasoning_tokens: 3,
      },
    ]);
  });

  test("of an answer in several lines counts once, from the line with the most output", () => {
    const lines = session(
      prompt("go"),
      says("m1", text("1"), unfinished(1)),
      says("m1", text("2"), { message: { usage: { ...USED, output_tokens: 400 } } }),
      says("m1", text("3"), unfinished(2)),
    );
    expect(usagesOf(lines)).toMatchObject([{ output_tokens: 400 }]);
    expect(usagesOf(lines)[0]).not.toHaveProperty("partial");
  });

  test("of an answer that never says why it stopped is a lower bound", () => {
    expect(usagesOf(session(prompt("go"), says("m1", text("1"), unfinished(8))))).toMatchObject([
      { output_tokens: 8, partial: ["output_tokens"] },
    ]);
  });

  test("of the stream is a lower bound, unless its raw events tell more", () => {
    const delta = {
      type: "stream_event",
      event: {
        type: "message_delta",
        delta: { stop_reason: "end_turn" },
        usage: { ...USED, output_tokens: 90 },
      },
    };
    const begin = { type: "stream_event", event: { type: "message_start", message: { id: "m1" } } };
    const events = readAll(stream(system("init"), begin, says("m1", text("1"), unfinished(1)), delta));
    expect(ofType(events, "completion")).toMatchObject([
      { usage: { output_tokens: 90 }, finish_reasons: ["end_turn"] },
    ]);
    expect(usagesOf(stream(system("init"), says("m1", text("1"), unfinished(1))))).toMatchObject([
      { partial: ["output_tokens"] },
    ]);
  });

  test("that is told after the record was written amends it", () => {
    const told = {
      type: "stream_event",
      api_message_id: "m1",
      event: {
        type: "message_delta",
        delta: { stop_reason: "tool_use" },
        usage: { ...USED, output_tokens: 90 },
      },
    };
    const events = readAll(stream(system("init"), says("m1", uses("t1"), unfinished(1)), gives("t1"), told));
    expect(ofType(events, "amend")).toMatchObject([
      { of: "completion", span: { key: "m1" }, fields: { usage: { output_tokens: 90, partial: [] } } },
    ]);
  });
});

describe("what the session says it cost", () => {
  const cost = (usd: number, output: number): JsonObject => ({
    type: "cost-state",
    totalCostUSD: usd,
    hasUnknownModelCost: false,
    modelUsage: {
      a: { inputTokens: 1, outputTokens: output },
      b: { outputTokens: 1, cacheReadInputTokens: 2 },
    },
  });

  test("is the last sum, over all models", () => {
    const parser = claudeCode.createParser();
    readAll(session(prompt("go"), says("m1", text("1")), cost(0.1, 5), cost(0.3, 9)), parser);
    expect(parser.facts).toMatchObject({
      reportedCostUsd: 0.3,
      reportedUsage: { input_tokens: 3, cache_read_tokens: 2, output_tokens: 10 },
    });
  });

  test("is not known where a model has no price", () => {
    const parser = claudeCode.createParser();
    readAll(
      session(prompt("go"), says("m1", text("1")), { ...cost(0.1, 5), hasUnknownModelCost: true }),
      parser,
    );
    expect(parser.facts.reportedCostUsd).toBeUndefined();
  });

  test("counts from where the parser went on: the sums go on over the session's processes", () => {
    const parser = claudeCode.createParser();
    const lines = session(
      prompt("go"),
      says("m1", text("1")),
      cost(0.25, 5),
      prompt("more"),
      says("m2", text("2")),
      cost(0.75, 12),
    );
    read(parser, lines.slice(0, 3));
    parser.resume();
    readAll(lines.slice(3), parser);
    expect(parser.facts).toMatchObject({ reportedCostUsd: 0.5, reportedUsage: { output_tokens: 7 } });
  });

  test("of old streams stands under another name", () => {
    const parser = claudeCode.createParser();
    readAll(stream(system("init"), { type: "result", cost_usd: 0.02 }), parser);
    expect(parser.facts.reportedCostUsd).toBe(0.02);
  });
});
