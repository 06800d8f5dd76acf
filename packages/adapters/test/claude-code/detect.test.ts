import { describe, expect, test } from "vitest";
import { claudeCode } from "../../src/claude-code/index.ts";
import { SESSION } from "./session.ts";

const detect = (command: string, env = {}): unknown => claudeCode.detectCommand(command.split(" "), env);

describe("a command", () => {
  test.each([
    "claude",
    "claude -p hello",
    "/home/dev/.local/bin/claude --resume x",
    "npx -y @anthropic-ai/claude-code@2.1.329 -p hello",
    "node /opt/lib/node_modules/@anthropic-ai/claude-code/cli.js -p hello",
    "claude -p hello --output-format json",
    "claude --output-format stream-json",
  ])("%s starts Claude Code, whose stdout is not a stream", (command) => {
    expect(detect(command)).toEqual({ agent: "claude-code", jsonStream: false, writesTranscript: true });
  });

  test.each([
    "claude -p hello --output-format stream-json --verbose",
    "claude --print --output-format=stream-json hi",
  ])("%s prints a stream", (command) => {
    expect(detect(command)).toMatchObject({ jsonStream: true });
  });

  test("may write no transcript", () => {
    expect(detect("claude -p hello --no-session-persistence")).toMatchObject({ writesTranscript: false });
    expect(detect("claude -p hello", { CLAUDE_CODE_SKIP_PROMPT_HISTORY: "1" })).toMatchObject({
      writesTranscript: false,
    });
    expect(detect("claude -p hello", { CLAUDE_CODE_SKIP_PROMPT_HISTORY: "0" })).toMatchObject({
      writesTranscript: true,
    });
  });

  test.each(["codex exec claude", "echo claude", "claudette", "cat claude"])("%s is another's", (command) => {
    expect(detect(command)).toBeUndefined();
  });
});

describe("a session", () => {
  test("is stored below the configuration's folder", () => {
    expect(claudeCode.sessionFolders({}, "/home/dev")).toEqual(["/home/dev/.claude/projects"]);
    expect(claudeCode.sessionFolders({ CLAUDE_CONFIG_DIR: "/c" }, "/home/dev")).toEqual(["/c/projects"]);
  });

  test.each([
    [`/p/-home-dev/${SESSION}.jsonl`, true],
    ["/p/-home-dev/agent-a1.jsonl", false],
    [`/p/-home-dev/${SESSION}/subagents/agent-a1.jsonl`, false],
    ["/p/-home-dev/notes.txt", false],
  ])("%s is the transcript of one: %s", (path, is) => {
    expect(claudeCode.isTranscript(path)).toBe(is);
  });

  test("that a process has open is noted by its pid", () => {
    const notes: Record<string, string> = {
      "/home/dev/.claude/sessions/7.json": JSON.stringify({ pid: 7, sessionId: SESSION }),
      "/home/dev/.claude/sessions/8.json": '{"pid": 8, "sess',
    };
    const of = (pid: number): string | undefined =>
      claudeCode.conversationOfProcess?.(pid, {}, "/home/dev", (path) => notes[path]);
    expect([of(7), of(8), of(9)]).toEqual([SESSION, undefined, undefined]);
  });
});
