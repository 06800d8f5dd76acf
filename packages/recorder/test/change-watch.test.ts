import type { Event } from "@spoor/adapters";
import { describe, expect, test } from "vitest";
import { ChangeWatch } from "../src/change-watch.ts";

const URL_7 = "https://github.com/example-org/shop/pull/7";
const time = "2026-11-20T16:00:00.000Z";
const called = (name: string, args: unknown, key = "call_1"): Event => ({
  type: "tool_call",
  span: { kind: "tool", key },
  time,
  name,
  call_id: key,
  kind: "shell",
  content: { arguments: args },
});
const answered = (result: unknown, status: "ok" | "error" = "ok", key = "call_1"): Event => ({
  type: "tool_result",
  span: { kind: "tool", key },
  time,
  name: "",
  call_id: key,
  status,
  content: { result },
});

describe("a change that is opened is seen", () => {
  test.each([
    ["Claude Code's command", "Bash", { command: "gh pr create --fill" }, `${URL_7}\n`],
    [
      "Codex's command",
      "exec_command",
      { cmd: "gh pr create" },
      `Process exited with code 0\nOutput:\n${URL_7}\n`,
    ],
    ["an argument list", "shell", { command: ["bash", "-lc", "gh pr create"] }, URL_7],
    [
      "Gemini CLI's command, whose output has a label",
      "run_shell_command",
      { command: "gh pr create" },
      `<untrusted_context>\nOutput: ${URL_7}\nProcess Group PGID: 4422\n</untrusted_context>`,
    ],
    ["a tool of an MCP server", "mcp__github__create_pull_request", { title: "x" }, { html_url: URL_7 }],
  ])("in the answer to %s", (_, name, args, result) => {
    const watch = new ChangeWatch();
    expect(watch.see(called(name, args))).toBeUndefined();
    expect(watch.see(answered(result))).toEqual({ change_url: URL_7, change_id: "7" });
  });
});

describe("nothing is taken for a change", () => {
  test.each([
    ["the answer to another command", "Bash", { command: "gh pr view 7" }, "ok"],
    ["the answer to a command that failed", "Bash", { command: "gh pr create" }, "error"],
    ["arguments that are no object", "Bash", "gh pr create", "ok"],
  ] as const)("in %s", (_, name, args, status) => {
    const watch = new ChangeWatch();
    watch.see(called(name, args));
    expect(watch.see(answered(URL_7, status))).toBeUndefined();
  });

  test("in the answer to another call, or told twice", () => {
    const watch = new ChangeWatch();
    watch.see(called("Bash", { command: "gh pr create" }));
    expect(watch.see(answered(URL_7, "ok", "call_2"))).toBeUndefined();
    expect(watch.see(answered(URL_7))).toBeDefined();
    expect(watch.see(answered(URL_7))).toBeUndefined();
  });

  test("in a result that is nested too deep to be read", () => {
    const watch = new ChangeWatch();
    let deep: unknown = URL_7;
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    watch.see(called("create_pull_request", {}));
    expect(watch.see(answered(deep))).toBeUndefined();
  });
});
