/**
 * What kind of thing a tool does, told by its name: the agents' own names, so that one query finds every
 * shell command whoever ran it.
 */

import type { ToolKind } from "@spoor/trace";

const KINDS: Readonly<Record<string, ToolKind>> = {
  __proto__: null as never,
  // Claude Code
  Bash: "shell",
  BashOutput: "shell",
  KillShell: "shell",
  Monitor: "shell",
  Read: "file",
  Write: "file",
  Edit: "file",
  MultiEdit: "file",
  NotebookEdit: "file",
  NotebookRead: "file",
  Grep: "search",
  Glob: "search",
  LS: "search",
  ToolSearch: "search",
  WebFetch: "web",
  WebSearch: "web",
  Agent: "agent",
  Task: "agent",
  SendMessage: "agent",
  TaskOutput: "agent",
  // Codex
  shell: "shell",
  local_shell: "shell",
  local_shell_call: "shell",
  exec_command: "shell",
  write_stdin: "shell",
  unified_exec: "shell",
  shell_command: "shell",
  container_exec: "shell",
  apply_patch: "file",
  read_file: "file",
  view_image: "file",
  list_dir: "search",
  grep_files: "search",
  tool_search: "search",
  web_search: "web",
  spawn_agent: "agent",
  send_input: "agent",
  wait_agent: "agent",
  close_agent: "agent",
  // Gemini CLI
  run_shell_command: "shell",
  write_file: "file",
  replace: "file",
  read_many_files: "file",
  list_directory: "search",
  search_file_content: "search",
  grep_search: "search",
  glob: "search",
  google_web_search: "web",
  web_fetch: "web",
  invoke_agent: "agent",
  codebase_investigator: "agent",
  // opencode and others
  bash: "shell",
  read: "file",
  write: "file",
  edit: "file",
  grep: "search",
  webfetch: "web",
  task: "agent",
};

/** `mcp__<server>__<tool>` (Claude Code, Codex), `mcp_<server>_<tool>` (Gemini CLI). */
const MCP = /^mcp__(.+?)__(.+)$|^mcp_([^_]+)_(.+)$/;

export interface ToolIdentity {
  kind: ToolKind;
  /** The MCP server. */
  server?: string;
}

export function identifyTool(name: string): ToolIdentity {
  const kind = KINDS[name];
  if (kind !== undefined) return { kind };
  const server = MCP.exec(name);
  if (server !== null) return { kind: "mcp", server: server[1] ?? server[3] ?? "" };
  return { kind: "other" };
}
