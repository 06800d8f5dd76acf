/** Sessions that go on from others, what they say about themselves, and lines that nobody knows. */

import { describe, expect, test } from "vitest";
import type { JsonObject, SourceLine } from "../../src/adapter.ts";
import { claudeCode } from "../../src/claude-code/index.ts";
import type { Event } from "../../src/event.ts";
import { ofType, read } from "../conversations.ts";
import { gives, prompt, readAll, rendered, says, SESSION, session, text, uses } from "./session.ts";

const OTHER = "936b2711-7194-4ef9-8eab-601d715f4766";
const copied = { requestSessionId: OTHER };
const history: readonly JsonObject[] = [
  prompt("one", { promptId: "p" }),
  rendered("user", "context"),
  says("m1", uses("t1"), copied),
  gives("t1"),
  says("m2", text("2"), copied),
];
const own: readonly JsonObject[] = [prompt("two", { promptId: "p" }), says("m3", text("3"))];

function named(events: readonly Event[]): string[] {
  return events.map(({ type, span }) => `${type} ${span.key}`);
}

describe("a fork", () => {
  const forked = session(...history, ...own);

  test("has no records of the lines it copied, though its prompt ids are new", () => {
    const parser = claudeCode.createParser();
    expect(named(readAll(forked, parser))).toEqual([
      `turn_start ${SESSION}.jsonl:6`,
      "prompt m3",
      "completion m3",
      `turn_end ${SESSION}.jsonl:6`,
    ]);
    expect(parser.facts).toMatchObject({
      conversationId: SESSION,
      parentConversationId: OTHER,
      resumed: true,
      firstTime: forked[5]?.value["timestamp"],
    });
  });

  test("numbers its turns on, and shows of its first prompt only what is new", () => {
    const events = readAll(forked);
    expect(ofType(events, "turn_start")[0]?.turn).toBe(2);
    expect(ofType(events, "prompt")).toMatchObject([
      {
        input: { reason: "fork", complete: false },
        content: { messages: [{ parts: [{ content: "two" }] }] },
      },
    ]);
  });

  test("of an old version keeps the other session's id in the copies", () => {
    const old = history.map((line) => ({ ...line, requestSessionId: undefined, sessionId: OTHER }));
    const parser = claudeCode.createParser();
    expect(named(readAll(session(...old, ...own), parser))).toEqual(named(readAll(forked)));
    expect(parser.facts).toMatchObject({ conversationId: SESSION, parentConversationId: OTHER });
  });
});

describe("the first lines", () => {
  test("name their session, though they wait", () => {
    const parser = claudeCode.createParser();
    expect(read(parser, session(prompt("one")))).toEqual([]);
    expect(parser.facts.conversationId).toBe(SESSION);
  });

  const lines = session(prompt("one"), says("m1", text("1")), prompt("two"));

  test("wait for the first answer, which says whose they are", () => {
    const parser = claudeCode.createParser();
    expect(read(parser, lines.slice(0, 1))).toEqual([]);
    expect(named(read(parser, lines.slice(1, 2)))).toEqual(["turn_start prompt one", "prompt m1"]);
    expect(named(read(parser, lines.slice(2)))).toContain("turn_start prompt two");
  });

  test("are told after a while without it: a killed run shows what was asked", () => {
    const parser = claudeCode.createParser();
    read(parser, lines.slice(0, 1));
    expect(named(parser.flush("quiet"))).toEqual(["turn_start prompt one"]);
  });
});

describe("a session that a recording goes on with", () => {
  test("gives its earlier lines' meaning and none of their records", () => {
    const parser = claudeCode.createParser();
    const lines = session(prompt("one"), says("m1", text("1")), prompt("two"), says("m2", text("2")));
    read(parser, lines.slice(0, 2));
    parser.resume();
    const events = readAll(lines.slice(2), parser);
    expect(named(events)).toEqual([
      "turn_start prompt two",
      "prompt m2",
      "completion m2",
      "turn_end prompt two",
    ]);
    expect(ofType(events, "prompt")[0]?.input).toEqual({ reason: "resume", complete: false });
  });

  test("does not say again what waited for an answer when the recording began", () => {
    const parser = claudeCode.createParser();
    const lines = session(prompt("one"), prompt("two"), says("m2", text("2")));
    read(parser, lines.slice(0, 1));
    parser.resume();
    expect(ofType(readAll(lines.slice(1), parser), "prompt")[0]?.content).toMatchObject({
      messages: [{ parts: [{ content: "two" }] }],
    });
  });
});

describe("what a session says about itself", () => {
  const factsOf = (lines: readonly SourceLine[]): object => {
    const parser = claudeCode.createParser();
    readAll(lines, parser);
    return parser.facts;
  };

  test("is its id, version, folder and branch", () => {
    expect(factsOf(session(prompt("one", { gitBranch: "topic" })))).toMatchObject({
      conversationId: SESSION,
      agentVersion: "2.1.329",
      cwd: "/home/dev/project",
      pointers: { ref_name: "topic" },
    });
    expect(factsOf(session(prompt("one", { gitBranch: "HEAD" })))).toMatchObject({ pointers: {} });
  });

  test("is the pull request that it opened", () => {
    const link = {
      type: "pr-link",
      prNumber: 7,
      prUrl: "https://github.com/o/r/pull/7",
      prRepository: "o/r",
    };
    expect(factsOf(session(prompt("one"), link))).toMatchObject({
      pointers: { change_url: "https://github.com/o/r/pull/7", change_id: "7" },
    });
    expect(factsOf(session({ type: "pr-link", prNumber: 7 }))).toMatchObject({ pointers: {} });
  });

  test("are line types that are not known, each counted", () => {
    expect(
      factsOf(session({ type: "brand-new" }, { type: "brand-new" }, { type: "ai-title" })),
    ).toMatchObject({
      unknownTypes: { "brand-new": 2 },
    });
  });
});

describe("a file is told by its lines", () => {
  test("as a transcript, whose name says the session where it has one", () => {
    const records = session(prompt("one", { sessionId: OTHER })).map(({ value }) => value);
    expect(claudeCode.detectFile(`/p/${SESSION}.jsonl`, records)).toEqual({
      agent: "claude-code",
      kind: "transcript",
      conversationId: SESSION,
      cwd: "/home/dev/project",
    });
    expect(claudeCode.detectFile("/p/renamed.jsonl", records)).toMatchObject({ conversationId: OTHER });
  });

  test("as a stream, which names its session otherwise, also where hooks speak first", () => {
    const hook = { type: "system", subtype: "hook_started", session_id: SESSION };
    expect(claudeCode.detectFile("/tmp/out", [hook])).toEqual({
      agent: "claude-code",
      kind: "stream",
      conversationId: SESSION,
    });
  });

  test("as a transcript also where it begins with lines that say nothing", () => {
    const line = { type: "api-request-shape", sessionId: SESSION };
    expect(claudeCode.detectFile("/p/x.jsonl", [line])).toMatchObject({ kind: "transcript" });
  });
});
