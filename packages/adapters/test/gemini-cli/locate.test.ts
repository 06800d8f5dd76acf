import { expect, test } from "vitest";
import { geminiCli } from "../../src/gemini-cli/index.ts";

const CHAT = "/h/.gemini/tmp/project/chats/session-2026-11-20T14-40-f5e25011.jsonl";

test("sessions lie below the home folder, or below the one that stands in for it", () => {
  expect(geminiCli.sessionFolders({}, "/h")).toEqual(["/h/.gemini/tmp", "/h/.cache/.gemini/tmp"]);
  expect(geminiCli.sessionFolders({ GEMINI_CLI_HOME: "/elsewhere" }, "/h")[0]).toBe("/elsewhere/.gemini/tmp");
});

test.each([
  [CHAT, true],
  ["/h/.gemini/tmp/0123abcd/chats/session-2025-12-16T23-47-b4f17607.json", true],
  ["/h/.gemini/tmp/project/chats/f5e25011-7ef3/a-1.jsonl", false],
  [`${CHAT}.unreadable-1795185651236`, false],
  [`${CHAT}.tmp-77`, false],
  ["/h/.gemini/tmp/project/logs.json", false],
  ["/h/.gemini/tmp/project/checkpoints/session-x.json", false],
])("%s is a conversation's transcript: %s", (path, expected) => {
  expect(geminiCli.isTranscript(path)).toBe(expected);
});

test("a session's files are its chat and the chats of its sub-agents, named from the session folder", () => {
  const folders: Record<string, string[]> = {
    "/h/.gemini/tmp/project/chats": [
      "session-2026-11-20T14-40-f5e25011.jsonl",
      "f5e25011-7ef3-4af6-871d-f5b1a32126ea",
      "99999999-7ef3-4af6-871d-f5b1a32126ea",
    ],
    "/h/.gemini/tmp/project/chats/f5e25011-7ef3-4af6-871d-f5b1a32126ea": ["b.jsonl", "a.jsonl", "note.txt"],
  };
  expect(
    geminiCli.filesOf(CHAT, (folder) => folders[folder] ?? []).map(({ path, name }) => [path, name]),
  ).toEqual([
    [CHAT, "project/chats/session-2026-11-20T14-40-f5e25011.jsonl"],
    ...["a", "b"].map((agent) => [
      `/h/.gemini/tmp/project/chats/f5e25011-7ef3-4af6-871d-f5b1a32126ea/${agent}.jsonl`,
      `project/chats/f5e25011-7ef3-4af6-871d-f5b1a32126ea/${agent}.jsonl`,
    ]),
  ]);
});

test("a copy that lies elsewhere is named by its base name and has no other files", () => {
  expect(geminiCli.filesOf("/tmp/copy.jsonl", () => ["x.jsonl"])).toEqual([
    { path: "/tmp/copy.jsonl", name: "copy.jsonl", kind: "transcript" },
  ]);
});

test("the project's folder stands in a marker beside the chats, or in the list of projects", () => {
  const read = (files: Record<string, string>) => (path: string) => files[path];
  expect(
    geminiCli.workingDirectoryOf?.(CHAT, read({ "/h/.gemini/tmp/project/.project_root": "/w/project\n" })),
  ).toBe("/w/project");
  expect(
    geminiCli.workingDirectoryOf?.(
      CHAT,
      read({ "/h/.gemini/projects.json": '{"projects":{"/w/other":"other","/w/project":"project"}}' }),
    ),
  ).toBe("/w/project");
  expect(
    geminiCli.workingDirectoryOf?.(CHAT, read({ "/h/.gemini/projects.json": '{"proj' })),
  ).toBeUndefined();
  expect(geminiCli.workingDirectoryOf?.(CHAT, read({}))).toBeUndefined();
});
