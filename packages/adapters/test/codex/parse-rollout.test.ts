import { totalsOf } from "@spoor/trace";
import { describe, expect, test } from "vitest";
import { codex } from "../../src/codex/index.ts";
import { promptsOf, traceOf } from "../trace-of.ts";
import {
  calls,
  counted,
  ended,
  event,
  fixture,
  gives,
  item,
  type Line,
  meta,
  ofType,
  read,
  readAll,
  rollout,
  says,
  started,
  used,
} from "./read.ts";

const OK_RUN = "0.169.0/rollout-2026-11-20T14-40-48-01a1f967-2190-7642-a110-f87372fbfa8c.jsonl";

describe("a whole run of 0.169", () => {
  const parser = codex.createParser();
  const events = readAll(fixture(OK_RUN), parser);

  test("has the turns, calls, tools and tokens that its script had", () => {
    expect(totalsOf(traceOf(events))).toMatchObject({
      turns: 1,
      llm_calls: 4,
      llm_errors: 0,
      tool_calls: 4,
      tool_errors: 2,
      usage: {
        input_tokens: 6300,
        cache_read_tokens: 4300,
        cache_write_tokens: 0,
        output_tokens: 430,
        reasoning_tokens: 80,
      },
    });
  });

  test("says who ran where, and on which commit", () => {
    expect(parser.facts).toMatchObject({
      conversationId: "01a1f967-2190-7642-a110-f87372fbfa8c",
      agentVersion: "0.169.0",
      cwd: "/home/dev/project",
      pointers: {
        repository_url: "https://github.com/example/demo",
        head_revision: "db8332de8e2f1efd5739c44c3441858a1e974721",
        ref_name: "master",
      },
      unknownTypes: {},
    });
  });

  test("begins its turn with the user's words and ends it with the agent's own figures", () => {
    expect(ofType(events, "turn_start")).toMatchObject([
      { turn: 1, origin: "user", content: { prompt: "Create missing-file.txt if it is missing" } },
    ]);
    expect(ofType(events, "turn_end")).toMatchObject([
      { turn: 1, status: "success", duration_ms: 2010, time_to_first_token_ms: 330 },
    ]);
  });

  test("gives every call its model, its response id and the key of its first answer line", () => {
    expect(ofType(events, "prompt").map(({ span, model, provider }) => [span.key, model, provider])).toEqual(
      [11, 21, 27, 33].map((line) => [`${OK_RUN.slice("0.169.0/".length)}:${line}`, "gpt-5.5", "mock"]),
    );
    expect(ofType(events, "completion").map((completion) => completion.response_id)).toEqual([
      "resp_mock_1",
      "resp_mock_2",
      "resp_mock_3",
      "resp_mock_4",
    ]);
  });

  test("joins exit code and duration of a command to the output that came after", () => {
    const results = ofType(events, "tool_result");
    expect(
      results.map(({ call_id, status, exit_code, error_basis }) => [call_id, status, exit_code, error_basis]),
    ).toEqual([
      ["call_a1", "ok", 0, undefined],
      ["call_a2", "error", 1, "exit_code"],
      ["call_b1", "ok", 0, undefined],
      ["call_c2", "error", 3, "exit_code"],
    ]);
    expect(results[0]).toMatchObject({ duration_ms: 515, duration_basis: "reported" });
    expect(ofType(events, "amend")).toEqual([]);
  });

  test("keeps reasoning as its summary and never what is encrypted", () => {
    expect(ofType(events, "completion")[0]?.content?.messages).toEqual([
      {
        role: "assistant",
        parts: [
          { type: "reasoning", content: "**Planning** Look at the files first." },
          { type: "tool_call", id: "call_a1", name: "exec_command" },
          { type: "tool_call", id: "call_a2", name: "exec_command" },
        ],
      },
    ]);
    expect(JSON.stringify(events)).not.toContain("bW9jaw==");
  });

  test("restores the last prompt: each message once, arguments and results in their place", () => {
    const last = promptsOf(events).at(-1);
    expect(last).toMatchObject({ complete: true, model: "gpt-5.5" });
    expect(String(last?.system)).toMatch(/^You are Codex/);
    expect(last?.messages.map((message) => message.role)).toEqual([
      "developer",
      "user",
      "user",
      "assistant",
      "tool",
      "tool",
      "assistant",
      "tool",
      "assistant",
      "tool",
    ]);
    expect(last?.messages.at(-1)?.parts[0]).toMatchObject({
      response: expect.stringContaining("hello from mock"),
    });
  });
});

describe("which call a line belongs to", () => {
  test("usage that comes before the results ends the call", () => {
    const events = readAll(
      rollout(
        meta(),
        started("t"),
        calls("a", "ls"),
        calls("b", "pwd"),
        used(10, 5),
        gives("a", "x"),
        gives("b", "y"),
        says("assistant", "done"),
        used(20, 6),
        ended("t"),
      ),
    );
    expect(ofType(events, "completion").map((completion) => completion.usage?.input_tokens)).toEqual([
      10, 20,
    ]);
  });

  test("usage that comes after the results amends the call it belongs to", () => {
    const lines = rollout(
      meta(),
      started("t"),
      calls("a", "ls"),
      gives("a", "x"),
      counted(10, 10),
      ended("t"),
    );
    expect(totalsOf(traceOf(readAll(lines)))).toMatchObject({ llm_calls: 1, usage: { input_tokens: 10 } });
  });

  test("a repeated total is no call", () => {
    const lines = rollout(
      meta(),
      started("t"),
      says("assistant", "one"),
      counted(10, 10),
      counted(10, 10),
      says("assistant", "two"),
      counted(25, 15),
      counted(25, 15),
    );
    expect(totalsOf(traceOf(readAll(lines)))).toMatchObject({ llm_calls: 2, usage: { input_tokens: 25 } });
  });

  test("a usage record and the token count of the same call are one", () => {
    const lines = rollout(meta(), started("t"), says("assistant", "one"), used(10, 5), counted(10, 10));
    expect(totalsOf(traceOf(readAll(lines)))).toMatchObject({ llm_calls: 1, usage: { input_tokens: 10 } });
  });

  test("without any usage the model's words after a result are another call", () => {
    const lines = rollout(meta(), started("t"), calls("a", "ls"), gives("a", "x"), says("assistant", "done"));
    expect(totalsOf(traceOf(readAll(lines)))).toMatchObject({ llm_calls: 2, usage: {} });
  });

  test("usage without an answer is a call that said nothing, and adds no message", () => {
    const lines = rollout(
      meta(),
      started("t"),
      says("user", "hi"),
      used(10, 0),
      says("assistant", "late"),
      used(20, 3),
    );
    const prompts = promptsOf(readAll(lines));
    expect(prompts.map((prompt) => prompt?.messages.length)).toEqual([1, 1]);
  });
});

describe("turns", () => {
  test("of files without turn ids begin with the user's message", () => {
    const events = readAll(fixture("agtrace-codex_session.jsonl"));
    expect(
      ofType(events, "turn_start").map((turn) => [turn.turn, String(turn.content?.prompt).slice(0, 9)]),
    ).toEqual([
      [1, "add myapp"],
      [2, "cd to mya"],
    ]);
    expect(totalsOf(traceOf(events))).toMatchObject({ llm_calls: 7, tool_calls: 5, tool_errors: 2 });
  });

  test("have the user's words, not the harness's in the user's name", () => {
    const lines = rollout(
      meta(),
      started("t"),
      says("developer", "<permissions instructions>"),
      says("user", "<environment_context>\n</environment_context>"),
      says("user", "# AGENTS.md instructions for /x"),
      says("user", "do it"),
      says("assistant", "done"),
    );
    expect(ofType(readAll(lines), "turn_start")[0]?.content?.prompt).toBe("do it");
  });

  test("keep their first words when the user adds some", () => {
    const lines = rollout(
      meta(),
      started("t"),
      says("user", "first"),
      event("user_message", { message: "first" }),
      says("assistant", "working"),
      used(10, 5),
      says("user", "and also"),
      event("user_message", { message: "and also" }),
      says("assistant", "done"),
      ended("t"),
    );
    const events = readAll(lines);
    expect(ofType(events, "turn_start").map((turn) => turn.content?.prompt)).toEqual(["first"]);
    expect(promptsOf(events).at(-1)?.messages.at(-1)?.parts).toEqual([{ type: "text", content: "and also" }]);
  });

  test("that the user stops are interrupted, and so is an answer that was cut", () => {
    const lines = rollout(
      meta(),
      started("t"),
      says("assistant", "one"),
      used(10, 5),
      says("user", "more"),
      says("assistant", "half an"),
      event("turn_aborted", { turn_id: "t", reason: "interrupted", duration_ms: 19_103 }),
    );
    const events = readAll(lines);
    expect(ofType(events, "completion").map((completion) => completion.status)).toEqual([
      "ok",
      "interrupted",
    ]);
    expect(ofType(events, "event")).toMatchObject([{ name: "interrupt", fields: { reason: "interrupted" } }]);
    expect(ofType(events, "turn_end")).toMatchObject([{ status: "interrupted", duration_ms: 19_103 }]);
  });

  test("that end in a refused request have a call that failed", () => {
    const events = readAll(fixture("0.169.0/rollout-http400.jsonl"));
    expect(ofType(events, "completion")).toMatchObject([
      {
        status: "error",
        error: { type: "invalid_request_error", code: "invalid_request" },
        content: { error_message: expect.stringContaining("mock invalid request") },
      },
    ]);
    expect(ofType(events, "turn_end")).toMatchObject([{ status: "error", duration_ms: 112 }]);
    expect(totalsOf(traceOf(events))).toMatchObject({ llm_calls: 0, llm_errors: 1 });
  });

  test("that are open when the file ends are interrupted if a tool ran, and unknown if not", () => {
    const open = (...lines: Line[]): unknown =>
      ofType(readAll(rollout(meta(), started("t"), ...lines)), "turn_end")[0]?.status;
    expect(open(calls("a", "sleep"))).toBe("interrupted");
    expect(open(says("assistant", "done"), used(10, 5))).toBe("unknown");
  });
});

describe("compaction", () => {
  const events = readAll(fixture("0.169.0/rollout-compaction.jsonl"));

  test("is an event, and the call that wrote the summary counts", () => {
    expect(ofType(events, "event")).toMatchObject([
      { name: "compaction", fields: { tokens_before: 2413 } },
      { name: "compaction", fields: { tokens_before: 3059 } },
    ]);
    expect(totalsOf(traceOf(events))).toMatchObject({ llm_calls: 5, usage: { input_tokens: 13_100 } });
  });

  test("makes the next prompt begin anew, with the history that replaced the old one", () => {
    const prompts = ofType(events, "prompt");
    expect(prompts.map(({ input }) => input.reason)).toEqual([
      "start",
      undefined,
      "compaction",
      undefined,
      "compaction",
    ]);
    const third = promptsOf(events)[2];
    expect(third?.complete).toBe(true);
    expect(third?.system).toBeDefined();
    expect(third?.messages.map((message) => message.role)).toEqual(["developer", "user", "user", "user"]);
  });

  test("leaves out what was waiting for the next prompt, and keeps only a summary where that is all", () => {
    const lines = rollout(
      meta({ base_instructions: { text: "be good" } }),
      started("t"),
      calls("a", "ls"),
      used(10, 5),
      gives("a", "files"),
      ["compacted", { message: "the story so far" }],
      says("assistant", "done"),
    );
    expect(ofType(readAll(lines), "prompt")[1]).toMatchObject({
      input: { reason: "compaction", complete: false },
      content: { messages: [{ role: "user", parts: [{ type: "text", content: "the story so far" }] }] },
    });
    expect(promptsOf(readAll(lines))[1]?.system).toBe("be good");
  });

  test("asks for the summary with words that the rollout does not have", () => {
    expect(ofType(events, "prompt")[1]?.input.complete).toBe(false);
  });
});

describe("going back", () => {
  test("by a turn lets the next prompt extend what was before it", () => {
    const lines = rollout(
      meta(),
      started("t1"),
      says("user", "one"),
      says("assistant", "first"),
      used(10, 5),
      ended("t1"),
      started("t2"),
      says("user", "two"),
      says("assistant", "second"),
      used(20, 5),
      ended("t2"),
      event("thread_rolled_back", { num_turns: 1 }),
      started("t3"),
      says("user", "three"),
      says("assistant", "third"),
      used(30, 5),
      ended("t3"),
    );
    const texts = promptsOf(readAll(lines)).map((prompt) =>
      prompt?.messages.map((message) => (message.parts[0] as { content: string }).content),
    );
    expect(texts).toEqual([["one"], ["one", "first", "two"], ["one", "first", "three"]]);
  });
});

describe("what a trace keeps of the rest", () => {
  const limits = (percent: number): Line =>
    event("token_count", {
      info: null,
      rate_limits: { primary: { used_percent: percent, resets_at: 1_765_328_124 } },
    });

  test("rate limits once per turn, or when they changed by five percent", () => {
    const lines = rollout(
      meta(),
      started("t"),
      limits(1),
      limits(2),
      limits(4),
      limits(6),
      limits(6),
      ended("t"),
      started("u"),
      limits(6),
      limits(7),
    );
    expect(ofType(readAll(lines), "event").map((one) => one.fields)).toEqual([
      { used_percent: 1, resets_at: "2025-12-10T00:55:24.000Z" },
      { used_percent: 6, resets_at: "2025-12-10T00:55:24.000Z" },
      { used_percent: 7, resets_at: "2025-12-10T00:55:24.000Z" },
    ]);
  });

  test("a dropped connection as a retry", () => {
    const lines = rollout(meta(), started("t"), event("stream_error", { message: "Reconnecting... 2/5" }));
    expect(ofType(readAll(lines), "event")).toMatchObject([{ name: "retry", fields: { attempt: 2 } }]);
  });

  test("types it does not know, counted by name", () => {
    const parser = codex.createParser();
    readAll(
      rollout(meta(), event("brand_new"), item("brand_new"), ["constructor", {}], ["constructor", {}]),
      parser,
    );
    expect(parser.facts.unknownTypes).toEqual({
      "event_msg/brand_new": 1,
      "response_item/brand_new": 1,
      constructor: 2,
    });
  });

  test.each([
    ["git@github.com:o/r.git", "https://github.com/o/r"],
    ["https://user:word@example.com/o/r.git", "https://example.com/o/r"],
    ["ssh://git@example.com:22/o/r", "https://example.com/o/r"],
    ["/srv/git/r.git", undefined],
  ])("the remote %s as %s", (remote, expected) => {
    const parser = codex.createParser();
    readAll(rollout(meta({ git: { repository_url: remote } })), parser);
    expect(parser.facts.pointers.repository_url).toBe(expected);
  });
});

describe("a conversation that goes on in a new trace", () => {
  const lines = rollout(
    meta({ base_instructions: { text: "be good" } }),
    started("t1"),
    says("user", "one"),
    says("assistant", "first"),
    used(10, 5),
    ended("t1"),
    started("t2"),
    says("user", "two"),
    says("assistant", "second"),
    used(20, 5),
    ended("t2"),
  );

  test("counts its turns on and shows only what is new", () => {
    const parser = codex.createParser();
    read(lines.slice(0, 6), parser);
    parser.resume();
    const events = readAll(lines.slice(6), parser);
    expect(ofType(events, "turn_start")).toMatchObject([{ turn: 2, content: { prompt: "two" } }]);
    expect(ofType(events, "prompt")).toMatchObject([
      {
        input: { reason: "resume", complete: false },
        content: { system: "be good", messages: [{ role: "user" }] },
      },
    ]);
    expect(parser.facts.resumed).toBe(true);
  });

  test("begins a turn that was cut in two again, under its number", () => {
    const parser = codex.createParser();
    read(lines.slice(0, 9), parser);
    parser.resume();
    const events = readAll(lines.slice(9), parser);
    expect(ofType(events, "turn_start")).toMatchObject([{ span: { key: "t2" }, turn: 2 }]);
    expect(ofType(events, "turn_end")).toMatchObject([{ span: { key: "t2" }, turn: 2, status: "success" }]);
  });
});
