import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/adapter.ts";
import { ofType } from "../conversations.ts";
import { attached, gives, prompt, readAll, says, session, stream, system, text, uses } from "./session.ts";

/** The one tool result that this line tells, of a `Bash` call. */
function outcome(result: JsonObject): Record<string, unknown> {
  const [event] = ofType(readAll(session(prompt("go"), says("m1", uses("t1")), result)), "tool_result");
  const { status, error, error_basis, exit_code, permission, duration_ms, duration_basis, content } =
    event ?? {};
  return { status, error, error_basis, exit_code, permission, duration_ms, duration_basis, content };
}

const REJECTION =
  "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it was a file edit).";

describe("a tool result", () => {
  test("is a success with the text the model saw", () => {
    expect(outcome(gives("t1", "fine"))).toMatchObject({
      status: "ok",
      error: undefined,
      content: { result: "fine" },
      duration_basis: "lines",
    });
  });

  test("that is an error may tell the exit code in its first line", () => {
    expect(outcome(gives("t1", "Exit code 3\nno such file", { is_error: true }))).toMatchObject({
      status: "error",
      error: { type: "exit_code" },
      error_basis: "flag",
      exit_code: 3,
    });
    expect(outcome(gives("t1", "File does not exist.", { is_error: true }))).toMatchObject({
      status: "error",
      error: { type: "tool_error" },
      exit_code: undefined,
    });
  });

  test("that speaks of exit codes but is none is a success", () => {
    expect(outcome(gives("t1", "Exit code 3\n"))).toMatchObject({ status: "ok", exit_code: undefined });
  });

  test.each([
    REJECTION,
    "Permission to use Bash with command rm -rf / has been denied.",
    "Claude requested permissions to write to /etc, but you haven't granted it yet.",
    "The hook denied this tool",
  ])("is a refusal by its words: %s", (words) => {
    expect(outcome(gives("t1", words, { is_error: true }))).toMatchObject({
      status: "denied",
      error: { type: "denied" },
      error_basis: "flag",
    });
  });

  test("is a refusal by a rule, which is named", () => {
    const more = { is_error: true, permissionDecision: { decision: "reject", source: "config" } };
    expect(outcome(gives("t1", "WebFetch denied access to domain:x.", more))).toMatchObject({
      status: "denied",
      permission: { decision: "reject", source: "config" },
    });
  });

  test("was refused by the user before it ran, or stopped while it ran: 2.1.329 uses the same words", () => {
    const kind = { is_error: true, toolDenialKind: "user-rejected" };
    expect(outcome(gives("t1", REJECTION, { ...kind, toolDenialBeforeRun: true }))).toMatchObject({
      status: "denied",
      permission: { decision: "reject", source: "user" },
    });
    expect(outcome(gives("t1", REJECTION, kind))).toMatchObject({
      status: "cancelled",
      error: { type: "cancelled" },
      permission: undefined,
    });
  });

  test("was cancelled where the structure or the words say so", () => {
    expect(outcome(gives("t1", "", { toolUseResult: { interrupted: true } }))).toMatchObject({
      status: "cancelled",
    });
    expect(
      outcome(gives("t1", "[Request interrupted by user for tool use]", { is_error: true })),
    ).toMatchObject({
      status: "cancelled",
    });
  });

  test("has the duration that the tool reported", () => {
    expect(outcome(gives("t1", "x", { toolUseResult: { durationMs: 12.4 } }))).toMatchObject({
      duration_ms: 12,
      duration_basis: "reported",
    });
  });

  test("of several parts keeps them, images without their data", () => {
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "aGVsbG8=" } };
    expect(outcome(gives("t1", [text("a"), image]))).toMatchObject({
      content: {
        result: [
          { type: "text", content: "a" },
          { type: "blob", mime_type: "image/png", bytes: 5 },
        ],
      },
    });
    expect(outcome(gives("t1", [text("only")]))).toMatchObject({ content: { result: "only" } });
  });

  test("that stands before its call's line is the call's all the same", () => {
    const events = readAll(
      session(
        prompt("go"),
        says("m1", text("Look")),
        gives("t1", "early"),
        says("m1", uses("t1")),
        says("m2", text("2")),
      ),
    );
    expect(ofType(events, "tool_result")).toMatchObject([{ call_id: "t1", status: "ok", name: "Bash" }]);
  });

  test("in the stream names the permission beside it", () => {
    const denied = gives("t1", "no", {
      is_error: true,
      tool_result_meta: [{ id: "t1", permission_decision: "reject" }],
    });
    const events = readAll(stream(system("init"), says("m1", uses("t1")), denied));
    expect(ofType(events, "tool_result")).toMatchObject([
      { status: "denied", permission: { decision: "reject" } },
    ]);
  });
});

describe("a tool of the provider's", () => {
  const search = { type: "server_tool_use", id: "srv1", name: "web_search", input: { query: "x" } };
  const found = {
    type: "web_search_tool_result",
    tool_use_id: "srv1",
    content: [{ type: "web_search_result", url: "u" }],
  };

  test("is a call that the provider executes, and its result is no message", () => {
    const events = readAll(
      session(
        prompt("go"),
        says("m1", search, { message: { stop_reason: "end_turn" } }),
        says("m1", found),
        says("m1", text("1")),
      ),
    );
    expect(ofType(events, "tool_call")).toMatchObject([
      { call_id: "srv1", kind: "web", executor: "provider" },
    ]);
    expect(ofType(events, "tool_result")).toMatchObject([{ call_id: "srv1", status: "ok" }]);
    const answers = [...ofType(events, "completion"), ...ofType(events, "amend")];
    expect(answers).toMatchObject([
      { content: { messages: [{ parts: [{ type: "tool_call", id: "srv1" }] }] } },
      { content: { messages: [{ parts: [{ type: "text", content: "1" }] }] } },
    ]);
  });

  test("tells its error by a code", () => {
    const failed = {
      ...found,
      content: { type: "web_search_tool_result_error", error_code: "max_uses_exceeded" },
    };
    const events = readAll(session(prompt("go"), says("m1", search), says("m1", failed)));
    expect(ofType(events, "tool_result")).toMatchObject([
      { status: "error", error: { type: "max_uses_exceeded" } },
    ]);
  });
});

describe("an answer", () => {
  test("keeps what was thought, and neither signatures nor what is encrypted", () => {
    const events = readAll(
      session(
        prompt("go"),
        says("m1", { type: "thinking", thinking: "hm", signature: "c2lnbmF0dXJl" }),
        says("m1", { type: "redacted_thinking", data: "ZW5jcnlwdGVk" }),
        says("m1", text("1")),
      ),
    );
    expect(ofType(events, "completion")).toMatchObject([
      {
        content: {
          messages: [
            {
              parts: [
                { type: "reasoning", content: "hm" },
                { type: "text", content: "1" },
              ],
            },
          ],
        },
      },
    ]);
    expect(JSON.stringify(events)).not.toMatch(/c2lnbmF0dXJl|ZW5jcnlwdGVk/);
  });

  test("that the harness made up asked no model", () => {
    const events = readAll(
      session(prompt("go"), says("x", text("No response requested."), { message: { model: "<synthetic>" } })),
    );
    expect(ofType(events, "prompt")).toEqual([]);
  });

  test("that the provider refused is a failed call, also in the stream", () => {
    const refused = says("x", text("API Error: 529"), {
      message: { model: "<synthetic>" },
      is_api_error_message: true,
      api_error_status: 529,
      api_error_type: "overloaded_error",
    });
    const [failed] = ofType(readAll(stream(system("init"), refused)), "completion");
    expect(failed).toMatchObject({
      status: "error",
      error: { type: "overloaded_error", code: 529 },
      content: { error_message: "API Error: 529" },
    });
    expect(failed?.content).not.toHaveProperty("messages");
  });

  test("has the parameters of the request that it names, wherever that stands", () => {
    const request = (id: string, effort: string): JsonObject => ({
      type: "api-request",
      id,
      params: { max_tokens: 128_000, output_config: { effort } },
    });
    const events = readAll(
      session(
        prompt("go"),
        request("r1", "high"),
        request("r2", "low"),
        says("m1", uses("t1"), { requestRef: "r1", effort: "high" }),
        gives("t1"),
        says("m2", text("2"), { requestRef: "not yet written", effort: "low" }),
      ),
    );
    expect(ofType(events, "prompt").map(({ parameters }) => parameters)).toEqual([
      { max_tokens: 128_000, effort: "high" },
      { effort: "low" },
    ]);
  });
});

describe("points on the way", () => {
  const pointsOf = (...lines: readonly JsonObject[]): unknown[] =>
    ofType(readAll(session(prompt("go"), ...lines)), "event").map(({ name, fields, content }) => ({
      name,
      ...fields,
      ...(content === undefined ? {} : { content }),
    }));

  test("are hooks that ran", () => {
    expect(
      pointsOf(
        attached({
          type: "hook_success",
          hookEvent: "PreToolUse",
          exitCode: 0,
          durationMs: 95,
          command: "check",
        }),
        system("stop_hook_summary", { hookInfos: [{ command: "stop", durationMs: 7 }] }),
        attached({ type: "hook_additional_context", content: ["x"] }),
      ),
    ).toEqual([
      {
        name: "hook",
        hook: "PreToolUse",
        outcome: "success",
        exit_code: 0,
        duration_ms: 95,
        content: { command: "check" },
      },
      { name: "hook", hook: "Stop", duration_ms: 7, content: { command: "stop" } },
    ]);
  });

  test("are plans, by their numbers: the texts are the call's arguments", () => {
    const todos = [
      { content: "a", status: "completed" },
      { content: "b", status: "in_progress" },
    ];
    expect(
      pointsOf(
        says("m1", uses("t1", "TodoWrite", { todos })),
        says("m1", uses("t2", "TaskCreate", { subject: "c" })),
        says("m1", uses("t3", "TaskUpdate", { taskId: "3", status: "completed" })),
      ),
    ).toEqual([
      { name: "plan", items: 2, in_progress: 1, completed: 1 },
      { name: "plan", status: "pending" },
      { name: "plan", item: "3", status: "completed" },
    ]);
  });

  test("are limits, of which the stream tells a share", () => {
    const info = { status: "allowed_warning", utilization: 0.834, resetsAt: 1_795_200_000 };
    const events = readAll(stream(system("init"), { type: "rate_limit_event", rate_limit_info: info }));
    expect(ofType(events, "event")).toMatchObject([
      { name: "rate_limit", fields: { used_percent: 83.4, resets_at: "2026-11-20T18:40:00.000Z" } },
    ]);
  });
});
