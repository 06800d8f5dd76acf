import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ConversationIndex, linksTo, readStoredTrace, recordKey } from "../src/conversation-index.ts";

let store: string;
beforeEach(() => {
  store = mkdtempSync(join(tmpdir(), "spoor-index-"));
});
afterEach(() => rmSync(store, { recursive: true, force: true }));

const span = (n: number): string => n.toString(16).padStart(16, "0");

/** A trace of these records on the day's `minute`, the envelope filled in. */
function stored(minute: number, ...records: Record<string, unknown>[]): string {
  const clock = `09${String(minute).padStart(2, "0")}00`;
  const path = join(store, "traces/2026-11-20", `${clock}-agent-${String(minute).padStart(12, "0")}.jsonl`);
  mkdirSync(dirname(path), { recursive: true });
  const lines = records.map((record, seq) =>
    JSON.stringify({
      v: 1,
      type: record["type"],
      seq,
      time: `2026-11-20T09:${String(minute).padStart(2, "0")}:0${seq}.000Z`,
      invocation_id: `019aa0c4-7a00-7abc-8def-${String(minute).padStart(12, "0")}`,
      span_id: span(minute),
      ...record,
    }),
  );
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

const start = (agent: string, conversation?: string): Record<string, unknown> => ({
  type: "invocation_start",
  trace_id: "t",
  agent: { name: agent },
  ...(conversation === undefined ? {} : { conversation_id: conversation }),
  capture: { level: "full" },
});
const learns = (fields: Record<string, unknown>): Record<string, unknown> => ({
  type: "amend",
  of: "invocation_start",
  ...fields,
});

describe("the traces of a conversation", () => {
  test("are found also where agent and conversation came by an amendment", () => {
    const known = stored(1, start("claude-code", "one"));
    const learnt = stored(
      2,
      start("plain"),
      learns({ agent: { name: "claude-code" } }),
      learns({ conversation_id: "one" }),
    );
    stored(3, start("codex", "one"));
    stored(4, start("claude-code", "two"));
    stored(5, start("plain"));
    const index = new ConversationIndex(store);
    expect(index.tracesOf("claude-code", "one").sort()).toEqual([known, learnt]);
    expect(index.tracesOf("claude-code", "three")).toEqual([]);
  });

  test("may be added to it while it is in use", () => {
    const index = new ConversationIndex(store);
    const path = stored(1, start("codex", "one"));
    expect(index.tracesOf("codex", "one")).toEqual([]);
    index.add(path);
    expect(index.tracesOf("codex", "one")).toEqual([path]);
  });

  test("around a time are the agent's other ones that went on at some moment of it", () => {
    const before = stored(1, start("codex", "a"), { type: "turn_start", turn: 1 });
    const during = stored(5, start("codex", "b"), { type: "turn_start", turn: 1 });
    stored(6, start("codex", "self"));
    stored(7, start("claude-code", "c"));
    stored(9, start("codex", "d"));
    const index = new ConversationIndex(store);
    const around = (from: string, to: string): string[] =>
      index.tracesAround("codex", "self", `2026-11-20T${from}.000Z`, `2026-11-20T${to}.000Z`);
    expect(around("09:05:01", "09:08:00")).toEqual([during]);
    expect(around("09:01:01", "09:05:00").sort()).toEqual([before, during]);
    expect(around("09:02:00", "09:04:00")).toEqual([]);
  });

  test("do not include what is damaged or empty, which harms nobody", () => {
    const good = stored(1, start("codex", "one"));
    writeFileSync(stored(2), "");
    writeFileSync(stored(3), '{"v":1,"type":"invocation_st');
    writeFileSync(stored(4), "\0\0\0\nnonsense\n");
    appendFileSync(good, '{"v":1,"ty');
    expect(new ConversationIndex(store).tracesOf("codex", "one")).toEqual([good]);
  });
});

describe("links to a conversation", () => {
  const named = { agent: "codex", conversationId: "one", kind: "resumes" } as const;

  test("name its traces, newest first, among the newest of the store", () => {
    for (const minute of [1, 2]) stored(minute, start("codex", "one"));
    stored(3, start("codex", "two"));
    expect(linksTo(store, named, 10)).toEqual([
      { trace_id: "t", span_id: span(2), kind: "resumes" },
      { trace_id: "t", span_id: span(1), kind: "resumes" },
    ]);
    expect(linksTo(store, named, 2)).toHaveLength(1);
    expect(linksTo(store, named, 1)).toEqual([]);
  });

  test("are none where there is no store, or none that can be read", () => {
    expect(linksTo(join(store, "none"), named, 10)).toEqual([]);
    stored(1, start("codex", "one"));
    chmodSync(join(store, "traces/2026-11-20"), 0o000);
    expect(() => linksTo(store, named, 10)).not.toThrow();
    chmodSync(join(store, "traces/2026-11-20"), 0o700);
  });
});

test("a stored trace has its records by type and span, amendments applied, its content only where asked", () => {
  const call = {
    type: "tool_call",
    span_id: span(90),
    name: "Bash",
    content: { arguments: { command: "ls" } },
  };
  const path = stored(1, start("codex", "one"), call, {
    type: "amend",
    of: "tool_call",
    span_id: span(90),
    kind: "shell",
  });
  const key = recordKey("tool_call", span(90));
  expect(readStoredTrace(path, false).records.get(key)).toMatchObject({ ...call, kind: "shell" });
  expect(readStoredTrace(path, true).records.get(key)).not.toHaveProperty("content");
  expect(readFileSync(path, "utf8")).toContain('"content"');
});
