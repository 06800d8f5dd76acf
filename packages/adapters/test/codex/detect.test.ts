import { describe, expect, test } from "vitest";
import { codex } from "../../src/codex/index.ts";
import { fixture } from "./read.ts";

const ID = "01a1f967-2190-7642-a110-f87372fbfa8c";

function detect(line: string): ReturnType<typeof codex.detectCommand> {
  return codex.detectCommand(line.split(" "), {});
}

describe("a command line", () => {
  test.each([
    "codex",
    "codex fix_it",
    "/opt/bin/codex exec do",
    "npx -y @openai/codex@0.169.0 exec do",
    "pnpm dlx @openai/codex exec do",
    "bunx @openai/codex",
    "node /usr/lib/node_modules/@openai/codex/bin/codex.js exec do",
    "codex resume --last",
  ])("%s starts Codex, which writes a rollout and no JSON", (line) => {
    expect(detect(line)).toEqual({ agent: "codex", jsonStream: false, writesTranscript: true });
  });

  test.each(["claude -p codex", "echo codex", "npm run codex-check", "cat codex/README.md"])(
    "%s does not start Codex",
    (line) => {
      expect(detect(line)).toBeUndefined();
    },
  );

  test.each([
    "codex exec --json do",
    "codex -m gpt-6 e do --json",
    "codex --cd /tmp exec resume --json --last",
  ])("%s prints a JSON stream", (line) => {
    expect(detect(line)).toMatchObject({ jsonStream: true, writesTranscript: true });
  });

  test.each(["codex exec -- --json", "codex --json", "codex -m exec --json"])(
    "%s prints no JSON stream: it is not the flag of exec",
    (line) => {
      expect(detect(line)).toMatchObject({ jsonStream: false });
    },
  );

  test.each(["codex exec --ephemeral do", "codex login", "codex --version", "codex mcp list"])(
    "%s writes no rollout",
    (line) => {
      expect(detect(line)).toMatchObject({ writesTranscript: false });
    },
  );
});

describe("the first lines of a file", () => {
  const records = (name: string): Record<string, unknown>[] => fixture(name).map((line) => line.value);

  test("of a rollout tell the thread, where it runs and the trace it was given", () => {
    const lines = records(`0.169.0/rollout-2026-11-20T14-40-48-${ID}.jsonl`);
    expect(codex.detectFile("/any/name.jsonl", lines)).toEqual({
      agent: "codex",
      kind: "transcript",
      conversationId: ID,
      cwd: "/home/dev/project",
      traceId: "0af7651916cd43dd8448eb211c80319c",
    });
  });

  test("of a sub-agent's rollout tell the thread that spawned it", () => {
    expect(codex.detectFile("x.jsonl", records("0.169.0/rollout-sub-agent-v1-child.jsonl"))).toMatchObject({
      conversationId: "01a1f9d0-8e30-7132-b0da-944e28c9a30a",
      parentConversationId: "01a1f9d0-8ddb-7662-8429-f271a46aa11a",
    });
  });

  test("of a fork are its own, though a copy of its parent's follows", () => {
    expect(codex.detectFile("x.jsonl", records("excerpt-fork-0.118.0.jsonl"))).toMatchObject({
      conversationId: "019d7e48-96e2-77a0-b4ce-607c7aba4b96",
      parentConversationId: "019d7d08-46c9-7f73-affe-4e6ca9852d56",
    });
  });

  test("of a fork do not lend it the trace of a turn that is older than itself", () => {
    const turn = (id: string, trace: string): Record<string, unknown> => ({
      type: "event_msg",
      payload: { type: "task_started", turn_id: id, trace_id: trace.repeat(32) },
    });
    const identity = codex.detectFile("x.jsonl", [
      { type: "session_meta", payload: { id: ID, forked_from_id: "p" } },
      turn("01a1f966-0000-7000-8000-000000000000", "a"),
      turn("01a1f967-2190-7000-8000-000000000000", "b"),
    ]);
    expect(identity).toMatchObject({ traceId: "b".repeat(32) });
  });

  test("from its middle are known by the file's name", () => {
    const lines = records(`0.169.0/rollout-2026-11-20T14-40-48-${ID}.jsonl`).slice(3);
    const path = `/home/dev/.codex/sessions/2026/11/20/rollout-2026-11-20T14-40-48-${ID}.jsonl`;
    expect(codex.detectFile(path, lines)).toMatchObject({ conversationId: ID, cwd: "/home/dev/project" });
    expect(codex.detectFile("/other.jsonl", lines)).toBeUndefined();
  });

  test("of a stream tell the thread", () => {
    expect(codex.detectFile("out.jsonl", records("0.169.0/exec.jsonl"))).toEqual({
      agent: "codex",
      kind: "stream",
      conversationId: ID,
    });
  });

  test.each([[[]], [[{ type: "system", session_id: "s" }]], [[{ type: "session_meta", payload: null }]]])(
    "%j are not Codex's",
    (lines) => {
      expect(codex.detectFile(`rollout-x-${ID}.jsonl`, lines)).toBeUndefined();
    },
  );
});

describe("rollouts", () => {
  test("lie below the home, or where CODEX_HOME says, archived ones beside", () => {
    expect(codex.sessionFolders({}, "/home/dev")).toEqual([
      "/home/dev/.codex/sessions",
      "/home/dev/.codex/archived_sessions",
    ]);
    expect(codex.sessionFolders({ CODEX_HOME: "/data/codex" }, "/home/dev")[0]).toBe("/data/codex/sessions");
  });

  test("are told by their name, which stays when they are archived", () => {
    const path = `/x/sessions/2026/11/20/rollout-2026-11-20T14-40-48-${ID}.jsonl`;
    expect(codex.isTranscript(path)).toBe(true);
    expect(codex.isTranscript("/x/sessions/2026/11/20/notes.jsonl")).toBe(false);
    expect(codex.isTranscript(`${path}.zst`)).toBe(false);
    expect(codex.filesOf(path, () => [])).toEqual([
      { path, name: `rollout-2026-11-20T14-40-48-${ID}.jsonl`, kind: "transcript" },
    ]);
  });
});
