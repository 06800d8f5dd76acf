import { expect, test } from "vitest";
import { geminiCli } from "../../src/gemini-cli/index.ts";
import { FIXTURES, linesOfFile } from "./read-source.ts";

const detect = (command: string): unknown => geminiCli.detectCommand(command.split(" "), {});

test.each([
  "gemini",
  "gemini -p hello",
  "/usr/local/bin/gemini -p hello --output-format text",
  "npx -y @google/gemini-cli@0.61.0 -p hello",
  "npx gemini",
  "node /opt/lib/node_modules/@google/gemini-cli/bundle/gemini.js -p hello",
  "gemini -p hello --output-format json",
])("%s starts Gemini CLI, whose stdout is not a stream", (command) => {
  expect(detect(command)).toEqual({ agent: "gemini-cli", jsonStream: false, writesTranscript: true });
});

test.each([
  "gemini -p hello --output-format stream-json",
  "gemini -p hello --output-format=stream-json",
  "gemini -o stream-json hello",
  "npx @google/gemini-cli -p hello -o=stream-json",
])("%s prints a stream", (command) => {
  expect(detect(command)).toMatchObject({ jsonStream: true });
});

test.each(["claude -p gemini", "codex exec gemini", "echo gemini", "geminid", "cat gemini"])(
  "%s is not Gemini CLI",
  (command) => {
    expect(detect(command)).toBeUndefined();
  },
);

test.each([
  [
    "0.61.0/session-2026-11-20T14-40-f5e25011.jsonl",
    {
      kind: "transcript",
      conversationId: "f5e25011-7ef3-4af6-871d-f5b1a32126ea",
      cwd: "/home/dev/project",
    },
  ],
  ["0.61.0/stream.jsonl", { kind: "stream", conversationId: "f5e25011-7ef3-4af6-871d-f5b1a32126ea" }],
  ["agentsessions-jsonl_v040.jsonl", { kind: "transcript", conversationId: "gemini_stage0_jsonl" }],
  ["agentsessions-large.json", { kind: "transcript", conversationId: "session-2025-12-16T23-47-b4f17607" }],
])("%s is recognised by its first lines", (file, expected) => {
  const path = FIXTURES + file;
  const records = linesOfFile(path).map(({ value }) => value);
  expect(geminiCli.detectFile(path, records.slice(0, 20))).toEqual({ agent: "gemini-cli", ...expected });
});

test("a sub-agent's chat names the session it belongs to", () => {
  const header = { sessionId: "a-1", projectHash: "0", kind: "subagent", directories: ["/w"] };
  expect(geminiCli.detectFile("/h/.gemini/tmp/p/chats/s-1/a-1.jsonl", [header])).toEqual({
    agent: "gemini-cli",
    kind: "transcript",
    conversationId: "a-1",
    cwd: "/w",
    parentConversationId: "s-1",
  });
});

test.each([
  [{ type: "system", subtype: "init", session_id: "x", model: "claude" }],
  [{ type: "session_meta", payload: { id: "x" } }],
  [{ sessionId: "x", type: "user", message: {} }],
  [{ type: "init" }],
])("other agents' lines are not Gemini's: %j", (record) => {
  expect(geminiCli.detectFile("/x.jsonl", [record])).toBeUndefined();
});
