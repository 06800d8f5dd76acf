import { describe, expect, test } from "vitest";
import { geminiCli } from "../../src/gemini-cli/index.ts";
import { FIXTURES, linesOfFile, ofType, read, readAll } from "./read-source.ts";
import { promptsOf, traceOf } from "../trace-of.ts";
import { figuresOf } from "./truth.ts";

const SESSION = `${FIXTURES}0.61.0/session-2026-11-20T14-40-f5e25011.jsonl`;
const STREAM = `${FIXTURES}0.61.0/stream.jsonl`;

describe("a chat of 0.61", () => {
  const events = readAll(linesOfFile(SESSION));

  test("gives every call, tool, failure and token once, though each message with tools is written twice", () => {
    expect(figuresOf(events)).toEqual({
      llmCalls: 4,
      llmErrors: 0,
      toolCalls: 4,
      toolErrors: 1,
      // The agent flags `exit 3` as a success; by our contract its code makes it an error.
      exitCodes: [3],
      input: 7000,
      cached: 2400,
      output: 200,
      thoughts: 80,
    });
  });

  test("is one turn, from the user's prompt to the answer", () => {
    expect(ofType(events, "turn_start").map(({ span, content }) => [span.key, content?.prompt])).toEqual([
      ["603f8a57-a316-46aa-b116-6823d6bf3647", "Create missing-file.txt if it is missing"],
    ]);
    expect(ofType(events, "turn_end")).toMatchObject([
      { turn: 1, status: "success", time: "2026-11-20T14:40:51.566Z", duration_ms: 357 },
    ]);
  });

  test("writes an answer that asked for tools as soon as their results are there", () => {
    const parser = geminiCli.createParser();
    const lines = linesOfFile(SESSION);
    const beforeResults = read(lines.slice(0, 6), parser).map(({ type }) => type);
    const withResults = read(lines.slice(6, 7), parser).map(({ type }) => type);
    expect(beforeResults).toEqual(["turn_start", "prompt"]);
    expect(withResults).toEqual(["tool_call", "tool_call", "tool_result", "tool_result", "completion"]);
  });

  test("restores each prompt whole: the context, what the user said, every answer and every result", () => {
    const prompts = promptsOf(events);
    expect(prompts.map((prompt) => prompt?.messages.map(({ role }) => role))).toEqual([
      ["user", "user"],
      ["user", "user", "assistant", "tool", "tool"],
      ["user", "user", "assistant", "tool", "tool", "assistant", "tool"],
      ["user", "user", "assistant", "tool", "tool", "assistant", "tool", "assistant", "tool"],
    ]);
    expect(prompts.at(-1)?.messages.slice(1, 5)).toEqual([
      { role: "user", parts: [{ type: "text", content: "Create missing-file.txt if it is missing" }] },
      {
        role: "assistant",
        parts: [
          { type: "reasoning", content: "Inspecting\nfiles" },
          {
            type: "tool_call",
            id: "list_directory__list_directory_1795185651236_0",
            name: "list_directory",
            arguments: { dir_path: "/home/dev/project" },
          },
          {
            type: "tool_call",
            id: "read_file__read_file_1795185651331_1",
            name: "read_file",
            arguments: { file_path: "missing-file.txt" },
          },
        ],
      },
      {
        role: "tool",
        parts: [
          {
            type: "tool_call_response",
            id: "list_directory__list_directory_1795185651236_0",
            response: "Directory listing for /home/dev/project:\na.txt (3 bytes)\n\n(1 ignored)",
          },
        ],
      },
      {
        role: "tool",
        parts: [
          {
            type: "tool_call_response",
            id: "read_file__read_file_1795185651331_1",
            response: "File not found: /home/dev/project/missing-file.txt",
          },
        ],
      },
    ]);
  });

  test("counts the messages of each prompt, and says that the system text is not shown", () => {
    expect(ofType(events, "prompt").map(({ input }) => [input.messages, input.complete])).toEqual([
      [2, false],
      [5, undefined],
      [7, undefined],
      [9, undefined],
    ]);
    expect(promptsOf(events).map((prompt) => prompt?.complete)).toEqual([false, false, false, false]);
  });

  test("takes the time of a call from its last input to its answer, and of a tool from the answer to its result", () => {
    expect(ofType(events, "completion").map(({ duration_ms }) => duration_ms)).toEqual([162, 32, 31, 38]);
    expect(ofType(events, "tool_result").map(({ duration_ms }) => duration_ms)).toEqual([22, 22, 8, 60]);
  });

  test("knows its conversation, its folder and its times", () => {
    const parser = geminiCli.createParser();
    readAll(linesOfFile(SESSION), parser);
    expect(parser.facts).toMatchObject({
      conversationId: "f5e25011-7ef3-4af6-871d-f5b1a32126ea",
      cwd: "/home/dev/project",
      firstTime: "2026-11-20T14:40:51.196Z",
      lastTime: "2026-11-20T14:40:51.566Z",
      unknownTypes: {},
    });
  });
});

test("a chat of 0.40 names no results beside its tool calls, and its prompts have them all the same", () => {
  const events = readAll(linesOfFile(`${FIXTURES}agentsessions-jsonl_v040.jsonl`));
  expect(figuresOf(events)).toEqual({
    llmCalls: 2,
    llmErrors: 0,
    toolCalls: 1,
    toolErrors: 0,
    exitCodes: [],
    input: 23_924,
    cached: 11_502,
    output: 228,
    thoughts: 0,
  });
  expect(
    promptsOf(events)
      .at(-1)
      ?.messages.map(({ role }) => role),
  ).toEqual(["user", "assistant", "tool"]);
});

test("a chat of before 0.40 is one document, and a message without tokens and model is no call", () => {
  const events = readAll(linesOfFile(`${FIXTURES}agentsessions-large.json`));
  // Its second command failed, but upstream's anonymiser wrote the line ends of the output as two characters.
  expect(figuresOf(events)).toEqual({
    llmCalls: 1,
    llmErrors: 0,
    toolCalls: 2,
    toolErrors: 0,
    exitCodes: [],
    input: 100,
    cached: 0,
    output: 10,
    thoughts: 0,
  });
  expect(ofType(events, "turn_end").map(({ status }) => status)).toEqual(["interrupted", "unknown"]);
  expect(ofType(events, "event").map(({ name }) => name)).toEqual(["interrupt"]);
});

describe("the stream of 0.61", () => {
  const lines = linesOfFile(STREAM);
  const parser = geminiCli.createParser();
  const events = readAll(lines, parser);

  test("gives every tool and failure, one call per answer, and of single calls no tokens", () => {
    expect(figuresOf(events)).toEqual({
      llmCalls: 4,
      llmErrors: 0,
      toolCalls: 4,
      toolErrors: 1,
      // `exit 3` does not show in this stream: it is a success without its code.
      exitCodes: [],
      input: 0,
      cached: 0,
      output: 0,
      thoughts: 0,
    });
  });

  test("takes the sums at its end as what the whole run used; thoughts are what the total has more", () => {
    expect(parser.facts.reportedUsage).toEqual({
      input_tokens: 7000,
      cache_read_tokens: 2400,
      output_tokens: 280,
      reasoning_tokens: 80,
    });
    // So a reader takes the run's sums, not those of its calls.
    const partial = ["cache_read_tokens", "input_tokens", "output_tokens", "reasoning_tokens"];
    for (const { usage } of ofType(events, "completion")) expect(usage).toEqual({ partial });
  });

  test("names its spans by line, and joins its conversation with the chat's", () => {
    expect(ofType(events, "completion").map(({ span }) => span.key)).toEqual([
      "stdout:3",
      "stdout:7",
      "stdout:9",
      "stdout:11",
    ]);
    expect(parser.facts.conversationId).toBe("f5e25011-7ef3-4af6-871d-f5b1a32126ea");
    expect(ofType(events, "turn_end")).toMatchObject([{ status: "success", duration_ms: 364 }]);
  });

  test("has the same tools as the chat, under the same ids", () => {
    const idsOf = (from: string): string[] =>
      traceOf(readAll(linesOfFile(from)))
        .spans.flatMap((span) => (span.kind === "tool" ? (span.start?.call_id ?? []) : []))
        .sort();
    expect(idsOf(STREAM)).toEqual(idsOf(SESSION));
  });
});
