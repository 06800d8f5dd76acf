import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/adapter.ts";
import { claudeCode } from "../../src/claude-code/index.ts";
import type { Event } from "../../src/event.ts";
import { ofType, read } from "../conversations.ts";
import {
  agentFile,
  attached,
  gives,
  metaFile,
  prompt,
  readAll,
  says,
  session,
  SESSION,
  stream,
  system,
  text,
  user,
  uses,
} from "./session.ts";

const calls = (id: string, words = "look"): JsonObject =>
  uses(id, "Agent", { prompt: words, subagent_type: "Explore" });
const work: readonly JsonObject[] = [
  user("look"),
  says("m8", uses("t8", "Bash")),
  gives("t8"),
  says("m9", text("9")),
];
const notice = (status: string): string =>
  `<task-notification>\n<task-id>a1</task-id>\n<status>${status}</status>\n<result>9</result>\n</task-notification>`;

function starts(events: readonly Event[]): object[] {
  return ofType(events, "agent_start").map(({ span, parent, agent, call_id, background }) => ({
    key: span.key,
    parent: parent?.key,
    name: agent.name,
    ...(call_id === undefined ? {} : { call_id }),
    ...(background === undefined ? {} : { background }),
  }));
}

describe("a sub-agent is below the call that started it", () => {
  const main = session(
    prompt("go"),
    says("m1", calls("t1")),
    gives("t1", "9", { toolUseResult: { agentId: "a1", status: "completed" } }),
    says("m2", text("2")),
  );
  const placed = [{ key: "a1", parent: "t1", name: "Explore", call_id: "t1" }];

  test("where the file beside its lines names the call", () => {
    const meta = metaFile("a1", { toolUseId: "t1", agentType: "Explore" });
    expect(starts(readAll([...main, meta, ...agentFile("a1", work)]))).toEqual(placed);
    expect(starts(readAll([meta, ...agentFile("a1", work), ...main]))).toEqual(placed);
  });

  test("where the call's result names it, or only the prompt is the same", () => {
    expect(starts(readAll([...main, ...agentFile("a1", work)]))).toEqual(placed);
  });

  test("where its lines come first: they wait for the call", () => {
    const parser = claudeCode.createParser();
    expect(read(parser, agentFile("a1", work))).toEqual([]);
    expect(starts(read(parser, main))).toEqual(placed);
  });

  test("where its lines stand in the session's file, as in 1.0", () => {
    const side = work.map((line, index) => ({
      ...line,
      isSidechain: true,
      uuid: `x${index}`,
      parentUuid: index === 0 ? null : `x${index - 1}`,
    }));
    const events = readAll(
      session(
        prompt("go"),
        says("m1", uses("t1", "Task", { prompt: "look", subagent_type: "Explore" })),
        ...side,
        gives("t1", "9"),
        says("m2", text("2")),
      ),
    );
    expect(starts(events)).toEqual([{ key: "x0", parent: "t1", name: "Explore", call_id: "t1" }]);
    expect(ofType(events, "prompt").map(({ span, parent }) => [span.key, parent?.kind])).toEqual([
      ["m1", "turn"],
      ["m8", "agent"],
      ["m9", "agent"],
      ["m2", "turn"],
    ]);
    expect(ofType(events, "agent_end")).toMatchObject([{ status: "success" }]);
  });

  test("each below its own where two calls gave the same prompt", () => {
    const events = readAll([
      ...session(prompt("go"), says("m1", calls("t1")), says("m1", calls("t2"))),
      ...agentFile("a1", work, -10),
      ...agentFile("a2", [user("look"), says("m7", text("7"))], -10),
    ]);
    expect(starts(events)).toMatchObject([{ call_id: "t1" }, { call_id: "t2" }]);
  });

  test("in the stream by the call that each line names", () => {
    const of = { parent_tool_use_id: "t1", agent_id: "a1", subagent_type: "Explore" };
    const events = readAll(
      stream(system("init"), says("m1", calls("t1")), { ...says("m8", text("8")), ...of }, gives("t1")),
    );
    expect(starts(events)).toEqual([{ ...placed[0] }]);
    expect(ofType(events, "agent_end")).toMatchObject([{ status: "success" }]);
  });
});

describe("a sub-agent that no call started", () => {
  test("belongs to the invocation, and keeps its prompt", () => {
    const events = readAll([
      ...session(prompt("go"), says("m1", text("1"))),
      ...agentFile("acompact-1", work),
    ]);
    expect(ofType(events, "agent_start")).toMatchObject([
      { span: { key: "acompact-1" }, content: { prompt: "look" } },
    ]);
    expect(ofType(events, "agent_start")[0]).not.toHaveProperty("parent");
  });

  test("and is younger than the session's last line is left to the next import", () => {
    const parser = claudeCode.createParser();
    const lines = [...session(prompt("go"), says("m1", text("1"))), ...agentFile("a1", work, 60)];
    expect(starts(readAll(lines, parser))).toEqual([]);
    expect(parser.facts.unknownTypes).toEqual({ "sub-agent without its call": work.length });
  });
});

describe("a sub-agent ends", () => {
  const launched = gives("t1", "Async agent launched", {
    toolUseResult: { agentId: "a1", status: "async_launched" },
  });
  const meta = metaFile("a1", { toolUseId: "t1", agentType: "Explore", requestShape: "background" });

  test.each([
    ["completed", "success"],
    ["failed", "error"],
    ["killed", "interrupted"],
    ["on holiday", "unknown"],
  ])("that ran in the background with its notification: %s is %s", (word, status) => {
    const events = readAll([
      ...session(
        prompt("go"),
        says("m1", calls("t1")),
        launched,
        says("m2", text("2")),
        user(notice(word), { promptId: "p2" }),
        says("m3", text("3")),
      ),
      meta,
      ...agentFile("a1", work),
    ]);
    expect(starts(events)).toMatchObject([{ background: true }]);
    expect(ofType(events, "agent_end")).toMatchObject([{ status }]);
    expect(ofType(events, "turn_start").map(({ origin }) => origin)).toEqual(["user", "notification"]);
  });

  test("with a notification that was queued into a turn, which begins none", () => {
    const events = readAll([
      ...session(
        prompt("go"),
        says("m1", calls("t1")),
        launched,
        attached({ type: "queued_command", prompt: notice("completed") }),
        says("m2", text("2")),
      ),
      meta,
      ...agentFile("a1", work),
    ]);
    expect(ofType(events, "agent_end")).toMatchObject([{ status: "success" }]);
    expect(ofType(events, "turn_start")).toHaveLength(1);
  });

  test("as interrupted where the user stopped its call", () => {
    const stopped = gives("t1", "The user doesn't want to proceed with this tool use.", {
      is_error: true,
      toolDenialKind: "user-rejected",
    });
    const events = readAll([
      ...session(prompt("go"), says("m1", calls("t1")), stopped),
      ...agentFile("a1", work),
    ]);
    expect(ofType(events, "agent_end")).toMatchObject([{ status: "interrupted" }]);
  });

  test("not with a message that it was sent while it ran in the background", () => {
    const heard = gives("t2", "Message sent", { toolUseResult: { agentId: "a1" } });
    const events = readAll([
      ...session(
        prompt("go"),
        says("m1", calls("t1")),
        launched,
        says("m2", uses("t2", "SendMessage", {})),
        heard,
      ),
      meta,
      ...agentFile("a1", work),
    ]);
    expect(starts(events)).toMatchObject([{ call_id: "t1" }]);
    expect(ofType(events, "agent_end")).toEqual([]);
  });

  test("once, however often its tasks are told", () => {
    const events = readAll([
      ...session(
        prompt("go"),
        says("m1", calls("t1")),
        launched,
        user(notice("completed")),
        user(notice("completed")),
      ),
      meta,
      ...agentFile("a1", work),
    ]);
    expect(ofType(events, "agent_end")).toHaveLength(1);
  });

  test("not at all where nothing says so", () => {
    const events = readAll([
      ...session(prompt("go"), says("m1", calls("t1")), launched),
      meta,
      ...agentFile("a1", work),
    ]);
    expect(ofType(events, "agent_end")).toEqual([]);
  });
});

test("a shell command in the background is no sub-agent", () => {
  const events = readAll(
    session(
      prompt("go"),
      says("m1", uses("t1")),
      gives("t1"),
      user(notice("completed")),
      says("m2", text("2")),
    ),
  );
  expect(ofType(events, "agent_start")).toEqual([]);
});

test("that it runs in the background is added to one that has begun", () => {
  const started = system("task_started", { task_id: "a1", tool_use_id: "t1", is_backgrounded: true });
  const of = { parent_tool_use_id: "t1", agent_id: "a1" };
  const events = readAll(
    stream(system("init"), says("m1", calls("t1")), { ...says("m8", text("8")), ...of }, started),
  );
  expect(ofType(events, "amend")).toMatchObject([{ of: "agent_start", fields: { background: true } }]);
});

test("sub-agents' files are named below their session's folder", () => {
  const folder = `/p/${SESSION}/subagents`;
  const list = (path: string): string[] =>
    path === folder ? ["agent-b.jsonl", "agent-a.meta.json", "agent-a.jsonl", "notes.txt"] : [];
  expect(claudeCode.filesOf(`/p/${SESSION}.jsonl`, list).map(({ name }) => name)).toEqual([
    `${SESSION}.jsonl`,
    `${SESSION}/subagents/agent-a.meta.json`,
    `${SESSION}/subagents/agent-a.jsonl`,
    `${SESSION}/subagents/agent-b.jsonl`,
  ]);
});
