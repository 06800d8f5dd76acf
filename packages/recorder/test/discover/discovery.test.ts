import { existsSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { currentWriter } from "@spoor/trace";
import { Claims } from "../../src/discover/claims.ts";
import { Rig, TRACE_ID, valuesOf } from "./fake-agents.ts";
import type { Discovery, DiscoverSystem, Look } from "../../src/discover/index.ts";
import type { ProcessSource } from "../../src/discover/process-source.ts";

/** Evidence about processes is Linux's. */
const HAS_PROC = existsSync("/proc/self/fd");

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
});
afterEach(() => rig[Symbol.asyncDispose]());

const how = (look: Look): unknown[] =>
  look.conversations.map(({ conversationId, joinedBy, isCommand }) => [conversationId, joinedBy, isCommand]);
const say = (text: string): { say: string } => ({ say: text });

describe.runIf(HAS_PROC)("a conversation is joined", () => {
  test("by the note of its process, whose next conversation follows", async () => {
    const discovery = rig.discovery();
    const agent = rig.start("claude-code", discovery);
    const note = join(rig.home, ".claude-code", "notes", "PID.json");
    await agent.does("note", { path: note, conversation: "one" });
    await agent.does("append", { path: rig.transcript("claude-code", "one"), lines: [rig.first("one")] });
    expect(how(discovery.look())).toEqual([["one", "process_note", true]]);

    await agent.does("note", { path: note, conversation: "two" });
    await agent.does("append", { path: rig.transcript("claude-code", "one"), lines: [say("bye")] });
    await agent.does("append", { path: rig.transcript("claude-code", "two"), lines: [rig.first("two")] });
    const look = discovery.look();
    expect(how(look)).toEqual([["two", "process_note", true]]);
    expect(valuesOf(look)).toEqual([say("bye"), rig.first("two")]);
  });

  test("though its process noted only one that it never wrote, as Claude Code does to continue", async () => {
    const path = rig.transcript("claude-code", "one");
    rig.stored(path, [rig.first("one")]);
    const discovery = rig.discovery();
    const agent = rig.start("claude-code", discovery);
    const note = join(rig.home, ".claude-code", "notes", "PID.json");
    await agent.does("note", { path: note, conversation: "new" });
    discovery.look();
    await agent.does("append", { path, lines: [rig.first("one"), say("more")] });
    expect(how(discovery.look())).toEqual([]);
    await agent.ends();
    discovery.childEnded();
    expect(how(discovery.look())).toEqual([["one", "only_candidate", true]]);
  });

  test("by our trace id, also in what was added to an old thread", async () => {
    const path = rig.transcript("codex", "old");
    rig.stored(path, [rig.first("old", { trace: "f".repeat(32) })]);
    const discovery = rig.discovery();
    const agent = rig.start("codex", discovery);
    await agent.does("append", { path, lines: [rig.first("old", { trace: TRACE_ID })] });
    expect(how(discovery.look())).toEqual([["old", "trace_id", true]]);
  });

  test("by being held open for writing below nested shells", async () => {
    const discovery = rig.discovery();
    const agent = rig.start("codex", discovery, { shell: 'sh -c "$AGENT; true"; true' });
    const path = rig.transcript("codex", "one");
    await agent.does("hold", { path });
    await agent.does("write", { path, lines: [rig.first("one")] });
    const look = discovery.look();
    expect(how(look)).toEqual([["one", "open_file", true]]);
    expect(look.conversations[0]?.pid).toBe(await agent.pid);
  });

  test("by being held open by a process whose parent has ended", async () => {
    const discovery = rig.discovery();
    const shell = "exec 3<&0; sh -c '$AGENT <&3 &'; while sleep 0.02; do :; done";
    const agent = rig.start("codex", discovery, { shell });
    const path = rig.transcript("codex", "one");
    await agent.does("hold", { path });
    await agent.does("write", { path, lines: [rig.first("one")] });
    expect(how(discovery.look())).toEqual([["one", "open_file", true]]);
  });

  test("by its id on the command's stdout", async () => {
    const discovery = rig.discovery({ agent: "gemini-cli" });
    const agent = rig.start("gemini-cli", discovery);
    rig.start("gemini-cli");
    discovery.streamSaid("gemini-cli", "one");
    await agent.does("append", { path: rig.transcript("gemini-cli", "one"), lines: [rig.first("one")] });
    expect(how(discovery.look())).toEqual([["one", "stream", true]]);
  });

  test("as the only one that our agent can have written, after a while", async () => {
    const discovery = rig.discovery();
    const agent = rig.start("gemini-cli", discovery);
    await agent.does("append", { path: rig.transcript("gemini-cli", "one"), lines: [rig.first("one")] });
    expect(how(discovery.look())).toEqual([]);
    const look = rig.lookLater(discovery);
    expect(how(look)).toEqual([["one", "only_candidate", true]]);
    expect(valuesOf(look)).toEqual([rig.first("one")]);
  });

  test("beside one that our agent began and removed again, as Gemini CLI does when it resumes", async () => {
    const earlier = rig.start("gemini-cli");
    await earlier.does("append", { path: rig.transcript("gemini-cli", "one"), lines: [rig.first("one")] });
    await earlier.ends();
    const discovery = rig.discovery();
    const agent = rig.start("gemini-cli", discovery);
    await agent.does("append", { path: rig.transcript("gemini-cli", "two"), lines: [rig.first("two")] });
    await agent.does("append", { path: rig.transcript("gemini-cli", "one"), lines: [say("more")] });
    expect(how(discovery.look())).toEqual([]);
    rmSync(rig.transcript("gemini-cli", "two"));
    const look = rig.lookLater(discovery);
    expect(how(look)).toEqual([["one", "only_candidate", true]]);
    expect(look.ambiguous).toBe(0);
  });

  test("beside a file of the same conversation that was begun and left", async () => {
    const [old, left] = [rig.transcript("gemini-cli", "one"), rig.transcript("gemini-cli", "one-left")];
    const earlier = rig.start("gemini-cli");
    await earlier.does("append", { path: old, lines: [rig.first("one")] });
    await earlier.ends();
    const discovery = rig.discovery();
    const agent = rig.start("gemini-cli", discovery);
    await agent.does("append", { path: left, lines: [rig.first("one")] });
    await agent.does("append", { path: old, lines: [rig.first("one"), say("more")] });
    expect(how(discovery.look())).toEqual([]);
    const look = rig.lookLater(discovery);
    expect(look.conversations.map(({ path }) => path)).toEqual([old]);
    expect(look.ambiguous).toBe(0);
  });

  test("beside another agent's, by the words that it was asked on its command line", async () => {
    const discovery = rig.discovery();
    const ours = rig.start("gemini-cli", discovery, { args: ["-m", "some-model", "mend the test"] });
    const theirs = rig.start("gemini-cli", undefined, { args: ["-m", "some-model", "write a page"] });
    await Promise.all([ours.pid, theirs.pid]);
    discovery.look();
    // Both before the next look, and both as much: bytes tell nothing.
    for (const [agent, id, asked] of [
      [ours, "one", "mend the test"],
      [theirs, "two", "write a page"],
    ] as const) {
      const lines = [rig.first(id), { model: "some-model", ...say(asked) }];
      await agent.does("append", { path: rig.transcript("gemini-cli", id), lines });
    }
    discovery.look();
    const look = rig.lookLater(discovery);
    expect(how(look)).toEqual([["one", "only_candidate", true]]);
    expect(look.ambiguous).toBe(0);
  });

  test("at once when the command has ended", async () => {
    const discovery = rig.discovery();
    const agent = rig.start("gemini-cli", discovery);
    await agent.pid;
    discovery.look();
    await agent.does("append", { path: rig.transcript("gemini-cli", "one"), lines: [rig.first("one")] });
    await agent.ends();
    discovery.childEnded();
    expect(how(discovery.look())).toEqual([["one", "only_candidate", true]]);
  });

  test("although the agent had ended before anybody could ask what it is", async () => {
    const nothing = (): undefined => undefined;
    const processes: ProcessSource = {
      pids: () => [],
      rowOf: nothing,
      commandOf: nothing,
      environmentOf: nothing,
      workingDirectoryOf: nothing,
      writableFilesOf: nothing,
      writtenBytesOf: nothing,
    };
    const discovery = rig.discovery({ agent: "gemini-cli", system: { processes } });
    discovery.childStarted(4242);
    rig.stored(rig.transcript("gemini-cli", "one"), [rig.first("one")]);
    discovery.childEnded();
    expect(how(discovery.look())).toEqual([["one", "only_candidate", true]]);
  });

  test("where the command's script told the agent to store it", async () => {
    const elsewhere = join(rig.root, "elsewhere");
    rig.stored(join(elsewhere, "sessions", "old.jsonl"), [rig.first("old")]);
    const discovery = rig.discovery();
    const agent = rig.start("gemini-cli", discovery, { shell: `AGENT_HOME=${elsewhere} $AGENT; true` });
    await agent.pid;
    discovery.look();
    await agent.does("append", { path: join(elsewhere, "sessions", "one.jsonl"), lines: [rig.first("one")] });
    discovery.look();
    expect(how(rig.lookLater(discovery))).toEqual([["one", "only_candidate", true]]);
  });
});

describe.runIf(HAS_PROC)("nothing is joined", () => {
  test("that an agent beside us writes while ours is silent", async () => {
    const discovery = rig.discovery();
    const ours = rig.start("gemini-cli", discovery);
    const theirs = rig.start("gemini-cli");
    await Promise.all([ours.pid, theirs.pid]);
    discovery.look();
    discovery.look();
    const path = rig.transcript("gemini-cli", "theirs");
    await theirs.does("append", { path, lines: [rig.first("theirs"), say("x".repeat(5000))] });
    expect(rig.looks(discovery)).toEqual({ conversations: [], ambiguous: 0 });

    // Nor when it has ended.
    await theirs.ends();
    expect(rig.lookLater(discovery)).toMatchObject({ conversations: [], ambiguous: 0 });
  });

  test("that an agent beside us names in its note or holds open", async () => {
    const discovery = rig.discovery();
    const ours = rig.start("claude-code", discovery);
    await ours.does("start", { agent: "codex" });
    const theirs = rig.start("claude-code");
    const other = rig.start("codex");
    const note = join(rig.home, ".claude-code", "notes", "PID.json");
    await theirs.does("note", { path: note, conversation: "theirs" });
    await theirs.does("append", {
      path: rig.transcript("claude-code", "theirs"),
      lines: [rig.first("theirs")],
    });
    const held = rig.transcript("codex", "held");
    await other.does("hold", { path: held });
    await other.does("write", { path: held, lines: [rig.first("held")] });
    expect(rig.looks(discovery)).toEqual({ conversations: [], ambiguous: 0 });
  });

  test("that no agent of the command can have written", async () => {
    const discovery = rig.discovery();
    const ours = rig.start("codex", discovery);
    await ours.pid;
    rig.stored(rig.transcript("gemini-cli", "theirs"), [rig.first("theirs")]);
    expect(rig.looks(discovery)).toEqual({ conversations: [], ambiguous: 0 });
  });

  test("that our agent only reads", async () => {
    const path = rig.transcript("codex", "theirs");
    rig.stored(path, [rig.first("theirs")]);
    const discovery = rig.discovery();
    const ours = rig.start("codex", discovery);
    const theirs = rig.start("codex");
    await ours.does("hold", { path, flags: "r" });
    await theirs.does("hold", { path });
    await theirs.does("write", { path, lines: [say("more")] });
    expect(discovery.look().conversations).toEqual([]);
  });

  test("of another folder", async () => {
    const discovery = rig.discovery();
    const ours = rig.start("gemini-cli", discovery);
    await ours.does("append", {
      path: rig.transcript("gemini-cli", "far"),
      lines: [{ id: "far", cwd: rig.home }],
    });
    expect(rig.looks(discovery)).toEqual({ conversations: [], ambiguous: 0 });
  });

  test("of an agent that runs below another spoor", async () => {
    const discovery = rig.discovery();
    const inner = rig.start("codex", discovery, { shell: "SPOOR_INVOCATION=another $AGENT; true" });
    const path = rig.transcript("codex", "inner");
    await inner.does("hold", { path });
    await inner.does("write", { path, lines: [rig.first("inner")] });
    expect(rig.looks(discovery)).toEqual({ conversations: [], ambiguous: 0 });
  });

  test("that our agent cannot have written, busy with another conversation or ended by then", async () => {
    const discovery = rig.discovery();
    const busy = rig.start("claude-code", discovery, { shell: "exec 3<&0; $AGENT <&3 & wait; sleep 60" });
    const note = join(rig.home, ".claude-code", "notes", "PID.json");
    await busy.does("note", { path: note, conversation: "one" });
    discovery.look();
    rig.stored(rig.transcript("claude-code", "theirs"), [rig.first("theirs")]);
    expect(rig.looks(discovery)).toEqual({ conversations: [], ambiguous: 0 });

    const next = rig.discovery();
    const ended = rig.start("gemini-cli", next, { shell: "$AGENT; sleep 60" });
    const pid = await ended.pid;
    next.look();
    ended.child.stdin?.end();
    await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false);
    next.look();
    rig.stored(rig.transcript("gemini-cli", "theirs"), [rig.first("theirs")]);
    expect(rig.looks(next)).toEqual({ conversations: [], ambiguous: 0 });
  });

  test("of two that may be either's: they are counted as ambiguous", async () => {
    const discovery = rig.discovery();
    const ours = rig.start("gemini-cli", discovery);
    const theirs = rig.start("gemini-cli");
    await Promise.all([ours.pid, theirs.pid]);
    discovery.look();
    // Both before the next look, and both as much.
    await ours.does("append", { path: rig.transcript("gemini-cli", "one"), lines: [rig.first("one")] });
    await theirs.does("append", { path: rig.transcript("gemini-cli", "two"), lines: [rig.first("two")] });
    discovery.look();
    expect(rig.lookLater(discovery)).toMatchObject({ conversations: [], ambiguous: 2 });

    // As soon as one works alone, all is clear.
    discovery.look();
    await theirs.does("append", {
      path: rig.transcript("gemini-cli", "two"),
      lines: [say("x".repeat(5000))],
    });
    const look = discovery.look();
    expect(how(look)).toEqual([["one", "only_candidate", true]]);
    expect(look.ambiguous).toBe(0);
    expect(valuesOf(look)).toEqual([rig.first("one")]);
  });
});

describe.runIf(HAS_PROC)("a conversation that a server writes for its agents", () => {
  const serve = async (): Promise<{ discovery: Discovery; path: string }> => {
    const discovery = rig.discovery();
    const ours = rig.start("codex", discovery);
    const server = rig.start("codex", undefined, { args: ["app-server"] });
    await Promise.all([ours.pid, server.pid]);
    discovery.look();
    discovery.look();
    const path = rig.transcript("codex", "served");
    await server.does("hold", { path });
    await server.does("write", { path, lines: [rig.first("served"), say("x".repeat(5000))] });
    return { discovery, path };
  };

  test("is ours where we have the only agent", async () => {
    const { discovery } = await serve();
    expect(how(rig.looks(discovery) as Look)).toEqual([["served", "only_candidate", true]]);
  });

  test("is nobody's where another may have asked for it", async () => {
    await rig.start("codex").pid;
    const { discovery } = await serve();
    expect(rig.looks(discovery)).toEqual({ conversations: [], ambiguous: 1 });
  });
});

describe.runIf(HAS_PROC)("an agent that another agent runs", () => {
  test("has a conversation that is not the command's, of whichever kind it is", async () => {
    const discovery = rig.discovery();
    const outer = rig.start("claude-code", discovery);
    const note = join(rig.home, ".claude-code", "notes", "PID.json");
    const path = (id: string): string => rig.transcript("claude-code", id);
    await outer.does("note", { path: note, conversation: "outer" });
    await outer.does("append", { path: path("outer"), lines: [rig.first("outer")] });
    discovery.look();
    await outer.does("start", { agent: "claude-code" });
    const tell = (what: unknown): Promise<void> => outer.does("tell", { what });
    await tell({ todo: "note", path: note, conversation: "inner" });
    await tell({ todo: "append", path: path("inner"), lines: [rig.first("inner")] });
    expect(how(discovery.look())).toEqual([["inner", "process_note", false]]);

    // Also where the outer one has none, or none that we know of.
    const gemini = rig.start("gemini-cli", discovery);
    await gemini.does("start", { agent: "codex" });
    const held = rig.transcript("codex", "other");
    await gemini.does("tell", { what: { todo: "hold", path: held } });
    await gemini.does("tell", { what: { todo: "write", path: held, lines: [rig.first("other")] } });
    expect(how(discovery.look())).toEqual([["other", "open_file", false]]);
  });
});

describe.runIf(HAS_PROC)("two at once in one folder", () => {
  test("each under its own spoor, land each in their own", async () => {
    const sides = ["left", "right"].map((name) => {
      const discovery = rig.discovery({ invocationId: name });
      const agent = rig.start("gemini-cli", discovery, { env: { SPOOR_INVOCATION: name } });
      return { name, discovery, agent, joined: [] as unknown[], values: [] as unknown[] };
    });
    await Promise.all(sides.map(({ agent }) => agent.pid));
    const look = (): void => {
      rig.aheadMs += 250;
      for (const side of sides) {
        const seen = side.discovery.look();
        side.joined.push(...how(seen));
        side.values.push(...valuesOf(seen));
      }
    };
    look();
    for (const { name, agent } of sides)
      await agent.does("append", { path: rig.transcript("gemini-cli", name), lines: [rig.first(name)] });
    look();
    for (const { name, agent } of sides) {
      for (let turn = 0; turn < 4; turn++) look();
      await agent.does("append", {
        path: rig.transcript("gemini-cli", name),
        lines: [say(name.repeat(1000))],
      });
    }
    for (let turn = 0; turn < 8; turn++) look();
    for (const { name, joined, values } of sides) {
      expect(joined).toEqual([[name, "only_candidate", true]]);
      expect(values).toEqual([rig.first(name), say(name.repeat(1000))]);
    }
  });

  test("under one spoor, are both found", async () => {
    const discovery = rig.discovery();
    const agent = rig.start("gemini-cli", discovery);
    await agent.does("start", { agent: "gemini-cli" });
    for (const name of ["one", "two"])
      rig.stored(rig.transcript("gemini-cli", name), [rig.first(name), say(name)]);
    discovery.look();
    expect(rig.lookLater(discovery).conversations).toHaveLength(2);
  });
});

describe("a resumed conversation", () => {
  test("gives its old lines apart, and the new ones with their numbers in the file", async () => {
    const path = rig.transcript("codex", "old");
    rig.stored(path, [rig.first("old"), say("before")]);
    rig.stored(path.replace(".jsonl", "/subagents/a.jsonl"), [say("a before")]);
    const discovery = rig.discovery({ system: withoutProcesses });
    rig.stored(path, [say("after")]);
    rig.stored(path.replace(".jsonl", "/subagents/a.jsonl"), [say("a after")]);
    rig.stored(path.replace(".jsonl", "/subagents/b.jsonl"), [say("b")]);
    discovery.look();
    const look = rig.lookLater(discovery);
    const [found] = look.conversations;
    expect(found?.priorBytes).toBeGreaterThan(0);
    expect(found?.earlierLines()).toMatchObject([
      { sourceIndex: 0, lines: [{ line: 1 }, { line: 2, value: say("before") }] },
      { sourceIndex: 1, lines: [{ line: 1, value: say("a before") }] },
    ]);
    expect(look.lines).toMatchObject([
      { sourceIndex: 0, lines: [{ line: 3, value: say("after") }] },
      { sourceIndex: 1, lines: [{ line: 2, value: say("a after") }] },
      { sourceIndex: 2, lines: [{ line: 1, value: say("b") }] },
    ]);
  });

  test.runIf(HAS_PROC)("that is noticed late tells nothing by its bytes", async () => {
    const many = Array.from({ length: 400 }, (_, index) => `old-${index}`);
    for (const id of many) {
      rig.stored(rig.transcript("gemini-cli", id), [rig.first(id)]);
      utimesSync(rig.transcript("gemini-cli", id), 1_700_000_000, 1_700_000_000);
    }
    const discovery = rig.discovery();
    const ours = rig.start("gemini-cli", discovery);
    const theirs = rig.start("gemini-cli");
    await Promise.all([ours.pid, theirs.pid]);
    discovery.look();
    for (const id of many.slice(-5))
      await ours.does("append", { path: rig.transcript("gemini-cli", id), lines: [say("x".repeat(5000))] });
    for (let turn = 0; turn < 10; turn++) discovery.look();
    expect(rig.looks(discovery)).toEqual({ conversations: [], ambiguous: 5 });
  });

  test("that lies among thousands is found when the command has ended at the latest", () => {
    for (let index = 0; index < 600; index++)
      rig.stored(rig.transcript("codex", `old-${index}`), [rig.first(`old-${index}`)]);
    const discovery = rig.discovery({ system: withoutProcesses });
    rig.stored(rig.transcript("codex", "old-300"), [say("more")]);
    discovery.childEnded();
    expect(how(discovery.look())).toEqual([["old-300", "only_candidate", true]]);
  });
});

/** A system that tells nothing of its processes. */
const withoutProcesses: Partial<DiscoverSystem> = {
  processes: {
    pids: () => undefined,
    rowOf: () => undefined,
    commandOf: () => undefined,
    environmentOf: () => undefined,
    workingDirectoryOf: () => undefined,
    writableFilesOf: () => undefined,
    writtenBytesOf: () => undefined,
  },
};

describe("where the system does not tell of processes", () => {
  test("a conversation that another live spoor has taken is left alone, and ours is taken from them", () => {
    const { pid_start: _, ...writer } = currentWriter();
    const another = new Claims(join(rig.root, "claims"), Date.now, { ...writer, pid: process.ppid });
    const discovery = rig.discovery({ system: withoutProcesses });
    rig.stored(rig.transcript("gemini-cli", "theirs"), [rig.first("theirs")]);
    rig.stored(rig.transcript("gemini-cli", "ours"), [rig.first("ours")]);
    another.take(rig.transcript("gemini-cli", "theirs"));
    discovery.look();
    expect(how(rig.lookLater(discovery))).toEqual([["ours", "only_candidate", true]]);
    expect(another.take(rig.transcript("gemini-cli", "ours"))).toBe(false);

    // What was once another's stays so when its claim ends.
    another.close();
    expect(rig.lookLater(discovery).conversations).toEqual([]);
    discovery.close();
    expect(another.take(rig.transcript("gemini-cli", "ours"))).toBe(true);
  });

  test("two candidates are ambiguous", () => {
    const discovery = rig.discovery({ system: withoutProcesses });
    for (const name of ["one", "two"]) rig.stored(rig.transcript("gemini-cli", name), [rig.first(name)]);
    discovery.look();
    expect(rig.lookLater(discovery)).toMatchObject({ conversations: [], ambiguous: 2 });
  });
});

describe("lines", () => {
  test("come as soon as they are whole, and sub-agents' files when they appear", () => {
    const path = rig.transcript("gemini-cli", "one");
    const discovery = rig.discovery({ system: withoutProcesses });
    rig.stored(path, [rig.first("one")]);
    discovery.look();
    const [found] = rig.lookLater(discovery).conversations;
    rig.stored(path, [say("hello")]);
    expect(valuesOf(discovery.look())).toEqual([say("hello")]);
    expect(discovery.look().lines).toEqual([]);
    rig.stored(path.replace(".jsonl", "/subagents/b.jsonl"), [say("b")]);
    expect(discovery.look().lines).toMatchObject([{ sourceIndex: 1, lines: [{ value: say("b") }] }]);
    rig.stored(path.replace(".jsonl", "/subagents/a.jsonl"), [say("a")]);
    rig.stored(path, [say("end")]);
    expect(discovery.look().lines).toMatchObject([{ sourceIndex: 0 }, { sourceIndex: 2 }]);
    expect(found?.files.map(({ name }) => name)).toEqual(["one.jsonl", "b.jsonl", "a.jsonl"]);
  });
});
