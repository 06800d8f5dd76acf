import { expect, test } from "vitest";
import { joinMessages, messagesOf } from "../src/messages.ts";
import type { Message } from "../src/record.ts";

const says = (role: string, ...texts: string[]): Message => ({
  role,
  parts: texts.map((content) => ({ type: "text", content })),
});

test("neighbours of one role become one message", () => {
  const messages = [
    says("user", "a"),
    says("assistant", "b"),
    says("assistant", "c"),
    says("assistant", "d"),
    says("user", "e"),
  ];
  const before = JSON.stringify(messages);
  expect(joinMessages(messages)).toEqual([
    says("user", "a"),
    says("assistant", "b", "c", "d"),
    says("user", "e"),
  ]);
  expect(JSON.stringify(messages)).toBe(before);
});

test("joining twice changes nothing more", () => {
  const joined = joinMessages([says("user", "a"), says("user", "b")]);
  expect(joinMessages(joined)).toEqual(joined);
});

test("what is no message is left out", () => {
  const good = says("user", "a");
  expect(messagesOf([good, null, 1, {}, { parts: "x" }, { role: "user", parts: [null] }])).toEqual([good]);
  expect(messagesOf("messages")).toEqual([]);
});
