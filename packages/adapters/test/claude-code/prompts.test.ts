/** Restored prompts: equal parts in the order in which Claude Code sent them. */

import { describe, expect, test } from "vitest";
import type { JsonObject, SourceLine } from "../../src/adapter.ts";
import { ofType } from "../conversations.ts";
import { promptsOf } from "../trace-of.ts";
import {
  agentFile,
  attached,
  gives,
  metaFile,
  prompt,
  readAll,
  rendered,
  says,
  session,
  shape,
  stream,
  system,
  text,
  time,
  turnEnds,
  user,
  uses,
} from "./session.ts";

/** Every call's messages, each as its role and what its parts say. */
function sent(lines: readonly SourceLine[]): string[][] {
  return promptsOf(readAll(lines)).map((restored) =>
    (restored?.messages ?? []).map(
      ({ role, parts }) =>
        `${role}: ${parts.map((part) => (part as { content?: string; id?: string }).content ?? (part as { id?: string }).id ?? part.type).join(" | ")}`,
    ),
  );
}

function inputs(lines: readonly SourceLine[]): object[] {
  return ofType(readAll(lines), "prompt").map(({ input }) => input);
}

describe("the order of a request", () => {
  test("has the reminders before the prompt, and the rules after it as one message without their wrapping", () => {
    const lines = session(
      prompt("hello"),
      rendered("system", "rule one"),
      rendered("user", "context"),
      rendered("system", "rule two"),
      says("m1", text("hi")),
    );
    expect(sent(lines)).toEqual([
      ["user: <system-reminder>\ncontext\n</system-reminder> | hello", "system: rule one\n\nrule two"],
    ]);
  });

  test("has tool results first, and what the user said meanwhile behind them", () => {
    const lines = session(
      prompt("go"),
      says("m1", uses("t1")),
      says("m1", uses("t2")),
      gives("t1"),
      user("and hurry", { isMeta: true }),
      gives("t2"),
      says("m2", text("done")),
    );
    expect(sent(lines)[1]).toEqual([
      "user: go",
      "assistant: t1 | t2",
      "tool: t1",
      "tool: t2",
      "user: and hurry",
    ]);
  });

  test("keeps commands of the terminal and their output, which go along with the next prompt", () => {
    const lines = session(
      user("<local-command-caveat>Caveat</local-command-caveat>", { isMeta: true }),
      user("<command-name>/clear</command-name>"),
      system("local_command", { content: "<local-command-stdout></local-command-stdout>" }),
      prompt("hello"),
      says("m1", text("hi")),
    );
    expect(sent(lines)).toEqual([
      [
        "user: <local-command-caveat>Caveat</local-command-caveat> | <command-name>/clear</command-name> | <local-command-stdout></local-command-stdout> | hello",
      ],
    ]);
  });

  test("has answers that no model gave where they were given", () => {
    const lines = session(
      prompt("one"),
      says("x", text("No response requested."), { message: { model: "<synthetic>" } }),
      prompt("two"),
      says("m1", text("hi")),
    );
    expect(sent(lines)).toEqual([["user: one", "assistant: No response requested.", "user: two"]]);
  });

  test("has no answer of a request that failed", () => {
    const lines = session(
      prompt("one"),
      says("x", text("API Error"), { message: { model: "<synthetic>" }, isApiErrorMessage: true }),
      prompt("two"),
      says("m1", text("hi")),
    );
    expect(sent(lines)).toEqual([["user: one"], ["user: one", "user: two"]]);
  });
});

describe("a request that is tried again", () => {
  const failure = {
    error: { status: 503, message: '503 {"type":"overloaded_error"}', formatted: "503 overloaded" },
    retryAttempt: 1,
    retryInMs: 500.5,
  };
  const lines = session(
    prompt("one"),
    shape("Be brief.", "Bash"),
    system("api_error", failure),
    system("api_error", { error: { message: "Connection error." } }),
    says("m1", text("1")),
  );

  test("is a call that failed for each try, and one that is answered", () => {
    expect(ofType(readAll(lines), "completion")).toMatchObject([
      {
        span: { key: "u3" },
        status: "error",
        error: { type: "overloaded_error", code: 503 },
        content: { error_message: "503 overloaded" },
      },
      { span: { key: "u4" }, error: { type: "api_error" }, content: { error_message: "Connection error." } },
      { span: { key: "m1" }, status: "ok" },
    ]);
  });

  test("is sent the same each time, and written once", () => {
    expect(sent(lines)).toEqual([["user: one"], ["user: one"], ["user: one"]]);
    expect(ofType(readAll(lines), "prompt").map(({ content }) => content !== undefined)).toEqual([
      true,
      false,
      false,
    ]);
  });

  test("begins where the try before it failed", () => {
    const starts = ofType(readAll(lines), "prompt").map((event) => event.time);
    expect(starts).toEqual([time(0), time(2), time(3)]);
  });

  test("belongs to the turn of the command that asks, though no prompt was typed", () => {
    const asked = session(
      user("<command-name>/init</command-name>"),
      system("api_error", failure),
      says("m1", text("1")),
    );
    const events = readAll(asked);
    expect(ofType(events, "turn_start")).toHaveLength(1);
    expect(ofType(events, "prompt").map(({ parent }) => parent?.kind)).toEqual(["turn", "turn"]);
  });
});

test("a result that is told twice is sent once", () => {
  const lines = session(
    prompt("go"),
    says("m1", uses("t1")),
    gives("t1"),
    gives("t1"),
    says("m2", text("2")),
  );
  expect(sent(lines)[1]).toEqual(["user: go", "assistant: t1", "tool: t1"]);
});

test("a request begins with the latest that was said, in whatever order the lines stand", () => {
  const lines = session(
    prompt("go", { timestamp: time(9) }),
    rendered("user", "x"),
    says("m1", text("1"), { timestamp: time(20) }),
  );
  expect(ofType(readAll(lines), "prompt")[0]?.time).toBe(time(9));
});

describe("what a call was set up with", () => {
  test("is what the request's shape says, which makes the prompt complete", () => {
    const [first] = promptsOf(
      readAll(session(prompt("hello"), shape("Be brief.", "Bash"), says("m1", text("hi")))),
    );
    expect(first).toMatchObject({
      system: [{ type: "text", content: "Be brief." }],
      tools: [{ name: "Bash" }],
      complete: true,
    });
  });

  test("is what the harness made it from where no shape is written; the tools come after the first answer", () => {
    const snapshot = (more: object): Record<string, unknown> =>
      attached({ type: "prompt_snapshot", systemPrompt: ["Be brief."], ...more });
    const restored = promptsOf(
      readAll(
        session(
          prompt("one"),
          snapshot({}),
          says("m1", uses("t1")),
          gives("t1"),
          snapshot({ cliPrefix: "You are Claude.", tools: [{ name: "Bash" }] }),
          says("m2", text("hi")),
        ),
      ),
    );
    expect(restored).toMatchObject([
      { system: [{ content: "Be brief." }], complete: false },
      { system: [{ content: "You are Claude." }, { content: "Be brief." }], tools: [{ name: "Bash" }] },
    ]);
    expect(restored[0]).not.toHaveProperty("tools");
  });

  test("is not taken from the harness where the request's shape is known", () => {
    const snapshot = attached({ type: "prompt_snapshot", systemPrompt: ["Other."], tools: [] });
    const restored = promptsOf(
      readAll(session(prompt("one"), shape("Be brief.", "Bash"), snapshot, says("m1", text("1")))),
    );
    expect(restored).toMatchObject([{ system: [{ content: "Be brief." }], tools: [{ name: "Bash" }] }]);
  });

  test("is written again only when it changed", () => {
    const again = shape("Be brief.", "Bash");
    const events = readAll(
      session(
        prompt("one"),
        again,
        says("m1", text("1")),
        prompt("two"),
        again,
        says("m2", text("2")),
        prompt("three"),
        shape("Be long.", "Bash"),
        says("m3", text("3")),
      ),
    );
    expect(ofType(events, "prompt").map(({ content }) => Object.keys(content ?? {}))).toEqual([
      ["system", "messages", "tools"],
      ["messages"],
      ["system", "messages"],
    ]);
  });

  test("is not known in old versions, nor how many messages there were", () => {
    expect(inputs(session(prompt("hello"), says("m1", text("hi"))))).toEqual([
      { reason: "start", complete: false },
    ]);
  });

  test("of a sub-agent is not taken for the session's", () => {
    const lines = session(
      prompt("hello"),
      { ...shape("Sub.", "Read"), agentId: "a1" },
      says("m1", text("hi")),
    );
    expect(promptsOf(readAll(lines))[0]).not.toHaveProperty("system");
  });
});

describe("going back", () => {
  const turns = [prompt("one"), says("m1", text("1")), prompt("two"), says("m2", text("2"))] as const;

  test("extends the call before the prompt that was taken back", () => {
    const lines = session(...turns, prompt("other", { parentUuid: "u2" }), says("m3", text("3")));
    expect(sent(lines)[2]).toEqual(["user: one", "assistant: 1", "user: other"]);
    expect(inputs(lines)[2]).toMatchObject({ base: { key: "m1" }, reason: "rewind" });
  });

  test("to the first prompt starts anew", () => {
    const lines = session(...turns, prompt("other", { parentUuid: null }), says("m3", text("3")));
    expect(sent(lines)[2]).toEqual(["user: other"]);
    expect(inputs(lines)[2]).toMatchObject({ reason: "rewind" });
  });

  test("keeps what stood between the answer and the prompt that was taken back", () => {
    const lines = session(
      prompt("one"),
      says("m1", uses("t1")),
      gives("t1", "stopped"),
      user([text("[Request interrupted by user]")]),
      prompt("two"),
      says("m2", text("2")),
      prompt("other", { parentUuid: "u4" }),
      says("m3", text("3")),
    );
    expect(sent(lines)[2]).toEqual([
      "user: one",
      "assistant: t1",
      "tool: t1",
      "user: [Request interrupted by user] | other",
    ]);
  });

  test("before an answer came drops the prompt that was taken back", () => {
    const lines = session(
      prompt("one"),
      says("m1", text("1")),
      prompt("two"),
      prompt("other", { parentUuid: "u2" }),
      says("m2", text("2")),
    );
    expect(sent(lines)[1]).toEqual(["user: one", "assistant: 1", "user: other"]);
  });

  test("into the middle of a turn extends the call there", () => {
    const lines = session(
      prompt("one"),
      says("m1", uses("t1")),
      gives("t1"),
      says("m2", text("2")),
      prompt("other", { parentUuid: "u2" }),
      says("m3", text("3")),
    );
    expect(inputs(lines)[2]).toMatchObject({ base: { key: "m1" }, reason: "rewind" });
  });

  test("is not what lines without a parent say", () => {
    const lines = session(...turns.map((line) => ({ ...line, parentUuid: undefined })));
    expect(inputs(lines)[1]).toEqual({ base: { kind: "model", key: "m1" } });
  });
});

describe("a compaction", () => {
  const lines = session(
    prompt("one"),
    shape("Be brief.", "Bash"),
    says("m1", text("1")),
    turnEnds,
    system("compact_boundary", {
      parentUuid: null,
      compactMetadata: { trigger: "auto", preTokens: 900, postTokens: 100 },
    }),
    user("This session is being continued", { isCompactSummary: true, isVisibleInTranscriptOnly: true }),
    prompt("two"),
    says("m2", text("2")),
  );

  test("begins anew with the summary, and says that not all is shown", () => {
    expect(sent(lines)[1]).toEqual(["user: This session is being continued | two"]);
    expect(inputs(lines)[1]).toMatchObject({ reason: "compaction", complete: false });
  });

  test("keeps system text and tools", () => {
    expect(promptsOf(readAll(lines))[1]).toMatchObject({
      system: [{ content: "Be brief." }],
      tools: [{ name: "Bash" }],
    });
  });

  test("is an event with its sizes, and its summary is nobody's prompt", () => {
    const events = readAll(lines);
    expect(ofType(events, "event")).toMatchObject([
      { name: "compaction", fields: { trigger: "auto", tokens_before: 900, tokens_after: 100 } },
    ]);
    expect(ofType(events, "turn_start")).toHaveLength(2);
  });
});

describe("what a compaction keeps", () => {
  /** The summary stands in the line after the boundary. */
  const compacts = (boundary: number, ...kept: number[]): JsonObject[] => [
    system("compact_boundary", {
      parentUuid: null,
      compactMetadata: {
        trigger: "auto",
        preservedMessages: { anchorUuid: `u${boundary + 1}`, uuids: kept.map((line) => `u${line}`) },
      },
    }),
    user("summary", { isCompactSummary: true, isVisibleInTranscriptOnly: true }),
  ];
  const lines = session(
    prompt("one"),
    says("m1", uses("t1")),
    gives("t1"),
    says("m1", uses("t2")),
    gives("t2"),
    says("m2", text("2")),
    turnEnds,
    ...compacts(8, 2, 3, 4, 5, 6, 7),
    rendered("user", "context"),
    prompt("two"),
    says("m3", text("3")),
    ...compacts(13, 6, 11, 12),
    prompt("three"),
    says("m4", text("4")),
  );

  test("is sent behind the summary, each message once", () => {
    expect(sent(lines)[2]).toEqual([
      "user: summary",
      "assistant: t1 | t2",
      "tool: t1",
      "tool: t2",
      "assistant: 2",
      "user: <system-reminder>\ncontext\n</system-reminder> | two",
    ]);
    expect(inputs(lines)[2]).toMatchObject({ reason: "compaction" });
  });

  test("may be kept by the next one too", () => {
    expect(sent(lines)[3]).toEqual([
      "user: summary",
      "assistant: 2",
      "user: two",
      "assistant: 3",
      "user: three",
    ]);
  });

  test("is nothing that no line said, and nothing where the line that it follows never comes", () => {
    const [boundary = {}, summary = {}] = compacts(3, 2, 99);
    const before = [prompt("one"), says("m1", text("1")), boundary];
    const after = [prompt("two"), says("m2", text("2"))];
    expect(sent(session(...before, summary, ...after))[1]).toEqual([
      "user: summary",
      "assistant: 1",
      "user: two",
    ]);
    expect(sent(session(...before, { ...summary, uuid: "other" }, ...after))[1]).toEqual([
      "user: summary | two",
    ]);
  });
});

describe("a side question", () => {
  test("whose file repeats the session's messages counts only its own", () => {
    const shared = [prompt("one"), says("m1", uses("t1")), gives("t1"), says("m2", text("2"))];
    const lines = [
      ...session(...shared),
      ...agentFile("aside_question-1", [...shared, user("by the way?"), says("m9", text("9"))]),
    ];
    const events = readAll(lines);
    expect(ofType(events, "completion").map(({ span }) => span.key)).toEqual(["m1", "m2", "m9"]);
    expect(ofType(events, "tool_result")).toHaveLength(1);
    expect(ofType(events, "prompt")[2]).toMatchObject({
      parent: { kind: "agent", key: "aside_question-1" },
      input: { reason: "fork", complete: false },
      content: { messages: [{ parts: [{ content: "by the way?" }] }] },
    });
  });
});

describe("words that are wrapped before they are sent", () => {
  const told = "<task-notification>\n<task-id>a1</task-id>\n<status>completed</status>\n</task-notification>";
  const asSent = `<system-reminder>\n[NOT USER INPUT]\n\n${told}\n</system-reminder>`;
  const blob = (role: string, ...content: JsonObject[]): JsonObject => ({
    type: "api-request-blob",
    message: { role, content },
  });
  const tellsOf = (...blobs: JsonObject[]): SourceLine[] =>
    session(
      prompt("one"),
      shape("Be brief.", "Bash"),
      says("m1", text("1")),
      user("context", { isMeta: true }),
      user(told, { promptId: "p2" }),
      ...blobs,
      says("m2", text("2")),
    );
  const second = (lines: readonly SourceLine[]): [string | undefined, boolean | undefined] => [
    sent(lines)[1]?.at(-1),
    promptsOf(readAll(lines))[1]?.complete,
  ];

  test("make the prompt incomplete where they are not written down", () => {
    expect(second(tellsOf())).toEqual([`user: context | ${told}`, false]);
    expect(
      second(tellsOf(blob("assistant", text(asSent)), blob("user", text("<task-notification>")))),
    ).toEqual([`user: context | ${told}`, false]);
  });

  test("are restored as the request's own line has them", () => {
    const lines = tellsOf(blob("user", text("context\n"), text(asSent)));
    expect(second(lines)).toEqual([`user: context | ${asSent}`, true]);
    expect(ofType(readAll(lines), "turn_start")[1]?.content).toEqual({ prompt: told });
  });

  test("stay bare where that line comes after the answer, and nothing told before changes", () => {
    const lines = tellsOf();
    const late = session(...lines.map(({ value }) => value), blob("user", text(asSent)));
    expect(readAll(late)).toEqual(readAll(lines));
  });

  test("may be as short as any text, which is not mistaken for them", () => {
    const lines = session(
      prompt("one"),
      says("m1", uses("t1")),
      attached({ type: "queued_command", prompt: "on" }),
      gives("t1"),
      blob("user", text("one")),
      says("m2", text("2")),
    );
    expect(sent(lines)[1]).toEqual(["user: one", "assistant: t1", "tool: t1", "user: on"]);
  });
});

test("a sub-agent's prompts are its own thread's", () => {
  const lines = [
    ...session(
      prompt("go"),
      says("m1", uses("t1", "Agent", { prompt: "look" })),
      gives("t1"),
      says("m2", text("2")),
    ),
    metaFile("a1", { toolUseId: "t1", agentType: "Explore" }),
    ...agentFile("a1", [user("look"), says("m8", uses("t2")), gives("t2"), says("m9", text("9"))]),
  ];
  expect(sent(lines)).toEqual([
    ["user: go"],
    ["user: go", "assistant: t1", "tool: t1"],
    ["user: look"],
    ["user: look", "assistant: t2", "tool: t2"],
  ]);
});

test("of the stream no prompt is complete: it does not repeat what the user said", () => {
  const lines = stream(
    system("init"),
    says("m1", uses("t1")),
    gives("t1"),
    says("m2", text("2")),
    system("init"),
    says("m3", text("3")),
  );
  expect(inputs(lines)).toMatchObject([{ complete: false }, { base: { key: "m1" } }, { complete: false }]);
  expect(sent(lines)[1]).toEqual(["assistant: t1", "tool: t1"]);
});
