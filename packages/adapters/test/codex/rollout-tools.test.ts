import { totalsOf } from "@spoor/trace";
import { describe, expect, test } from "vitest";
import type { ToolResultEvent } from "../../src/event.ts";
import { promptsOf, traceOf } from "../trace-of.ts";
import {
  calls,
  completed,
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

describe("tool results", () => {
  const withOutput = (output: unknown, ...between: Line[]): ToolResultEvent[] =>
    ofType(
      readAll(rollout(meta(), started("t"), calls("a", "x"), ...between, gives("a", output))),
      "tool_result",
    );

  test.each([
    [
      "Exit code: 2\nWall time: 0.1 seconds\nOutput:\nno",
      { status: "error", exit_code: 2, error_basis: "text" },
    ],
    [
      "Command: sh -c 'echo Exit code: 9'\nChunk ID: 1\nWall time: 0.5 seconds\nProcess exited with code 127\nOutput:\n",
      { status: "error", exit_code: 127, error_basis: "text" },
    ],
    [
      "Wall time: 0.5 seconds\nProcess exited with code 0\nOutput:\nExit code: 3\n",
      { status: "ok", exit_code: 0 },
    ],
    ["the log says\nExit code: 3\nand goes on", { status: "ok" }],
    [
      JSON.stringify({ output: "no", metadata: { exit_code: 4, duration_seconds: 0.1 } }),
      { status: "error", exit_code: 4, error_basis: "exit_code" },
    ],
    ["exec command rejected by user", { status: "denied", error_basis: "text" }],
    [
      "Script failed\nWall time 0.0 seconds\nOutput:\nScript error:\nError: no",
      { status: "error", error: { type: "tool_error" }, error_basis: "text" },
    ],
    ["aborted by user after 3.2s", { status: "cancelled", error_basis: "text" }],
    ["Wall time: 0.1 seconds\naborted by user", { status: "cancelled", error_basis: "text" }],
  ])("are told by the text alone: %j", (output, expected) => {
    expect(withOutput(output)).toMatchObject([expected]);
    expect(withOutput(output)[0]?.error_basis).toBe((expected as { error_basis?: string }).error_basis);
  });

  test("are refused where the item says declined", () => {
    const declined = completed({ type: "CommandExecution", id: "a", status: "declined", exit_code: null });
    expect(withOutput("no", declined)).toMatchObject([{ status: "denied", error_basis: "flag" }]);
  });

  test("are errors where a patch failed without an exit code", () => {
    const failed = event("patch_apply_end", { call_id: "a", success: false, stderr: "no such line" });
    expect(withOutput("apply_patch verification failed", failed)).toMatchObject([
      { status: "error", error_basis: "flag", content: { error_message: "no such line" } },
    ]);
  });

  test("that came before their evidence are amended with it", () => {
    const end = event("exec_command_end", {
      call_id: "a",
      exit_code: 1,
      duration: { secs: 1, nanos: 500_000_000 },
    });
    const lines = rollout(meta(), started("t"), calls("a", "x"), gives("a", "no"), end);
    const events = readAll(lines);
    expect(ofType(events, "tool_result")).toMatchObject([{ status: "ok" }]);
    expect(ofType(events, "amend")).toMatchObject([
      {
        of: "tool_result",
        span: { kind: "tool", key: "a" },
        fields: {
          status: "error",
          exit_code: 1,
          error_basis: "exit_code",
          duration_ms: 1500,
          duration_basis: "reported",
        },
      },
    ]);
  });

  test("of a command that ran on stay: how it ended is the result of the call that saw it", () => {
    const running = "Chunk ID: 1\nWall time: 1.0 seconds\nProcess running with session ID 7\nOutput:\n";
    const seen = "Chunk ID: 2\nWall time: 5.0 seconds\nProcess exited with code 1\nOutput:\n";
    const lines = rollout(
      meta(),
      started("t"),
      calls("a", "make"),
      gives("a", running),
      item("function_call", { call_id: "b", name: "write_stdin", arguments: '{"session_id":7}' }),
      completed({ type: "CommandExecution", id: "a", status: "failed", exit_code: 1 }),
      gives("b", seen),
    );
    expect(totalsOf(traceOf(readAll(lines)))).toMatchObject({ tool_calls: 2, tool_errors: 1 });
  });

  test("whose output never came are what the evidence says, once the turn is over", () => {
    const end = completed({
      type: "CommandExecution",
      id: "a",
      status: "failed",
      exit_code: 5,
      aggregated_output: "no",
    });
    const lines = rollout(meta(), started("t"), calls("a", "x"), end, ended("t"));
    expect(ofType(read(lines.slice(0, -1)), "tool_result")).toEqual([]);
    expect(ofType(read(lines), "tool_result")).toMatchObject([
      { status: "error", exit_code: 5, content: { result: "no" }, from: { line: 4 } },
    ]);
  });

  test("without output and without evidence are not made up", () => {
    const events = readAll(rollout(meta(), started("t"), calls("a", "sleep 99")));
    expect(ofType(events, "tool_call")).toHaveLength(1);
    expect(ofType(events, "tool_result")).toEqual([]);
  });

  test("given twice are one result and one more input", () => {
    const events = readAll(
      rollout(
        meta(),
        started("t"),
        calls("a", "x"),
        gives("a", "one"),
        gives("a", "two"),
        says("assistant", "ok"),
      ),
    );
    expect(ofType(events, "tool_result")).toHaveLength(1);
    expect(promptsOf(events).at(-1)?.messages.slice(-2)).toMatchObject([
      { parts: [{ response: "one" }] },
      { parts: [{ response: "two" }] },
    ]);
  });

  test("with an image hold its size and hash, not its bytes", () => {
    const png = Buffer.from("not really an image").toString("base64");
    const [result] = withOutput([{ type: "input_image", image_url: `data:image/png;base64,${png}` }]);
    expect(result?.content?.result).toMatchObject([{ type: "blob", mime_type: "image/png", bytes: 19 }]);
  });
});

describe("tool calls", () => {
  test("of an MCP server name it, whichever way the name is written", () => {
    const events = readAll(
      rollout(
        meta(),
        started("t"),
        item("function_call", { call_id: "a", name: "mcp__github__get_me", arguments: "{}" }),
        item("function_call", { call_id: "b", name: "get_me", namespace: "mcp__github__", arguments: "{}" }),
      ),
    );
    expect(ofType(events, "tool_call").map(({ name, kind, server }) => [name, kind, server])).toEqual([
      ["mcp__github__get_me", "mcp", "github"],
      ["mcp__github__get_me", "mcp", "github"],
    ]);
  });

  test("of the provider are calls too, whose results are in the answer", () => {
    const events = readAll(
      rollout(
        meta(),
        started("t"),
        item("web_search_call", { status: "completed", action: { type: "search", query: "q" } }),
        says("assistant", "found"),
        used(10, 5),
        ended("t"),
      ),
    );
    expect(ofType(events, "tool_call")).toMatchObject([
      { name: "web_search", kind: "web", executor: "provider", content: { arguments: { query: "q" } } },
    ]);
    expect(ofType(events, "tool_result")).toMatchObject([{ status: "ok" }]);
    expect(ofType(events, "completion")).toMatchObject([
      { content: { messages: [{ parts: [{ type: "tool_call" }, { type: "text", content: "found" }] }] } },
    ]);
  });

  test("made by a script of the model's are calls with results of their own", () => {
    const events = readAll(fixture("0.169.0/rollout-script.jsonl"));
    expect(ofType(events, "tool_call").map((call) => call.name)).toEqual([
      "exec",
      "exec_command",
      "exec_command",
      "apply_patch",
    ]);
    expect(totalsOf(traceOf(events))).toMatchObject({ llm_calls: 2, tool_calls: 4, tool_errors: 1 });
  });

  test("are not what the user ran with an exclamation mark", () => {
    const own = completed({
      type: "CommandExecution",
      id: "u",
      source: "user_shell",
      status: "completed",
      exit_code: 0,
    });
    expect(ofType(readAll(rollout(meta(), started("t"), own)), "tool_call")).toEqual([]);
  });

  test("that review a pull request are decisions when they succeed", () => {
    const review = "gh pr review https://github.com/o/r/pull/7 --approve --body fine";
    const decisions = (code: number): unknown[] =>
      ofType(
        readAll(
          rollout(meta(), started("t"), calls("a", review), gives("a", `Exit code: ${code}\nOutput:\n`)),
        ),
        "decision",
      );
    expect(decisions(0)).toMatchObject([{ verdict: "approve", basis: "tool_call" }]);
    expect(decisions(1)).toEqual([]);
  });

  test("that update the plan are plan events", () => {
    const plan = { plan: [{ step: "one", status: "completed" }] };
    const call = item("function_call", {
      call_id: "p",
      name: "update_plan",
      arguments: JSON.stringify(plan),
    });
    expect(ofType(readAll(rollout(meta(), started("t"), call)), "event")).toMatchObject([
      { name: "plan", content: plan },
    ]);
  });
});
