import { describe, expect, test } from "vitest";
import { foldTrace } from "../src/fold-trace.ts";
import type { Message, Part, TraceRecord } from "../src/record.ts";
import { PromptRestorer, type RestoredPrompt } from "../src/restore-prompt.ts";
import { record, span, toEntries } from "./records.ts";

const user = (content: string): Message => ({ role: "user", parts: [{ type: "text", content }] });
const assistant = (...parts: (string | Part)[]): Message => ({
  role: "assistant",
  parts: parts.map((part) => (typeof part === "string" ? { type: "text", content: part } : part)),
});

let seq = 0;
/** A call with its prompt and its answer. */
function call(name: string, input: object, prompt: object, answer: Message[] | undefined): TraceRecord[] {
  return [
    record("prompt", seq++, name, { model: "m", input, content: prompt }),
    ...(answer === undefined
      ? []
      : [record("completion", seq++, name, { status: "ok", content: { messages: answer } })]),
  ];
}

function restorer(...records: TraceRecord[]): PromptRestorer {
  return new PromptRestorer(foldTrace(toEntries(records)));
}

function restore(records: TraceRecord[], name: string): RestoredPrompt | undefined {
  return restorer(...records).restore(span(name));
}

describe("a chain of calls", () => {
  const first = call(
    "a1",
    { reason: "start" },
    { system: "be brief", tools: [{ name: "Bash" }], messages: [user("1")] },
    [assistant("2")],
  );
  const second = call("a2", { base_span_id: span("a1") }, { messages: [user("3")] }, [assistant("4")]);
  const third = call(
    "a3",
    { base_span_id: span("a2") },
    { messages: [user("5")], system: "be long" },
    undefined,
  );
  const records = [...first, ...second, ...third];

  test("gives each prompt all that was said before, and the base's system text and tools", () => {
    expect(restore(records, "a1")).toEqual({
      model: "m",
      system: "be brief",
      tools: [{ name: "Bash" }],
      messages: [user("1")],
      reason: "start",
      complete: true,
    });
    expect(restore(records, "a3")).toEqual({
      model: "m",
      system: "be long",
      tools: [{ name: "Bash" }],
      messages: [user("1"), assistant("2"), user("3"), assistant("4"), user("5")],
      complete: true,
    });
  });

  test("gives the same in whatever order the prompts are asked for", () => {
    const one = restorer(...records);
    for (const name of ["a1", "a2", "a3", "a2", "a2", "a1", "a3", "a1"])
      expect(one.restore(span(name)), name).toEqual(restore(records, name));
  });

  test("hands out lists that the next call does not change", () => {
    const one = restorer(...records);
    const before = one.restore(span("a1"));
    one.restore(span("a3"));
    expect(before?.messages).toEqual([user("1")]);
  });

  test("knows no other spans", () => {
    expect(restore(records, "ff")).toBeUndefined();
  });
});

describe("the base", () => {
  const first = call("b1", { reason: "start" }, { messages: [user("1"), user("2")] }, [assistant("3")]);

  test("keeps as many messages as base_messages says", () => {
    const rewound = call(
      "b2",
      { base_span_id: span("b1"), base_messages: 1, reason: "rewind" },
      { messages: [user("x")] },
      undefined,
    );
    expect(restore([...first, ...rewound], "b2")).toMatchObject({
      messages: [user("1"), user("x")],
      reason: "rewind",
      complete: true,
    });
    const emptied = call(
      "b3",
      { base_span_id: span("b1"), base_messages: 0 },
      { messages: [user("x")] },
      undefined,
    );
    expect(restore([...first, ...emptied], "b3")?.messages).toEqual([user("x")]);
  });

  test("may be one that two calls extend (a fork)", () => {
    const records = [
      ...first,
      ...call("b4", { base_span_id: span("b1") }, { messages: [user("left")] }, [assistant("l")]),
      ...call("b5", { base_span_id: span("b1") }, { messages: [user("right")] }, [assistant("r")]),
    ];
    const one = restorer(...records);
    expect(one.restore(span("b4"))?.messages.at(-1)).toEqual(user("left"));
    expect(one.restore(span("b5"))?.messages).toEqual([user("1"), user("2"), assistant("3"), user("right")]);
  });

  test("that failed adds no answer", () => {
    const failed = [
      record("prompt", 50, "b6", { input: { reason: "start" }, content: { messages: [user("1")] } }),
      record("completion", 51, "b6", { status: "error", error: { type: "overloaded" } }),
    ];
    const retry = call("b7", { base_span_id: span("b6") }, {}, undefined);
    expect(restore([...failed, ...retry], "b7")).toMatchObject({ messages: [user("1")], complete: true });
  });

  test("whose answer came in two halves gives it as one message", () => {
    const amend = record("amend", 60, "b1", { of: "completion", content: { messages: [assistant("4")] } });
    const next = call("b8", { base_span_id: span("b1") }, { messages: [user("5")] }, undefined);
    expect(restore([...first, amend, ...next], "b8")?.messages[2]).toEqual(assistant("3", "4"));
  });

  test("that is not in the file leaves the prompt incomplete", () => {
    const orphan = call("b9", { base_span_id: span("ff") }, { messages: [user("x")] }, undefined);
    const next = call("ba", { base_span_id: span("b9") }, { messages: [user("y")] }, undefined);
    expect(restore(orphan, "b9")).toMatchObject({ messages: [user("x")], complete: false });
    expect(restore([...orphan, ...next], "ba")).toMatchObject({
      messages: [user("x"), user("y")],
      complete: false,
    });
  });

  test("that leads back to the call itself ends, incomplete, and the same however often it is asked", () => {
    const records = [
      ...call("c1", { base_span_id: span("c2") }, { messages: [user("1")] }, undefined),
      ...call("c2", { base_span_id: span("c1") }, { messages: [user("2")] }, undefined),
    ];
    const one = restorer(...records);
    const once = one.restore(span("c1"));
    expect(once?.complete).toBe(false);
    expect(one.restore(span("c1"))).toEqual(once);
    const itself = call("c3", { base_span_id: span("c3") }, { messages: [user("1")] }, undefined);
    expect(restore(itself, "c3")).toMatchObject({ messages: [user("1")], complete: false });
  });
});

describe("calls and results that stand in records of their own", () => {
  const asked = assistant({ type: "tool_call", id: "t1", name: "Bash" });
  const answered = (id: string): Message => ({ role: "tool", parts: [{ type: "tool_call_response", id }] });
  const first = call("d1", { reason: "start" }, { messages: [user("1")] }, [asked]);
  const next = call("d2", { base_span_id: span("d1") }, { messages: [answered("t1")] }, undefined);
  const toolCall = record("tool_call", 70, "e1", {
    name: "Bash",
    call_id: "t1",
    content: { arguments: { command: "ls" } },
  });
  const toolResult = (content: object): TraceRecord =>
    record("tool_result", 71, "e1", { name: "Bash", call_id: "t1", status: "ok", content });

  test("are put back in their places", () => {
    const records = [...first, ...next, toolCall, toolResult({ result: ["a", "b"] })];
    expect(restore(records, "d2")?.messages.slice(1)).toEqual([
      assistant({ type: "tool_call", id: "t1", name: "Bash", arguments: { command: "ls" } }),
      { role: "tool", parts: [{ type: "tool_call_response", id: "t1", response: ["a", "b"] }] },
    ]);
  });

  test("fall back to the error that the agent was shown", () => {
    const records = [...first, ...next, toolCall, toolResult({ error_message: "no such file" })];
    expect(restore(records, "d2")?.messages.at(-1)?.parts).toEqual([
      { type: "tool_call_response", id: "t1", response: "no such file" },
    ]);
  });

  test("stay as they are where they stand inline or their record is not in the file", () => {
    const inline: Message = {
      role: "tool",
      parts: [{ type: "tool_call_response", id: "t1", response: "mine" }],
    };
    const records = call(
      "d3",
      { reason: "resume", complete: false },
      { messages: [inline, answered("t2")] },
      undefined,
    );
    expect(restore([...records, toolCall, toolResult({ result: "other" })], "d3")).toMatchObject({
      messages: [inline, answered("t2")],
      complete: false,
    });
  });
});

describe("a prompt is incomplete where", () => {
  const start = (level: string): TraceRecord => record("invocation_start", 80, "1", { capture: { level } });
  const first = call("f1", { reason: "start" }, { messages: [user("1")] }, undefined);

  test("the trace keeps metadata only", () => {
    expect(restore([start("metadata"), ...first], "f1")?.complete).toBe(false);
    expect(restore([start("full"), ...first], "f1")?.complete).toBe(true);
  });

  test("only its head was read", () => {
    expect(restore([record("prompt", 81, "f2", { input: { reason: "start" } })], "f2")?.complete).toBe(false);
  });

  test("only the answer was recorded", () => {
    const answer = record("completion", 82, "f3", {
      status: "ok",
      model: "m",
      content: { messages: [assistant("a")] },
    });
    expect(restore([answer], "f3")).toEqual({ model: "m", messages: [], complete: false });
  });
});

test("ten thousand calls are restored one after the other without going back to the first", () => {
  const records: TraceRecord[] = [];
  for (let i = 1; i <= 10_000; i++) {
    const base = i === 1 ? { reason: "start" } : { base_span_id: span(`${i - 1}`), base_messages: 1 };
    records.push(...call(`${i}`, base, { messages: [user(`${i}`)] }, [assistant("ok")]));
  }
  const one = restorer(...records);
  expect(one.restore(span("10000"))?.messages).toEqual([user("1"), user("10000")]);
  for (let i = 1; i <= 10_000; i++) expect(one.restore(span(`${i}`))?.messages.at(-1)).toEqual(user(`${i}`));
});

test("a chain of ten thousand calls restores its last prompt", () => {
  const records: TraceRecord[] = [];
  for (let i = 1; i <= 10_000; i++) {
    const base = i === 1 ? { reason: "start" } : { base_span_id: span(`${i - 1}`) };
    records.push(...call(`${i}`, base, { messages: [user(`${i}`)] }, [assistant("ok")]));
  }
  expect(restore(records, "10000")).toMatchObject({ complete: true, messages: { length: 19_999 } });
});

test("a tool told by its name alone is the one that the file defines first", () => {
  const bash = { name: "Bash", description: "runs" };
  const records = [
    ...call("a", { reason: "start" }, { tools: [bash, { name: "Read", v: 1 }], messages: [user("1")] }, [
      assistant("2"),
    ]),
    ...call(
      "b",
      { reason: "start" },
      { tools: [{ name: "Bash" }, { name: "Read", v: 2 }], messages: [user("3")] },
      undefined,
    ),
  ];
  expect(restore(records, "b")?.tools).toEqual([bash, { name: "Read", v: 2 }]);
});

test("a call that keeps no message of its base takes only its system text and tools, and may be complete", () => {
  const records = [
    ...call("a", { reason: "start", complete: false }, { system: "be brief", messages: [user("1")] }, [
      assistant("2"),
    ]),
    ...call(
      "b",
      { base_span_id: span("a"), base_messages: 0, reason: "compaction" },
      { messages: [user("3")] },
      undefined,
    ),
  ];
  expect(restore(records, "b")).toMatchObject({ system: "be brief", messages: [user("3")], complete: true });
});
