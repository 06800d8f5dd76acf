import { describe, expect, test } from "vitest";
import { Conversation } from "../src/conversation.ts";
import type { At } from "../src/thread.ts";

function at(second: number): At {
  return {
    time: `2026-11-20T10:00:${String(second).padStart(2, "0")}.000Z`,
    from: { source: 0, line: second },
  };
}

const text = (content: string): { type: "text"; content: string } => ({ type: "text", content });

describe("a turn", () => {
  test("is numbered, holds its calls, and ends after them at its last line", () => {
    const conversation = new Conversation();
    conversation.startTurn(at(1), "p1", "user", "go");
    conversation.main.answer("a", at(2), [text("done")], {});
    conversation.touch(at(3));
    conversation.endTurn(undefined, "success");
    expect(conversation.take()).toMatchObject([
      { type: "turn_start", turn: 1, origin: "user", content: { prompt: "go" } },
      { type: "prompt", parent: { kind: "turn", key: "p1" } },
      { type: "completion", parent: { kind: "turn", key: "p1" } },
      { type: "turn_end", turn: 1, status: "success", time: at(3).time, duration_ms: 2000 },
    ]);
    expect(conversation.facts.lastTurnStatus).toBe("success");
  });

  test("that was left open ends where the next one begins, and nobody knows how", () => {
    const conversation = new Conversation();
    conversation.startTurn(at(1), "p1", "user", "one");
    conversation.startTurn(at(5), "p2", "user", "two", 9);
    expect(conversation.take()).toMatchObject([
      { type: "turn_start", turn: 1 },
      { type: "turn_end", turn: 1, status: "unknown", time: at(1).time },
      { type: "turn_start", turn: 9 },
    ]);
  });

  test("takes the agent's own duration before the lines'", () => {
    const conversation = new Conversation();
    conversation.startTurn(at(1), "p1", "user", "one");
    conversation.endTurn(at(9), "error", { durationMs: 2500, timeToFirstTokenMs: 70 });
    expect(conversation.take().at(-1)).toMatchObject({
      status: "error",
      duration_ms: 2500,
      time_to_first_token_ms: 70,
      time: "2026-11-20T10:00:03.500Z",
    });
  });

  test("ends at a stop, interrupted where a tool still runs, and not at a silence", () => {
    const conversation = new Conversation();
    conversation.startTurn(at(1), "p1", "user", "one");
    conversation.main.answer("a", at(2), [{ type: "tool_call", id: "t", name: "Bash" }], {});
    conversation.main.toolCall(at(2), { id: "t", name: "Bash", arguments: {} });
    conversation.take();
    conversation.flush("quiet");
    expect(conversation.take().map(({ type }) => type)).toEqual(["completion"]);
    conversation.flush("stop");
    expect(conversation.take()).toMatchObject([{ type: "turn_end", status: "interrupted" }]);
  });

  test("that nobody began cannot end", () => {
    const conversation = new Conversation();
    conversation.endTurn(at(1), "success");
    expect(conversation.take()).toEqual([]);
  });
});

describe("a sub-agent", () => {
  const begun = (conversation: Conversation) =>
    conversation.startAgent(at(2), "s1", { agent: { name: "explorer" }, call_id: "t1" });

  test("belongs to the tool that started it, and its calls to it", () => {
    const conversation = new Conversation();
    begun(conversation).answer("x", at(3), [text("seen")], {});
    conversation.endAgent(at(4), "s1", "success");
    conversation.endAgent(at(5), "s1", "error");
    expect(conversation.take()).toMatchObject([
      { type: "agent_start", parent: { kind: "tool", key: "t1" }, agent: { name: "explorer" } },
      { type: "prompt", parent: { kind: "agent", key: "s1" } },
      { type: "completion", parent: { kind: "agent", key: "s1" } },
      { type: "agent_end", status: "success", time: at(4).time },
    ]);
  });

  test("is begun once", () => {
    const conversation = new Conversation();
    expect(begun(conversation)).toBe(begun(conversation));
    expect(conversation.take()).toHaveLength(1);
  });

  test("whose end is told before its first line ends when its lines are read", () => {
    const conversation = new Conversation();
    conversation.endAgent(at(9), "s1", "error");
    begun(conversation);
    conversation.flush("stop");
    conversation.flush("stop");
    expect(conversation.take().map(({ type, time }) => [type, time])).toEqual([
      ["agent_start", at(2).time],
      ["agent_end", at(9).time],
    ]);
  });
});

test("after a resume turns are counted on, and what stood open is let go", () => {
  const conversation = new Conversation();
  conversation.startTurn(at(1), "p1", "user", "one");
  conversation.main.answer("a", at(2), [text("first")], {});
  conversation.take();
  conversation.resume();
  expect(conversation.take()).toEqual([]);
  conversation.startTurn(at(3), "p2", "user", "two");
  conversation.main.answer("b", at(4), [text("second")], {});
  expect(conversation.facts.resumed).toBe(true);
  expect(conversation.take()).toMatchObject([
    { type: "turn_start", turn: 2 },
    { type: "prompt", input: { reason: "resume", complete: false } },
  ]);
});

test("the first time is that of the first line seen, the last time the latest of all", () => {
  const conversation = new Conversation();
  for (const second of [5, 2, 9, 3]) conversation.see(at(second).time);
  expect(conversation.facts).toMatchObject({ firstTime: at(5).time, lastTime: at(9).time });
});

test("unknown line types are counted by name; a thousand names are a hundred and the rest", () => {
  const conversation = new Conversation();
  for (const name of ["__proto__", "constructor", "constructor", "x".repeat(1000)])
    conversation.passOver(name);
  for (let i = 0; i < 1000; i++) conversation.passOver(`name ${i}`);
  const counts = new Map(Object.entries(conversation.facts.unknownTypes));
  expect([counts.get("__proto__"), counts.get("constructor"), counts.get("x".repeat(64))]).toEqual([1, 2, 1]);
  expect(counts.size).toBe(101);
  expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(1004);
});
