import type { SpanKey } from "@spoor/adapters";
import { beforeEach, describe, expect, test } from "vitest";
import { type MessageInput, PromptHistory } from "../src/prompt-history.ts";

const call = (key: string): SpanKey => ({ kind: "model", key });
const says = (role: "user" | "assistant", content: string): MessageInput => ({ role, content });
const stored = (role: string, content: string): object => ({ role, parts: [{ type: "text", content }] });

const question = says("user", "What is there?");
const answer = says("assistant", "A file.");
const next = says("user", "Read it.");

let history: PromptHistory;
beforeEach(() => {
  history = new PromptHistory();
});

describe("a prompt", () => {
  test("that is the first is written whole", () => {
    expect(
      history.prompt(call("1"), { messages: [question], system: "Be brief.", tools: [{ name: "ls" }] }),
    ).toEqual({
      input: { messages: 1, reason: "start" },
      content: { system: "Be brief.", messages: [stored("user", "What is there?")], tools: [{ name: "ls" }] },
    });
  });

  test("that goes on is what it adds to the call before and its answer", () => {
    history.prompt(call("1"), { messages: [question], system: "Be brief." });
    history.answer(call("1"), answer);
    expect(history.prompt(call("2"), { messages: [question, answer, next], system: "Be brief." })).toEqual({
      input: { messages: 3, base: call("1") },
      content: { messages: [stored("user", "Read it.")] },
    });
  });

  test("may write its messages in either form", () => {
    history.prompt(call("1"), { messages: [question] });
    const same = { role: "user", parts: [{ type: "text", content: "What is there?" }] } as MessageInput;
    expect(history.prompt(call("2"), { messages: [same, next] })).toMatchObject({
      input: { base: call("1") },
    });
  });

  test("that goes back says how many messages stay", () => {
    history.prompt(call("1"), { messages: [question, answer, next] });
    expect(history.prompt(call("2"), { messages: [question, answer, says("user", "Delete it.")] })).toEqual({
      input: { messages: 3, base: call("1"), base_messages: 2, reason: "rewind" },
      content: { messages: [stored("user", "Delete it.")] },
    });
  });

  test("that has nothing in common is one of a compacted conversation", () => {
    history.prompt(call("1"), { messages: [question], system: "Be brief." });
    expect(
      history.prompt(call("2"), { messages: [says("user", "A summary.")], system: "Be brief." }),
    ).toEqual({
      input: { messages: 1, reason: "compaction" },
      content: { system: "Be brief.", messages: [stored("user", "A summary.")] },
    });
  });

  test("repeats system and tools only where they changed", () => {
    history.prompt(call("1"), { messages: [question], system: "a", tools: [{ name: "ls" }] });
    const more = { messages: [question, next] };
    expect(history.prompt(call("2"), { ...more, system: "b", tools: [{ name: "ls" }] }).content).toEqual({
      system: "b",
      messages: [stored("user", "Read it.")],
    });
    expect(history.prompt(call("3"), { ...more, system: "b", tools: [{ name: "cat" }] }).content).toEqual({
      tools: [{ name: "cat" }],
    });
  });

  test("with a message that cannot be compared is written again", () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    const odd = { role: "user", content: [{ type: "text", content: deep }] } as unknown as MessageInput;
    history.prompt(call("1"), { messages: [odd] });
    expect(history.prompt(call("2"), { messages: [odd] }).input).toEqual({
      messages: 1,
      reason: "compaction",
    });
  });
});

describe("a tool that a model asks for", () => {
  const asks = (id: string, name = "shell"): MessageInput => ({
    role: "assistant",
    parts: [{ type: "tool_call", id, name, arguments: { command: "ls" } }],
  });
  const gives = (id: string): MessageInput => ({
    role: "tool",
    parts: [{ type: "tool_call_response", id, response: "README.md" }],
  });

  test("has its arguments and its result in records of its own, and only its name in messages", () => {
    history.prompt(call("1"), { messages: [question] });
    expect(history.answer(call("1"), asks("a"))).toMatchObject({
      parts: [{ type: "tool_call", id: "a", name: "shell" }],
    });
    expect(history.runs("shell", "a")).toBe("a");
    const { content } = history.prompt(call("2"), { messages: [question, asks("a"), gives("a")] });
    expect(content.messages).toEqual([{ role: "tool", parts: [{ type: "tool_call_response", id: "a" }] }]);
  });

  test("is the oldest of its name where the program does not say which", () => {
    history.answer(call("1"), asks("a"));
    history.answer(call("1"), asks("b"));
    expect(history.runs("shell")).toBe("a");
    expect(history.runs("shell")).toBe("b");
    expect(history.runs("shell")).toBeUndefined();
    expect(history.runs("other")).toBeUndefined();
  });

  test("and that was never run is told once", () => {
    history.answer(call("1"), asks("a"));
    history.answer(call("1"), asks("b"));
    history.runs("shell", "a");
    expect(history.takeUnrun()).toEqual([{ id: "b", name: "shell", arguments: { command: "ls" } }]);
    expect(history.takeUnrun()).toEqual([]);
  });

  test("of which nobody has heard stays as it is in the messages", () => {
    const { content } = history.prompt(call("1"), { messages: [question, asks("x"), gives("x")] });
    expect(content.messages?.[1]).toMatchObject({ parts: [{ arguments: { command: "ls" } }] });
    expect(content.messages?.[2]).toMatchObject({ parts: [{ response: "README.md" }] });
  });
});
