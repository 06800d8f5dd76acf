import { describe, expect, test } from "vitest";
import type { SourceLine } from "../../src/adapter.ts";
import { geminiCli } from "../../src/gemini-cli/index.ts";
import { chat, ofType, read, readAll } from "./read-source.ts";
import { at, CONTEXT, gemini, HEADER, response, START, tool, user } from "./records.ts";
import { promptsOf, traceOf } from "../trace-of.ts";
import { figuresOf } from "./truth.ts";

/** The texts and tool ids of each call's full prompt, the context left out. */
function saidTo(lines: readonly SourceLine[]): string[][] {
  return promptsOf(readAll(lines)).map((prompt) =>
    (prompt?.messages ?? [])
      .flatMap(({ parts }) =>
        parts.map((part) => String((part as { content?: string }).content ?? (part as { id?: string }).id)),
      )
      .filter((text) => !text.startsWith("<session_context>")),
  );
}

describe("a message written again", () => {
  test("tells only what is new: its tool calls, once", () => {
    const lines = chat(
      ...START,
      user("u1", "go"),
      gemini("g1", ""),
      gemini("g1", "", 2, { toolCalls: [tool("t1")] }),
      gemini("g1", "", 2, { toolCalls: [tool("t1"), tool("t2")] }),
    );
    const events = readAll(lines);
    expect(figuresOf(events)).toMatchObject({ llmCalls: 1, toolCalls: 2, input: 10, output: 5, thoughts: 1 });
    expect(ofType(events, "tool_result").map(({ call_id }) => call_id)).toEqual(["t1", "t2"]);
  });

  test("amends the call where it was written before: tools that ran longer than a silence", () => {
    const parser = geminiCli.createParser();
    const before = read(chat(...START, user("u1", "go"), gemini("g1", "I look.")), parser);
    const quiet = parser.flush("quiet");
    const after = readAll(
      chat(...START, user("u1", "go"), gemini("g1", "I look.", 2, { toolCalls: [tool("t1")] })).slice(-1),
      parser,
    );
    expect(quiet.map(({ type }) => type)).toEqual(["completion"]);
    expect(after.map(({ type }) => type)).toEqual(["amend", "tool_call", "tool_result", "turn_end"]);
    const span = traceOf([...before, ...quiet, ...after]).spans.find(({ kind }) => kind === "model");
    expect(span?.end?.content).toEqual({
      messages: [
        {
          role: "assistant",
          parts: [
            { type: "text", content: "I look." },
            { type: "tool_call", id: "t1", name: "run_shell_command" },
          ],
        },
      ],
    });
  });

  test("learns tokens that came after the answer", () => {
    const events = readAll(
      chat(...START, user("u1", "go"), gemini("g1", "hi", 2, { tokens: null }), gemini("g1", "hi")),
    );
    expect(figuresOf(events)).toMatchObject({ llmCalls: 1, input: 10 });
  });
});

test("tool calls under an id of their own belong to the answer before them", () => {
  const lines = chat(
    ...START,
    user("u1", "one"),
    gemini("g1", "I wait."),
    { id: "i1", timestamp: at(3), type: "info", content: "Request cancelled." },
    gemini("g2", "", 3, { tokens: null, toolCalls: [tool("t1", { status: "cancelled" })] }),
  );
  const events = readAll(lines);
  expect(figuresOf(events)).toMatchObject({ llmCalls: 1, toolCalls: 1, toolErrors: 1 });
  expect(ofType(events, "completion")[0]?.content?.messages?.[0]?.parts).toEqual([
    { type: "text", content: "I wait." },
    { type: "tool_call", id: "t1", name: "run_shell_command" },
  ]);
  expect(ofType(events, "turn_end")).toMatchObject([{ status: "interrupted" }]);
});

describe("tokens", () => {
  test("input includes what tools at the provider put into the prompt; output includes thoughts", () => {
    const tokens = { input: 100, output: 20, cached: 40, thoughts: 7, tool: 30, total: 157 };
    const events = readAll(chat(...START, user("u1", "go"), gemini("g1", "hi", 2, { tokens })));
    expect(ofType(events, "completion")[0]?.usage).toEqual({
      input_tokens: 130,
      cache_read_tokens: 40,
      output_tokens: 27,
      reasoning_tokens: 7,
    });
  });
});

describe("a tool result", () => {
  const resultOf = (call: object): object | undefined =>
    ofType(
      readAll(chat(...START, user("u1", "go"), gemini("g1", "", 2, { toolCalls: [call] }))),
      "tool_result",
    )[0];
  const output = (text: string): object => ({
    result: [{ functionResponse: { id: "t1", name: "n", response: { output: text } } }],
  });

  test.each([
    ["Output: x\nExit Code: 2\nProcess Group PGID: 9", 2, "error"],
    ["<untrusted_context>\nOutput: x\nExit Code: 127\nSignal: 9\n</untrusted_context>", 127, "error"],
    ["Command: true\nOutput: (empty)\nExit Code: 0\nSignal: (none)", 0, "ok"],
    ["Output: the log says\nExit Code: 2\nbut all is well\nProcess Group PGID: 9", undefined, "ok"],
    ["Output: Exit Code: 2", undefined, "ok"],
  ])("of a shell takes the exit code where the CLI writes it: %j", (text, exitCode, status) => {
    const result = resultOf(tool("t1", output(text)));
    expect(result).toMatchObject({ status, ...(exitCode === undefined ? {} : { exit_code: exitCode }) });
    if (exitCode === undefined) expect(result).not.toHaveProperty("exit_code");
  });

  test("of another tool has no exit code, whatever its text", () => {
    expect(resultOf(tool("t1", { name: "read_file", ...output("Exit Code: 2") }))).toMatchObject({
      status: "ok",
    });
  });

  test.each([
    ["error", "File not found", "error"],
    ["error", "Tool execution denied by policy. Ask first.", "denied"],
    ["cancelled", "[Operation Cancelled] Reason: User denied execution.", "denied"],
    ["cancelled", "[Operation Cancelled] User cancelled tool execution.", "cancelled"],
  ])("with status %s and %j is %s", (status, text, expected) => {
    const result = [{ functionResponse: { id: "t1", name: "n", response: { error: text } } }];
    expect(resultOf(tool("t1", { status, result }))).toMatchObject({
      status: expected,
      content: { result: text },
    });
  });

  test("keeps of an image its size and hash", () => {
    const result = [
      { functionResponse: { id: "t1", name: "n", response: { output: "an image" } } },
      { inlineData: { mimeType: "image/png", data: "AAAA" } },
    ];
    expect(resultOf(tool("t1", { result }))).toMatchObject({
      content: { result: ["an image", { type: "blob", mime_type: "image/png", bytes: 3 }] },
    });
  });

  test("is not there while the tool runs, and comes with the line that has it", () => {
    const running = tool("t1", { status: "executing", result: null });
    const events = readAll(
      chat(...START, user("u1", "go"), gemini("g1", "", 2, { toolCalls: [running] }), response("r1", "t1")),
    );
    expect(ofType(events, "tool_call")).toHaveLength(1);
    expect(ofType(events, "tool_result")).toHaveLength(0);
    expect(ofType(events, "turn_end")).toMatchObject([{ status: "interrupted" }]);
  });
});

describe("turns", () => {
  test("begin with what the user said, not with results, contexts, hooks or the editor's state", () => {
    const events = readAll(
      chat(
        ...START,
        user("h1", "<hook_context>be kind</hook_context>"),
        user("u1", "one"),
        gemini("g1", "", 2, { toolCalls: [tool("t1")] }),
        response("r1", "t1"),
        gemini("g2", "done", 4),
        user("e1", "Here is the user's editor context as a JSON object. …", 5),
        user("u2", "two", 5),
      ),
    );
    expect(ofType(events, "turn_start").map(({ turn, content }) => [turn, content?.prompt])).toEqual([
      [1, "one"],
      [2, "two"],
    ]);
    expect(ofType(events, "turn_end")).toMatchObject([
      { turn: 1, status: "success", time: at(4) },
      { turn: 2, status: "unknown" },
    ]);
  });

  test("show what the user typed, where the message to the model has more", () => {
    const asked = {
      ...user("u1", "see @a.txt\n--- Content from a.txt ---\nsecret plan"),
      displayContent: [{ text: "see @a.txt" }],
    };
    const events = readAll(chat(...START, asked, gemini("g1", "ok")));
    expect(ofType(events, "turn_start")[0]?.content?.prompt).toBe("see @a.txt");
    expect(saidTo(chat(...START, asked, gemini("g1", "ok")))).toEqual([
      ["see @a.txt\n--- Content from a.txt ---\nsecret plan"],
    ]);
  });

  test("of versions before 0.40 end with the error that the screen showed", () => {
    const events = readAll(
      chat(HEADER, user("u1", "one"), {
        id: "e1",
        timestamp: at(2),
        type: "error",
        content: "[API Error: quota]",
      }),
    );
    expect(ofType(events, "completion")).toMatchObject([
      { status: "error", error: { type: "api_error" }, content: { error_message: "[API Error: quota]" } },
    ]);
    expect(ofType(events, "turn_end")).toMatchObject([{ status: "error" }]);
  });
});

describe("the list cut short", () => {
  test("by a request that failed is a call with an error, and the next prompt goes on before it", () => {
    const lines = chat(
      ...START,
      user("u1", "one"),
      gemini("g1", "first"),
      user("u2", "two", 3),
      { $set: { messages: [CONTEXT, user("u1", "one"), gemini("g1", "first")], lastUpdated: at(4) } },
      user("u3", "three", 5),
      gemini("g2", "third", 6),
    );
    const events = readAll(lines);
    expect(figuresOf(events)).toMatchObject({ llmCalls: 2, llmErrors: 1 });
    expect(ofType(events, "turn_end").map(({ status }) => status)).toEqual(["success", "error", "success"]);
    expect(saidTo(lines)).toEqual([["one"], ["one", "first", "two"], ["one", "first", "three"]]);
  });

  test("by an interruption takes back the answers too: an interrupted call", () => {
    const lines = chat(
      ...START,
      user("u1", "one"),
      gemini("g1", "", 2, { toolCalls: [tool("t1")] }),
      response("r1", "t1"),
      { $set: { messages: [CONTEXT], lastUpdated: at(4) } },
      user("u2", "two", 5),
      gemini("g2", "second", 6),
    );
    const events = readAll(lines);
    expect(ofType(events, "completion").map(({ status }) => status)).toEqual(["ok", "interrupted", "ok"]);
    expect(ofType(events, "turn_end").map(({ status }) => status)).toEqual(["interrupted", "success"]);
    expect(saidTo(lines)).toEqual([["one"], ["one", "t1", "t1"], ["two"]]);
    expect(ofType(events, "prompt").at(-1)?.input).toMatchObject({
      base: { kind: "model", key: "g1" },
      base_messages: 1,
      reason: "rewind",
      messages: 2,
    });
  });

  test.each([
    ["u2", [["one"], ["one", "first", "two"], ["one", "first", "again"]]],
    ["u1", [["one"], ["one", "first", "two"], ["again"]]],
    // The CLI itself empties its list there.
    ["nobody", [["one"], ["one", "first", "two"], ["again"]]],
  ])("by going back before %s leaves the prompt what stood before it", (rewindTo, expected) => {
    const lines = chat(
      ...START,
      user("u1", "one"),
      gemini("g1", "first"),
      user("u2", "two", 3),
      gemini("g2", "second", 4),
      { $rewindTo: rewindTo },
      user("u3", "again", 5),
      gemini("g3", "third", 6),
    );
    expect(saidTo(lines)).toEqual(expected);
    expect(figuresOf(readAll(lines))).toMatchObject({ llmCalls: 3, llmErrors: 0, input: 30 });
  });

  test("before a prompt that was never answered drops that prompt", () => {
    const lines = chat(
      ...START,
      user("u1", "one"),
      gemini("g1", "", 2, { toolCalls: [tool("t1")] }),
      response("r1", "t1"),
      user("h1", "I ran the following shell command:\nls", 4),
      user("u2", "two", 4),
      { $rewindTo: "u2" },
      user("u3", "three", 5),
      gemini("g3", "third", 6),
    );
    expect(saidTo(lines).at(-1)).toEqual([
      "one",
      "t1",
      "t1",
      "I ran the following shell command:\nls",
      "three",
    ]);
  });
});

describe("the list anew", () => {
  const SUMMARY = user("c1", "<state_snapshot>all we did</state_snapshot>", 5);
  const ACK = { id: "c2", timestamp: at(5), type: "gemini", content: [{ text: "Got it." }] };

  test("after a compression is a prompt that starts over; nothing in it is a call again", () => {
    const kept = { id: "c3", timestamp: at(5), type: "gemini", content: [{ text: "first" }] };
    const lines = chat(
      ...START,
      user("u1", "one"),
      gemini("g1", "first"),
      { $set: { sessionId: "s-1" } },
      { $set: { messages: [CONTEXT, SUMMARY, ACK, kept], lastUpdated: at(5) } },
      user("u2", "two", 6),
      gemini("g2", "second", 7),
    );
    const events = readAll(lines);
    expect(figuresOf(events)).toMatchObject({ llmCalls: 2, input: 20 });
    expect(ofType(events, "event").map(({ name }) => name)).toEqual(["compaction"]);
    expect(ofType(events, "prompt").at(-1)?.input).toEqual({
      messages: 5,
      reason: "compaction",
      complete: false,
    });
    expect(saidTo(lines).at(-1)).toEqual([
      "<state_snapshot>all we did</state_snapshot>",
      "Got it.",
      "first",
      "two",
    ]);
  });

  test("after a compression in the middle of a turn keeps the results that are still to be sent", () => {
    const asked = {
      id: "c3",
      timestamp: at(5),
      type: "gemini",
      content: [{ functionCall: { id: "t1", name: "run_shell_command", args: { command: "true" } } }],
    };
    const lines = chat(
      ...START,
      user("u1", "one"),
      gemini("g1", "", 2, { toolCalls: [tool("t1")] }),
      { $set: { messages: [CONTEXT, SUMMARY, ACK, asked], lastUpdated: at(5) } },
      response("r1", "t1", 6),
      gemini("g2", "second", 7),
    );
    expect(saidTo(lines).at(-1)).toEqual([
      "<state_snapshot>all we did</state_snapshot>",
      "Got it.",
      "t1",
      "t1",
    ]);
  });

  test("after masking old outputs is announced by lines that repeat the talk; they are nobody's prompts", () => {
    const copies = [
      { ...CONTEXT, id: "m0" },
      user("m1", "one", 5),
      { id: "m2", timestamp: at(5), type: "gemini", content: [{ text: "first" }] },
    ];
    const lines = chat(
      ...START,
      user("u1", "one"),
      gemini("g1", "first"),
      ...copies,
      { $set: { messages: copies, lastUpdated: at(5) } },
      user("u2", "two", 6),
      gemini("g2", "second", 7),
    );
    const events = readAll(lines);
    expect(ofType(events, "turn_start").map(({ content }) => content?.prompt)).toEqual(["one", "two"]);
    expect(saidTo(lines).at(-1)).toEqual(["one", "first", "two"]);
  });

  test("after a resume in the same file goes on where it stood", () => {
    const again = [
      CONTEXT,
      user("u1", "one"),
      { ...gemini("g1", ""), content: [{ functionCall: { id: "t1", name: "run_shell_command" } }] },
      response("g1_response", "t1"),
      response("r1", "t1"),
      { ...gemini("g2", "first", 4), content: [{ text: "first" }] },
    ];
    const lines = chat(
      ...START,
      user("u1", "one"),
      gemini("g1", "", 2, { toolCalls: [tool("t1")] }),
      response("r1", "t1"),
      gemini("g2", "first", 4),
      { $set: { sessionId: "s-1" } },
      { $set: { messages: again, lastUpdated: at(5) } },
      user("u2", "two", 6),
      gemini("g3", "second", 7),
    );
    expect(figuresOf(readAll(lines))).toMatchObject({ llmCalls: 3, input: 30 });
    expect(saidTo(lines).at(-1)).toEqual(["one", "t1", "t1", "first", "two"]);
    expect(ofType(readAll(lines), "prompt").at(-1)?.input.base?.key).toBe("g2");
  });

  test("after another process began the file anew but took up nothing starts from what it kept", () => {
    const lines = chat(
      ...START,
      user("u1", "one"),
      gemini("g1", "first"),
      ...START,
      user("u2", "two", 6),
      gemini("g2", "second", 7),
    );
    expect(figuresOf(readAll(lines))).toMatchObject({ llmCalls: 2, llmErrors: 0 });
    expect(saidTo(lines)).toEqual([["one"], ["two"]]);
  });

  test("without the file's beginning belongs to another trace: only what is new is told", () => {
    const lines = chat(
      { $set: { sessionId: "s-1" } },
      { $set: { messages: [CONTEXT, user("u1", "one"), gemini("g1", "first")], lastUpdated: at(5) } },
      user("u2", "two", 6),
      gemini("g2", "second", 7),
    );
    const events = readAll(lines);
    expect(figuresOf(events)).toMatchObject({ llmCalls: 1, input: 10 });
    expect(ofType(events, "prompt")[0]?.input).toEqual({ reason: "resume", complete: false });
    expect(saidTo(lines)).toEqual([["two"]]);
  });
});

test("what was read before a resume belongs to an earlier trace, and no prompt extends it", () => {
  const parser = geminiCli.createParser();
  read(chat(...START, user("u1", "one"), gemini("g1", "first")), parser);
  parser.resume();
  const events = readAll(
    chat(
      {},
      {},
      {},
      {},
      { $set: { sessionId: "s-1" } },
      { $set: { messages: [CONTEXT, user("u1", "one"), gemini("g1", "first")] } },
      user("u2", "two", 6),
      gemini("g2", "second", 7),
      { $rewindTo: "u2" },
      user("u3", "three", 8),
      gemini("g3", "third", 9),
    ).slice(4),
    parser,
  );
  expect(ofType(events, "turn_start").map(({ turn }) => turn)).toEqual([2, 3]);
  expect(ofType(events, "prompt").map(({ input }) => input)).toEqual([
    { reason: "resume", complete: false },
    { reason: "rewind", complete: false },
  ]);
});

test("lines of an unknown kind are passed over and counted by name", () => {
  const parser = geminiCli.createParser();
  const events = readAll(
    chat(
      ...START,
      { id: "x", type: "hologram", timestamp: at(1) },
      { type: "telepathy" },
      { type: "constructor" },
      { __proto__: 1, whatever: 2 },
    ),
    parser,
  );
  expect(events).toEqual([]);
  expect({ ...parser.facts.unknownTypes }).toEqual({
    hologram: 1,
    telepathy: 1,
    constructor: 1,
    whatever: 1,
  });
});
