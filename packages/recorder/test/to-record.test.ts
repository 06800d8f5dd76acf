import type { Event } from "@spoor/adapters";
import { spanIdOf } from "@spoor/trace";
import { describe, expect, test } from "vitest";
import { RecordMaker } from "../src/to-record.ts";

const INVOCATION = "019aa0c4-7a00-7abc-8def-0123456789ab";
const time = "2026-11-20T09:00:00.000Z";
const root = spanIdOf(INVOCATION, "invocation", "");

const called = (key: string, args: unknown, name = "Bash"): Event => ({
  type: "tool_call",
  span: { kind: "tool", key },
  time,
  name,
  call_id: key,
  kind: "shell",
  content: { arguments: args },
});

describe("an event's spans", () => {
  test("are named by what the agent's lines carry, whoever makes the record", () => {
    const event: Event = {
      type: "prompt",
      span: { kind: "model", key: "msg_2" },
      parent: { kind: "turn", key: "turn_1" },
      time,
      from: { source: 1, line: 17 },
      model: "m",
      input: { base: { kind: "model", key: "msg_1" }, base_messages: 3 },
    };
    const record = new RecordMaker(INVOCATION).toRecord(event);
    expect(record).toEqual({
      type: "prompt",
      time,
      invocation_id: INVOCATION,
      span_id: spanIdOf(INVOCATION, "model", "msg_2"),
      parent_span_id: spanIdOf(INVOCATION, "turn", "turn_1"),
      from: "1:17",
      model: "m",
      input: { base_span_id: spanIdOf(INVOCATION, "model", "msg_1"), base_messages: 3 },
    });
    expect(new RecordMaker(INVOCATION).toRecord(event)).toEqual(record);
  });

  test("lie below the invocation where no other parent is named", () => {
    expect(new RecordMaker(INVOCATION).toRecord(called("a", {}))).toMatchObject({ parent_span_id: root });
  });

  test("of the invocation itself lie below the span that it was started in, if any", () => {
    const amend: Event = {
      type: "amend",
      of: "invocation_end",
      span: { kind: "invocation", key: "" },
      time,
      fields: {},
    };
    expect(new RecordMaker(INVOCATION, "b7ad6b7169203331").toRecord(amend)).toMatchObject({
      span_id: root,
      parent_span_id: "b7ad6b7169203331",
    });
    expect(new RecordMaker(INVOCATION).toRecord(amend)).not.toHaveProperty("parent_span_id");
  });
});

describe("a tool call", () => {
  test("that repeats an earlier one names the first", () => {
    const maker = new RecordMaker(INVOCATION);
    expect(maker.toRecord(called("a", { command: "ls" }))).not.toHaveProperty("same_as");
    expect(maker.toRecord(called("b", { command: "pwd" }))).not.toHaveProperty("same_as");
    const first = spanIdOf(INVOCATION, "tool", "a");
    expect(maker.toRecord(called("c", { command: "ls" }))).toMatchObject({ same_as: first });
    expect(maker.toRecord(called("d", { command: "ls" }))).toMatchObject({ same_as: first });
    expect(maker.toRecord(called("e", { command: "ls" }, "Shell"))).not.toHaveProperty("same_as");
  });

  test("does not repeat itself when it is made again", () => {
    const maker = new RecordMaker(INVOCATION);
    maker.toRecord(called("a", {}));
    expect(maker.toRecord(called("a", {}))).not.toHaveProperty("same_as");
  });

  test("whose arguments are nested too deep is compared with none", () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    const maker = new RecordMaker(INVOCATION);
    maker.toRecord(called("a", deep));
    expect(maker.toRecord(called("b", deep))).not.toHaveProperty("same_as");
  });
});

test("an event's fields stand beside its envelope and cannot pass for a part of it", () => {
  const fields = {
    tokens: 3,
    v: 9,
    seq: 7,
    type: "decision",
    span_id: "x",
    from: "y",
    of: "z",
    name: "n",
    content: "c",
  };
  const event: Event = { type: "event", span: { kind: "point", key: "p" }, time, name: "compaction", fields };
  expect(new RecordMaker(INVOCATION).toRecord(event)).toEqual({
    type: "event",
    time,
    invocation_id: INVOCATION,
    span_id: spanIdOf(INVOCATION, "point", "p"),
    parent_span_id: root,
    name: "compaction",
    tokens: 3,
    v_: 9,
    seq_: 7,
    type_: "decision",
    span_id_: "x",
    from_: "y",
    of_: "z",
    name_: "n",
    content_: "c",
  });
});
