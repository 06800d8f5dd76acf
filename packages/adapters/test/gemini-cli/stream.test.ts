import { describe, expect, test } from "vitest";
import { geminiCli } from "../../src/gemini-cli/index.ts";
import { ofType, readAll, stream } from "./read-source.ts";
import { promptsOf, traceOf } from "../trace-of.ts";
import { figuresOf } from "./truth.ts";

const INIT = { type: "init", timestamp: at(0), session_id: "s-1", model: "gemini-2.5-pro" };
const ASK = { type: "message", timestamp: at(1), role: "user", content: "go" };

function at(second: number): string {
  return `2026-11-20T10:00:${String(second).padStart(2, "0")}.000Z`;
}

function say(content: string, second: number): object {
  return { type: "message", timestamp: at(second), role: "assistant", content, delta: true };
}

function use(id: string, second: number): object {
  return {
    type: "tool_use",
    timestamp: at(second),
    tool_name: "glob",
    tool_id: id,
    parameters: { pattern: "*" },
  };
}

function result(id: string, second: number, more: object = {}): object {
  return { type: "tool_result", timestamp: at(second), tool_id: id, status: "success", ...more };
}

const STATS = { total_tokens: 40, input_tokens: 20, output_tokens: 15, cached: 4, duration_ms: 900 };

test("pieces of a text are one text, and a call ends where results come back", () => {
  const lines = stream(
    INIT,
    ASK,
    say("Let me ", 2),
    say("look.", 3),
    use("t1", 4),
    use("t2", 4),
    result("t1", 5),
    result("t2", 6),
    say("Two ", 7),
    say("files.", 8),
    { type: "result", timestamp: at(9), status: "success", stats: STATS },
  );
  const events = readAll(lines);
  const models = traceOf(events).spans.filter(({ kind }) => kind === "model");
  expect(models.map((span) => span.end?.content)).toEqual([
    {
      messages: [
        {
          role: "assistant",
          parts: [
            { type: "text", content: "Let me look." },
            { type: "tool_call", id: "t1", name: "glob" },
            { type: "tool_call", id: "t2", name: "glob" },
          ],
        },
      ],
    },
    { messages: [{ role: "assistant", parts: [{ type: "text", content: "Two files." }] }] },
  ]);
  expect(
    promptsOf(events)
      .at(-1)
      ?.messages.map(({ role }) => role),
  ).toEqual(["user", "assistant", "tool", "tool"]);
  expect(ofType(events, "turn_end")).toMatchObject([{ status: "success", duration_ms: 8000, time: at(9) }]);
});

test("the prompt is said to be incomplete: the session's context is not printed", () => {
  const events = readAll(stream(INIT, ASK, say("hi", 2)));
  expect(ofType(events, "prompt")[0]?.input).toEqual({ reason: "start", complete: false });
});

describe("a run that fails", () => {
  const failing = (error: object | undefined, ...before: object[]): ReturnType<typeof readAll> =>
    readAll(
      stream(INIT, ASK, ...before, {
        type: "result",
        timestamp: at(9),
        status: "error",
        ...(error === undefined ? {} : { error }),
        stats: { ...STATS, duration_ms: 0 },
      }),
    );

  test("at its first request has a call with that error, and a turn that took its time", () => {
    const events = failing({ type: "ApiError", message: "[API Error: quota]" });
    expect(figuresOf(events)).toMatchObject({ llmCalls: 0, llmErrors: 1 });
    expect(ofType(events, "completion")).toMatchObject([
      {
        status: "error",
        error: { type: "ApiError" },
        content: { error_message: "[API Error: quota]" },
      },
    ]);
    expect(ofType(events, "turn_end")).toMatchObject([{ status: "error", duration_ms: 8000 }]);
  });

  test("after tool results has the error at the request that answered them", () => {
    const events = failing({ type: "ApiError", message: "no" }, use("t1", 2), result("t1", 3));
    expect(ofType(events, "completion").map(({ status }) => status)).toEqual(["ok", "error"]);
  });

  test("in the middle of an answer has the error at that answer", () => {
    const events = failing({ type: "Error", message: "reset" }, say("I am", 2));
    expect(ofType(events, "completion")).toMatchObject([
      { status: "error", content: { messages: [{ parts: [{ content: "I am" }] }], error_message: "reset" } },
    ]);
  });

  test("at a limit of the CLI itself has no failed request", () => {
    const events = failing(
      { type: "FatalTurnLimitedError", message: "too many" },
      use("t1", 2),
      result("t1", 3),
    );
    expect(figuresOf(events)).toMatchObject({ llmCalls: 1, llmErrors: 0 });
    expect(ofType(events, "turn_end")).toMatchObject([{ status: "error" }]);
    expect(ofType(events, "event")).toMatchObject([{ fields: { error_type: "FatalTurnLimitedError" } }]);
  });

  test("by the user's hand is interrupted, not wrong", () => {
    const events = failing(
      { type: "FatalCancellationError", message: "Operation cancelled." },
      say("I am", 2),
    );
    expect(ofType(events, "completion")).toMatchObject([{ status: "interrupted" }]);
    expect(ofType(events, "turn_end")).toMatchObject([{ status: "interrupted" }]);
  });

  test("with an answer that was no answer names what the error line said", () => {
    const events = failing(undefined, {
      type: "error",
      timestamp: at(3),
      severity: "error",
      message: "The model returned an empty response.",
    });
    expect(ofType(events, "completion")).toMatchObject([
      {
        status: "error",
        error: { type: "invalid_stream" },
        content: { error_message: "The model returned an empty response." },
      },
    ]);
    expect(ofType(events, "event")).toMatchObject([{ name: "api_error", fields: { severity: "error" } }]);
  });

  test("without a word (killed) ends as it stands", () => {
    const events = readAll(stream(INIT, ASK, say("I", 2), use("t1", 3)));
    expect(ofType(events, "completion")).toMatchObject([{ status: "ok" }]);
    expect(ofType(events, "turn_end")).toMatchObject([{ status: "interrupted" }]);
  });
});

test("a refused tool is denied, a failed one keeps what the model saw and the full error", () => {
  const events = readAll(
    stream(
      INIT,
      ASK,
      use("t1", 2),
      use("t2", 2),
      result("t1", 3, { status: "error", error: { type: "policy_violation", message: "denied by policy" } }),
      result("t2", 3, {
        status: "error",
        output: "File not found.",
        error: { type: "file_not_found", message: "File not found: /w/a" },
      }),
    ),
  );
  expect(ofType(events, "tool_result")).toMatchObject([
    { status: "denied", error: { type: "policy_violation" }, error_basis: "flag" },
    {
      status: "error",
      error: { type: "file_not_found" },
      content: { result: "File not found.", error_message: "File not found: /w/a" },
    },
  ]);
});

test("a text that is cut by a silence goes on in the same call", () => {
  const parser = geminiCli.createParser();
  const lines = stream(INIT, ASK, say("One, ", 2), say("two.", 6));
  const events = [
    ...lines.slice(0, 3).flatMap((line) => parser.read(line)),
    ...parser.flush("quiet"),
    ...lines.slice(3).flatMap((line) => parser.read(line)),
    ...parser.flush("stop"),
  ];
  const [call, ...others] = traceOf(events).spans.filter(({ kind }) => kind === "model");
  expect(others).toEqual([]);
  expect(call?.end?.content).toMatchObject({
    messages: [{ parts: [{ content: "One, " }, { content: "two." }] }],
  });
});
