/** Whole runs of the released CLI against a scripted model server, whose answers are the truth. */

import { readdirSync, readFileSync } from "node:fs";
import { totalsOf } from "@spoor/trace";
import { describe, expect, test } from "vitest";
import type { SourceLine } from "../../src/adapter.ts";
import { claudeCode } from "../../src/claude-code/index.ts";
import type { Event } from "../../src/event.ts";
import { conversationsBelow, ofType, readAll, type StoredConversation } from "../conversations.ts";
import { traceOf } from "../trace-of.ts";

interface Tokens {
  input: number;
  cacheRead: number;
  cacheWrite: number;
  output: number;
  reasoning: number;
}

interface Truth {
  llm_calls: number;
  llm_errors: number;
  calls: {
    id: string;
    status: string;
    usage: Tokens;
    tools: { id: string; outcome?: string }[];
  }[];
  usage: Tokens;
}

const SCENARIOS = new URL("../../../../fixtures/transcripts/claude-code/2.1.329/", import.meta.url).pathname;

/** What 2.1.329 does not write into a transcript, by index of the call. */
const HIDDEN_CALLS: Record<string, readonly number[]> = {
  // The request for a summary leaves the summary only.
  compact: [2],
  // Lines were still to be written when the process was killed.
  killed: [1],
};
const HIDDEN_RESULTS: Record<string, readonly number[]> = { killed: [0] };
/** Of a request that the provider calls wrong, and that is sent in other words, only the last failure is told. */
const HIDDEN_ERRORS: Record<string, number> = { "api-error": 5 };

describe.each(readdirSync(SCENARIOS))("%s", (scenario) => {
  const truth = JSON.parse(readFileSync(`${SCENARIOS}${scenario}/truth.json`, "utf8")) as Truth;
  const conversations = conversationsBelow(claudeCode, `${SCENARIOS}${scenario}/`);
  const isStream = ({ lines }: StoredConversation): boolean => lines[0]?.kind === "stream";
  const eventsOf = ({ lines }: StoredConversation): Event[] => readAll(claudeCode.createParser(), lines);
  const events = conversations.filter((one) => !isStream(one)).map(eventsOf);
  const shown = truth.calls.filter((_, index) => HIDDEN_CALLS[scenario]?.includes(index) !== true);
  const answered = shown.filter(({ status }) => status === "ok");

  test("has in its transcripts the calls and tokens of the truth, each call once", () => {
    const completions = events.flatMap((one) => ofType(one, "completion"));
    const used = completions
      .filter(({ status }) => status === "ok")
      .map(({ span, usage }) => [
        span.key,
        usage?.input_tokens,
        usage?.cache_read_tokens,
        usage?.cache_write_tokens,
        usage?.output_tokens,
        usage?.reasoning_tokens,
      ]);
    expect(new Set(used)).toEqual(
      new Set(
        answered.map(({ id, usage }) => [
          `msg_${id}`,
          usage.input,
          usage.cacheRead,
          usage.cacheWrite,
          usage.output,
          usage.reasoning,
        ]),
      ),
    );
    expect(used).toHaveLength(answered.length);
    expect(completions.filter(({ status }) => status === "error")).toHaveLength(
      truth.llm_errors - (HIDDEN_ERRORS[scenario] ?? 0),
    );
  });

  test("has in its transcripts the tools of the truth with their outcomes", () => {
    const calls = events.flatMap((one) => ofType(one, "tool_call").map(({ call_id }) => call_id));
    const tools = answered.flatMap(({ tools: own }) => own);
    expect(calls.toSorted()).toEqual(tools.map(({ id }) => id).toSorted());
    const ended = answered
      .filter((_, index) => HIDDEN_RESULTS[scenario]?.includes(index) !== true)
      .flatMap(({ tools: own }) => own)
      .filter(({ outcome }) => outcome !== "unanswered");
    const results = events.flatMap((one) => ofType(one, "tool_result"));
    expect(Object.fromEntries(results.map(({ call_id, status }) => [call_id, status]))).toEqual(
      Object.fromEntries(ended.map(({ id, outcome }) => [id, outcome ?? "ok"])),
    );
  });

  test.each(conversations.filter(isStream).map((one) => [one.name, one] as const))(
    "has in %s the sums of the truth up to there",
    (name, conversation) => {
      const parser = claudeCode.createParser();
      readAll(parser, conversation.lines);
      const last = name === `run-${conversations.filter(isStream).length}.stdout.jsonl`;
      if (scenario === "killed") expect(parser.facts.reportedUsage).toBeUndefined();
      else if (last)
        expect(parser.facts.reportedUsage).toEqual({
          input_tokens: truth.usage.input,
          cache_read_tokens: truth.usage.cacheRead,
          cache_write_tokens: truth.usage.cacheWrite,
          output_tokens: truth.usage.output,
          reasoning_tokens: truth.usage.reasoning,
        });
    },
  );
});

describe("of the scenarios", () => {
  const eventsOf = (scenario: string, index = 0): Event[] => {
    const found = conversationsBelow(claudeCode, `${SCENARIOS}${scenario}/home/`);
    return readAll(claudeCode.createParser(), found[index]?.lines ?? []);
  };
  const turnsOf = (events: readonly Event[]): (string | undefined)[] =>
    ofType(events, "turn_end").map(({ status }) => status);

  test.each([
    ["ok", ["success"]],
    ["text", ["success"]],
    ["tui", ["success", "success"]],
    ["structured", ["success"]],
    ["interrupt", ["interrupted", "success"]],
    ["api-error", ["error"]],
    ["retry", ["success"]],
    ["killed", ["interrupted"]],
    ["resume", ["success", "success", "success"]],
    ["compact", ["success", "success"]],
    ["sub-agents-background", ["success", "success", "success"]],
  ])("%s has turns that ended so: %j", (scenario, statuses) => {
    expect(turnsOf(eventsOf(scenario))).toEqual(statuses);
  });

  test("the turn of a killed run ends as interrupted where its last tool has no result", () => {
    const run = conversationsBelow(claudeCode, `${SCENARIOS}killed/`).find(
      ({ lines }) => lines[0]?.kind === "stream",
    );
    const events = readAll(claudeCode.createParser(), run?.lines ?? []);
    expect(turnsOf(events)).toEqual(["interrupted"]);
    expect(ofType(events, "tool_call")).toHaveLength(ofType(events, "tool_result").length + 1);
  });

  test("the retried requests are events with what went wrong", () => {
    expect(ofType(eventsOf("retry"), "event").map(({ name, fields }) => [name, fields])).toEqual([
      ["retry", { attempt: 1, code: 503, error_type: "overloaded_error", delay_ms: expect.any(Number) }],
      ["retry", { attempt: 2, code: 503, error_type: "overloaded_error", delay_ms: expect.any(Number) }],
    ]);
  });

  test("the request that was given up is a call that failed, with the provider's words", () => {
    const failed = ofType(eventsOf("api-error"), "completion").find(({ status }) => status === "error");
    expect(failed).toMatchObject({
      error: { type: "invalid_request_error", code: 400 },
      content: { error_message: expect.stringContaining("scripted: bad request") },
    });
  });

  test("the stream says the same of it under other names", () => {
    const [run] = conversationsBelow(claudeCode, `${SCENARIOS}api-error/`);
    const failed = ofType(readAll(claudeCode.createParser(), run?.lines ?? []), "completion").at(-1);
    expect(failed).toMatchObject({ status: "error", error: { type: "invalid_request_error", code: 400 } });
  });

  test("the fork has its own call and turn only, and names whose fork it is", () => {
    const [one, two] = conversationsBelow(claudeCode, `${SCENARIOS}fork/home/`).map(({ lines }) => {
      const parser = claudeCode.createParser();
      return { totals: totalsOf(traceOf(readAll(parser, lines))), facts: parser.facts };
    });
    const [fork, parent] = one?.facts.parentConversationId === undefined ? [two, one] : [one, two];
    expect(fork).toMatchObject({
      totals: { turns: 1, llm_calls: 1, tool_calls: 0 },
      facts: { parentConversationId: parent?.facts.conversationId, resumed: true },
    });
    // What it has cost includes the other's, which is not known.
    expect(fork?.facts.reportedCostUsd).toBeUndefined();
    expect(parent?.totals).toMatchObject({ turns: 1, llm_calls: 2 });
  });

  test("the structured answer is a decision", () => {
    expect(ofType(eventsOf("structured"), "decision")).toMatchObject([
      {
        verdict: "request_changes",
        basis: "structured_output",
        content: { reasoning: "the test is missing" },
      },
    ]);
  });

  test("the sub-agents are below the calls that started them", () => {
    const events = eventsOf("sub-agents-background");
    expect(
      ofType(events, "agent_start").map((start) => [start.parent?.kind, start.call_id, start.background]),
    ).toEqual(
      ofType(events, "tool_call")
        .filter(({ name }) => name === "Agent")
        .map(({ call_id }) => ["tool", call_id, true]),
    );
    expect(ofType(events, "turn_start").map(({ origin }) => origin)).toEqual([
      "user",
      "notification",
      "notification",
    ]);
  });

  test("the sub-agent that is waited for ends with its call", () => {
    const events = eventsOf("sub-agent");
    const result = ofType(events, "tool_result").find(({ name }) => name === "Agent");
    expect(ofType(events, "agent_start")[0]).not.toHaveProperty("background");
    expect(ofType(events, "agent_end")).toMatchObject([{ status: "success", time: result?.time }]);
  });

  test("the refused tool says who refused it", () => {
    expect(ofType(eventsOf("denied"), "tool_result")).toMatchObject([
      { status: "denied", permission: { decision: "reject", source: "config" } },
    ]);
  });

  test("/clear begins another conversation, whose prompt keeps the command", () => {
    const found = conversationsBelow(claudeCode, `${SCENARIOS}clear/home/`);
    expect(new Set(found.map(({ lines }) => lines[0]?.value["sessionId"])).size).toBe(2);
    const turns = found.map(({ lines }) => ofType(readAll(claudeCode.createParser(), lines), "turn_start"));
    expect(turns.map((own) => own.map(({ content }) => content?.prompt)).toSorted()).toEqual([
      ["ALPHA first turn"],
      ["BETA another conversation"],
    ]);
  });
});

test("lines in the order in which they were written give what file after file gives", () => {
  for (const scenario of ["sub-agent", "sub-agents-background"]) {
    const [found] = conversationsBelow(claudeCode, `${SCENARIOS}${scenario}/home/`);
    const lines = found?.lines ?? [];
    const names = (events: readonly Event[]): string[] =>
      events
        .filter(({ type }) => type !== "amend")
        .map(({ type, span }) => `${type} ${span.kind} ${span.key}`)
        .toSorted();
    const timeOf = (line: SourceLine | undefined): string => String(line?.value["timestamp"] ?? "");
    const live: SourceLine[] = [];
    const waiting = [...new Set(lines.map(({ sourceName }) => sourceName))].map((name) =>
      lines.filter(({ sourceName }) => sourceName === name),
    );
    for (let left = lines.length; left > 0; left--) {
      const files = waiting.filter((own) => own.length > 0);
      const next = files.reduce((a, b) => (timeOf(b[0]) < timeOf(a[0]) ? b : a)).shift();
      if (next !== undefined) live.push(next);
    }
    expect(names(readAll(claudeCode.createParser(), live))).toEqual(
      names(readAll(claudeCode.createParser(), lines)),
    );
  }
});
