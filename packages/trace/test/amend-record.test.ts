import { expect, test } from "vitest";
import { amendRecord } from "../src/amend-record.ts";
import type { Amend, TraceRecord } from "../src/record.ts";
import { record } from "./records.ts";

function amend(one: TraceRecord, fields: object): Record<string, unknown> {
  const amendment = { ...record("amend", 9, "f", { at: 60, of: one.type }), from: "1:1", ...fields } as Amend;
  return amendRecord(one, amendment) as unknown as Record<string, unknown>;
}

const completion = record("completion", 3, "a", {
  parent: "b",
  from: "0:4",
  finish_reasons: ["tool_use"],
  usage: { input_tokens: 10, partial: ["output_tokens"] },
  cost: { usd: null, basis: "unknown" },
  content: { messages: [{ role: "assistant", parts: [{ type: "text", content: "a" }] }], error_message: "x" },
});

test("objects merge by key and other values replace", () => {
  const amended = amend(completion, {
    finish_reasons: ["stop"],
    usage: { output_tokens: 5, partial: [] },
    cost: { usd: 0.5 },
    model: "m",
  });
  expect(amended).toMatchObject({
    finish_reasons: ["stop"],
    usage: { input_tokens: 10, output_tokens: 5 },
    cost: { usd: 0.5, basis: "unknown" },
    model: "m",
  });
});

test("what places the record stays its own", () => {
  const { type, seq, time, span_id, parent_span_id, from } = amend(completion, {});
  expect({ type, seq, time, span_id, parent_span_id, from }).toEqual({
    type: "completion",
    seq: 3,
    time: completion.time,
    span_id: completion.span_id,
    parent_span_id: completion.parent_span_id,
    from: "0:4",
  });
});

test("messages of content append, and a second half joins the message it belongs to", () => {
  const more = { role: "assistant", parts: [{ type: "text", content: "b" }] };
  expect(amend(completion, { content: { messages: [more], note: 1 } })["content"]).toEqual({
    messages: [
      {
        role: "assistant",
        parts: [
          { type: "text", content: "a" },
          { type: "text", content: "b" },
        ],
      },
    ],
    error_message: "x",
    note: 1,
  });
});

test("neither argument is changed", () => {
  const before = JSON.stringify(completion);
  const content = { messages: [{ role: "assistant", parts: [{ type: "text", content: "b" }] }] };
  const changes = JSON.stringify(content);
  amend(completion, { usage: { input_tokens: 99 }, content });
  expect([JSON.stringify(completion), JSON.stringify(content)]).toEqual([before, changes]);
});

test("a prototype's name is a key like any other", () => {
  const hostile = JSON.parse(
    '{"__proto__":{"polluted":true},"usage":{"__proto__":{"polluted":true}}}',
  ) as object;
  const amended = amend(completion, hostile);
  expect(Object.hasOwn(amended, "__proto__")).toBe(true);
  expect(Object.getPrototypeOf(amended)).toBe(Object.prototype);
  expect(Object.getPrototypeOf(amended["usage"])).toBe(Object.prototype);
});
