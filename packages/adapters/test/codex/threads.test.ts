import { totalsOf } from "@spoor/trace";
import { describe, expect, test } from "vitest";
import { codex } from "../../src/codex/index.ts";
import { traceOf } from "../trace-of.ts";
import { ended, event, fixture, meta, ofType, readAll, rollout, says, started, used } from "./read.ts";

describe("a forked thread", () => {
  const events = readAll(fixture("excerpt-fork-0.118.0.jsonl"));

  test("gives no records for the lines it copies from its parent", () => {
    expect(Math.min(...events.map((one) => one.from?.line ?? 0))).toBe(27);
    expect(totalsOf(traceOf(events))).toMatchObject({ turns: 1, llm_calls: 4, tool_calls: 7 });
  });

  test("shows of its first prompt only what is new", () => {
    const [first, second] = ofType(events, "prompt");
    expect(first?.input).toMatchObject({ reason: "fork", complete: false });
    expect(first?.content?.messages).toHaveLength(1);
    expect(second?.input.base).toEqual(first?.span);
  });

  test("of 0.169 copies nothing and says whose fork it is", () => {
    const parser = codex.createParser();
    const forked = meta({
      forked_from_id: "01a1f967-0000-7000-8000-000000000000",
      history_mode: "paginated",
    });
    const lines = rollout(
      forked,
      event("thread_settings_applied", { thread_settings: { model: "gpt-6" } }),
      started("01a1f967-3000-7000-8000-000000000000"),
      says("user", "elsewhere"),
      says("assistant", "ok"),
      used(10, 5),
      ended("01a1f967-3000-7000-8000-000000000000"),
    );
    expect(ofType(readAll(lines, parser), "prompt")).toMatchObject([
      { input: { reason: "fork", complete: false } },
    ]);
    expect(parser.facts).toMatchObject({
      parentConversationId: "01a1f967-0000-7000-8000-000000000000",
      resumed: true,
    });
  });
});

describe("sub-agents", () => {
  test.each([
    ["v1", "explorer"],
    ["v2", "beta_thing"],
  ])("of multi-agent %s start below the call that spawned them, and end", (generation, name) => {
    const events = readAll(fixture(`0.169.0/rollout-sub-agent-${generation}-parent.jsonl`));
    const spawn = ofType(events, "tool_call").find((call) => call.name === "spawn_agent");
    expect(ofType(events, "agent_start")).toMatchObject([
      { agent: { name }, parent: { kind: "tool", key: spawn?.call_id }, background: true },
    ]);
    expect(ofType(events, "agent_end")).toMatchObject([{ status: "success" }]);
    expect(totalsOf(traceOf(events))).toMatchObject({ llm_calls: 3, usage: { input_tokens: 6930 } });
  });

  test("have a trace of their own, whose turn an agent began", () => {
    const parser = codex.createParser();
    const events = readAll(fixture("0.169.0/rollout-sub-agent-v1-child.jsonl"), parser);
    expect(parser.facts.parentConversationId).toBe("01a1f9d0-8ddb-7662-8429-f271a46aa11a");
    expect(ofType(events, "turn_start")).toMatchObject([
      { origin: "agent", content: { prompt: "BETA do a thing" } },
    ]);
  });
});
