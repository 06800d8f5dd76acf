import { totalsOf } from "@spoor/trace";
import { describe, expect, test } from "vitest";
import { codex } from "../../src/codex/index.ts";
import { traceOf } from "../trace-of.ts";
import { fixture, ofType, readAll, stream } from "./read.ts";

describe("the stream of a whole run", () => {
  const parser = codex.createParser();
  const events = readAll(fixture("0.169.0/exec.jsonl"), parser);

  test("has the tools, the failures and the tokens that its script had", () => {
    expect(totalsOf(traceOf(events))).toMatchObject({
      turns: 1,
      llm_calls: 4,
      tool_calls: 4,
      tool_errors: 2,
      usage: { input_tokens: 6300, cache_read_tokens: 4300, output_tokens: 430, reasoning_tokens: 80 },
    });
    expect(parser.facts.conversationId).toBe("01a1f967-2190-7642-a110-f87372fbfa8c");
  });

  test("does not claim to know the prompts", () => {
    expect(ofType(events, "prompt")[0]?.input.complete).toBe(false);
  });

  test("tells exit codes", () => {
    expect(ofType(events, "tool_result").map(({ status, exit_code }) => [status, exit_code])).toEqual([
      ["error", 1],
      ["ok", 0],
      ["ok", undefined],
      ["error", 3],
    ]);
  });
});

test("every kind of item is read", () => {
  const parser = codex.createParser();
  const events = readAll(fixture("takopi-exec-all-formats.jsonl"), parser);
  expect(parser.facts.unknownTypes).toEqual({});
  expect(totalsOf(traceOf(events))).toMatchObject({ turns: 2, llm_errors: 1, tool_calls: 7, tool_errors: 3 });
  expect(ofType(events, "tool_call").map((call) => call.kind)).toEqual([
    "shell",
    "shell",
    "file",
    "file",
    "mcp",
    "mcp",
    "web",
  ]);
  expect(ofType(events, "event").map((event) => event.name)).toEqual(["plan", "plan", "plan", "api_error"]);
});

test("a refused request is a call that failed and a turn that failed", () => {
  const events = readAll(fixture("0.169.0/exec-http400.jsonl"));
  expect(ofType(events, "completion")).toMatchObject([
    { status: "error", error: { type: "invalid_request_error", code: "invalid_request" } },
  ]);
  expect(ofType(events, "turn_end")).toMatchObject([{ status: "error" }]);
  expect(totalsOf(traceOf(events))).toMatchObject({ llm_calls: 0, llm_errors: 1 });
});

test("usage grows over the thread: a turn has the difference", () => {
  const turn = (total: number): Record<string, unknown>[] => [
    { type: "turn.started" },
    { type: "item.completed", item: { id: `item_${total}`, type: "agent_message", text: "ok" } },
    {
      type: "turn.completed",
      usage: { input_tokens: total, cached_input_tokens: 0, output_tokens: total / 10 },
    },
  ];
  const events = readAll(stream({ type: "thread.started", thread_id: "t" }, ...turn(100), ...turn(250)));
  expect(totalsOf(traceOf(events)).usage).toMatchObject({ input_tokens: 250, output_tokens: 25 });
});

test("a sub-agent starts with the call that spawned it and ends when its state says so", () => {
  const collab = (tool: string, state: string): Record<string, unknown> => ({
    type: "item.completed",
    item: {
      id: `item_${tool}`,
      type: "collab_tool_call",
      tool,
      receiver_thread_ids: ["child"],
      agents_states: { child: { status: state, message: null } },
      status: "completed",
    },
  });
  const events = readAll(
    stream({ type: "turn.started" }, collab("spawn_agent", "pending_init"), collab("wait", "completed")),
  );
  expect(ofType(events, "agent_start")).toMatchObject([
    { conversation_id: "child", parent: { kind: "tool", key: "item_spawn_agent" } },
  ]);
  expect(ofType(events, "agent_end")).toMatchObject([{ status: "success" }]);
});

test("a reconnection is a retry", () => {
  const events = readAll(stream({ type: "turn.started" }, { type: "error", message: "Reconnecting... 2/5" }));
  expect(ofType(events, "event")).toMatchObject([{ name: "retry", fields: { attempt: 2 } }]);
});

describe("a rollout and a stream of the same run", () => {
  const name = "0.169.0/rollout-2026-11-20T14-40-48-01a1f967-2190-7642-a110-f87372fbfa8c.jsonl";
  const transcript = fixture(name);
  const printed = fixture("0.169.0/exec.jsonl");

  test.each([
    ["the rollout first", [...transcript, ...printed]],
    ["the stream first", [...printed, ...transcript]],
    ["only the thread's id before", [...printed.slice(0, 1), ...transcript, ...printed.slice(1)]],
  ])("are counted once, %s", (_, lines) => {
    expect(totalsOf(traceOf(readAll(lines)))).toMatchObject({
      turns: 1,
      llm_calls: 4,
      tool_calls: 4,
      usage: { input_tokens: 6300 },
    });
  });
});
