import { expect, test } from "vitest";
import { identifyTool } from "../src/tools.ts";

test.each([
  ["Bash", { kind: "shell" }],
  ["exec_command", { kind: "shell" }],
  ["run_shell_command", { kind: "shell" }],
  ["apply_patch", { kind: "file" }],
  ["grep_search", { kind: "search" }],
  ["google_web_search", { kind: "web" }],
  ["Task", { kind: "agent" }],
  ["invoke_agent", { kind: "agent" }],
  ["mcp__github__get_me", { kind: "mcp", server: "github" }],
  ["mcp__my_server__do_it", { kind: "mcp", server: "my_server" }],
  ["mcp_github_get_me", { kind: "mcp", server: "github" }],
  ["TodoWrite", { kind: "other" }],
  ["constructor", { kind: "other" }],
  ["__proto__", { kind: "other" }],
  ["", { kind: "other" }],
])("%s is %j", (name, expected) => {
  expect(identifyTool(name)).toEqual(expected);
});
