import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { listTraceFiles, readEntries, type TraceRecord } from "@spoor/trace";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { importConversations, type ImportResult } from "../src/import.ts";
import { expectAnyPrefixThenWhole } from "./import-at-any-cut.ts";

const FIXTURES = new URL("../../../fixtures/transcripts-genuine/", import.meta.url).pathname;
const CLAUDE = join(FIXTURES, "claude-code");
const WITH_SUB_AGENT = join(CLAUDE, "self-2.1.329-ok", "eb801caf-7e32-4e8a-8993-f18a3008df73.jsonl");
const STREAM = join(CLAUDE, "self-2.1.329-ok", "stream.jsonl");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spoor-import-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function store(...paths: string[]): ImportResult {
  return importConversations(paths, {
    directory: join(folder, "store"),
    env: {},
    home: folder,
    level: "full",
  });
}

function write(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

describe("a session with a sub-agent", () => {
  test("is one trace, the sub-agent summed once", () => {
    const { imported, failed } = store(WITH_SUB_AGENT);
    expect(failed).toEqual([]);
    expect(imported).toMatchObject([
      {
        agent: "claude-code",
        conversation_id: "eb801caf-7e32-4e8a-8993-f18a3008df73",
        status: "success",
        turns: 2,
        llm_calls: 8,
        tool_calls: 6,
        tool_errors: 2,
        usage: {
          input_tokens: 20_096,
          cache_read_tokens: 16_000,
          cache_write_tokens: 4_000,
          output_tokens: 336,
        },
        cost: { usd: 0.030303999999999998, basis: "reported" },
      },
    ]);
  });

  test("imported twice adds nothing", () => {
    store(WITH_SUB_AGENT);
    const before = readFileSync(listTraceFiles(join(folder, "store"))[0] ?? "", "utf8");
    expect(store(WITH_SUB_AGENT)).toMatchObject({ imported: [], unchanged: 1, failed: [] });
    expect(readFileSync(listTraceFiles(join(folder, "store"))[0] ?? "", "utf8")).toBe(before);
  });

  test("from another store is the same, byte for byte but for who wrote it", () => {
    const lines = (directory: string): unknown[] => {
      importConversations([WITH_SUB_AGENT], { directory, env: {}, home: folder, level: "full" });
      return [...readEntries(listTraceFiles(directory)[0] ?? "")].map((entry) => ({
        ...entry,
        record: { ...(entry as { record?: object }).record, writer: undefined },
      }));
    };
    expect(lines(join(folder, "a"))).toEqual(lines(join(folder, "b")));
  });

  test("and the stdout stream of the same run are never added together", () => {
    store(WITH_SUB_AGENT);
    expect(store(STREAM)).toMatchObject({ imported: [], unchanged: 1 });
  });

  test("both at once are the transcript's trace", () => {
    const { imported, unchanged } = store(STREAM, WITH_SUB_AGENT);
    expect(imported).toHaveLength(1);
    expect(unchanged).toBe(1);
    expect(imported[0]).toMatchObject({ llm_calls: 8, tool_calls: 6, turns: 2 });
  });

  test("at level metadata leaves no content on the disk", () => {
    importConversations([WITH_SUB_AGENT], {
      directory: join(folder, "meta"),
      env: {},
      home: folder,
      level: "metadata",
    });
    const text = readFileSync(listTraceFiles(join(folder, "meta"))[0] ?? "", "utf8");
    expect(text).not.toContain('"content"');
    expect(text).not.toContain("missing-file.txt");
  });
});

test("of the stdout stream alone the sums are those its last line reports", () => {
  expect(store(STREAM).imported).toMatchObject([
    {
      llm_calls: 8,
      tool_calls: 6,
      turns: 2,
      usage: { input_tokens: 20_096, output_tokens: 336 },
      cost: { basis: "reported" },
    },
  ]);
});

const sources = readdirSync(FIXTURES, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".jsonl") && !path.includes("/subagents/"))
  .map((path) => join(FIXTURES, path));

test.each(sources.map((path) => [path.slice(FIXTURES.length), path]))(
  "%s: importing any prefix and then the whole gives what importing the whole gives",
  (_name, path) => expectAnyPrefixThenWhole(path, join(folder, "cuts"), 12),
);

describe("a conversation that was copied", () => {
  const line = (session: string, uuid: string, rest: object): string =>
    `${JSON.stringify({ uuid, sessionId: session, timestamp: `2026-01-01T00:00:0${uuid}.000Z`, cwd: "/p", version: "2.1.0", ...rest })}\n`;
  const asks = (session: string, uuid: string, text: string): string =>
    line(session, uuid, {
      type: "user",
      promptId: `prompt-${text}`,
      message: { role: "user", content: text },
    });
  const says = (session: string, uuid: string, id: string): string =>
    line(session, uuid, {
      type: "assistant",
      message: {
        id,
        model: "m",
        role: "assistant",
        stop_reason: "end_turn",
        content: [{ type: "text", text: id }],
        usage: { input_tokens: 1, output_tokens: 1 },
      },
    });

  test("into another session by a fork counts its old calls once, and names where they are", () => {
    const old = (session: string): string => asks(session, "1", "a") + says(session, "2", "msg_1");
    write("one.jsonl", old("session-one"));
    write(
      "two.jsonl",
      old("session-two") + asks("session-two", "3", "b") + says("session-two", "4", "msg_2"),
    );
    const { imported } = store(join(folder, "one.jsonl"), join(folder, "two.jsonl"));
    expect(imported.map((one) => [one.conversation_id, one.llm_calls, one.turns])).toEqual([
      ["session-one", 1, 1],
      ["session-two", 1, 1],
    ]);
    const second = [...readEntries(imported[1]?.path ?? "")].map(
      (entry) => (entry as { record: Record<string, unknown> }).record,
    );
    expect(second[0]).toMatchObject({ links: [{ trace_id: imported[0]?.trace_id, kind: "resumes" }] });
    expect(second.find((record) => record["type"] === "prompt")).toMatchObject({
      input: { reason: "resume", complete: false },
    });
  });

  test("but an equal id at another time is another call", () => {
    write("one.jsonl", asks("session-one", "1", "a") + says("session-one", "2", "msg_1"));
    write("two.jsonl", asks("session-two", "1", "c") + says("session-two", "3", "msg_1"));
    expect(
      store(join(folder, "one.jsonl"), join(folder, "two.jsonl")).imported.map((one) => one.llm_calls),
    ).toEqual([1, 1]);
  });
});

describe("a file that is no transcript", () => {
  test.each([
    ["is empty", ""],
    ["is something else", "hello\nworld\n"],
    ["is JSON of somebody else", '{"type":"user","text":"x"}\n'],
    ["holds NUL bytes", "\0\0\0\0\n\0"],
    ["is one bracket", "["],
  ])("is told about when it %s", (_what, text) => {
    const path = write("file.jsonl", text);
    expect(store(path)).toMatchObject({ imported: [], failed: [{ path, reason: expect.any(String) }] });
    expect(existsSync(join(folder, "store", "traces"))).toBe(false);
  });

  test("is told about when it is not there", () => {
    expect(store(join(folder, "absent.jsonl")).failed).toMatchObject([
      { reason: expect.stringContaining("ENOENT") },
    ]);
  });
});

describe("damage inside a transcript", () => {
  const genuine = readFileSync(join(CLAUDE, "gitsync-d1dfba38e667.jsonl"), "utf8");
  const lines = genuine.split("\n");

  test.each([
    ["CRLF line ends", genuine.replaceAll("\n", "\r\n"), {}],
    ["a byte order mark", `\uFEFF${genuine}`, {}],
    ["blank lines and NUL bytes", genuine.replaceAll("\n", "\n\n\0\0\n"), {}],
    [
      "a line that is cut in the middle",
      [...lines.slice(0, 20), `${lines[20]?.slice(0, 30)}`, ...lines.slice(20)].join("\n"),
      { malformed: 1 },
    ],
    ["an unfinished last line", `${genuine}{"type":"assist`, { torn: 1 }],
    [
      "line types from the future",
      `${genuine}${JSON.stringify({ type: "hologram", sessionId: "x" })}\n`,
      { unknown: 1 },
    ],
  ])("%s: what is whole is imported, what is lost is counted", (_what, text, losses) => {
    expect(store(write("damaged.jsonl", text)).imported).toMatchObject([
      { llm_calls: 8, tool_calls: 9, tool_errors: 1, losses },
    ]);
  });

  test("a line of 20 MB and one nested 10 000 deep are cut, not feared", () => {
    const deep = `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`;
    const big = "x".repeat(20_000_000);
    const odd = (id: string, input: string): string =>
      `{"type":"assistant","sessionId":"s","timestamp":"2026-04-15T13:05:0${id}.000Z","message":{"id":"m${id}","model":"m","role":"assistant","content":[{"type":"tool_use","id":"t${id}","name":"Bash","input":${input}}],"usage":{"input_tokens":1,"output_tokens":1}}}\n`;
    const { imported } = store(
      write(
        "odd.jsonl",
        genuine +
          odd("1", deep) +
          odd("2", JSON.stringify({ big })) +
          odd("3", '{"__proto__":{"polluted":1}}'),
      ),
    );
    expect(imported).toMatchObject([
      { llm_calls: 11, tool_calls: 12, losses: { truncated: expect.any(Number) } },
    ]);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    for (const entry of readEntries(imported[0]?.path ?? "")) expect(entry.length).toBeLessThan(1024 * 1024);
  });
});

describe("what was cut to fit", () => {
  const line = (second: number, type: "user" | "assistant", message: object, rest: object = {}): string =>
    `${JSON.stringify({ type, uuid: `u${second}`, sessionId: "cut", timestamp: `2026-04-15T13:00:0${second}.000Z`, cwd: "/p", version: "2.1.0", message: { role: type, ...message }, ...rest })}\n`;
  const calls = (input: object): string =>
    line(1, "user", { content: "Go" }) +
    line(2, "assistant", {
      id: "m1",
      model: "m",
      content: [{ type: "tool_use", id: "t1", name: "Bash", input }],
      usage: { input_tokens: 1, output_tokens: 1 },
    });
  const results = (text: string): string =>
    line(3, "user", { content: [{ type: "tool_result", tool_use_id: "t1", content: text }] });
  // By hand: an engine that reads such a value may be unable to write it.
  const deep = `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`;
  const deepCalls = (input: object): string =>
    calls({ ...input, deep: "DEEP" }).replace('"DEEP"', () => deep);

  test.each([
    ["a result of 300 000 characters", calls({}) + results("x".repeat(300_000))],
    ["many arguments that make a line too long", calls(Array(30).fill("y".repeat(100_000)))],
    ["an argument nested 10 000 deep", deepCalls({}) + results("ok")],
    ["all of these", deepCalls({ long: "y".repeat(2_000_000) }) + results("x".repeat(300_000))],
  ])("%s: stays counted, and another import adds nothing", (_what, text) => {
    const path = write("cut.jsonl", text);
    const [trace] = store(path).imported;
    const before = readFileSync(trace?.path ?? "", "utf8");
    expect(trace?.losses.truncated).toBeGreaterThan(0);
    expect(store(path)).toMatchObject({ imported: [], unchanged: 1 });
    expect(readFileSync(trace?.path ?? "", "utf8")).toBe(before);
  });

  test("is counted once by an import of a part and then the whole", () => {
    const [whole] = store(write("cut.jsonl", calls({}) + results("x".repeat(300_000)))).imported;
    rmSync(join(folder, "store"), { recursive: true });
    const first = calls({ big: "y".repeat(300_000) });
    expect(store(write("cut.jsonl", first)).imported).toMatchObject([{ losses: { truncated: 1 } }]);
    expect(store(write("cut.jsonl", first + results("x".repeat(300_000)))).imported).toMatchObject([
      { losses: { truncated: 2 } },
    ]);
    expect(whole?.losses).toEqual({ truncated: 1 });
  });
});

test.each(sources.map((path) => [path.slice(FIXTURES.length), path]))(
  "%s: the invocation ends with the last of its records",
  (_name, path) => {
    const [trace] = store(path).imported;
    const times: string[] = [];
    let end: TraceRecord | undefined;
    for (const entry of readEntries(trace?.path ?? "")) {
      if (entry.kind !== "record") continue;
      times.push(entry.record.time);
      if (entry.record.type === "invocation_end") end = entry.record;
    }
    expect(end).toMatchObject({
      time: times.sort().at(-1),
      duration_ms: Date.parse(times.at(-1) ?? "") - Date.parse(trace?.start_time ?? ""),
    });
  },
);

test("an invocation ends no earlier than the turn whose duration the agent reported", () => {
  const line = (second: number, rest: object): string =>
    `${JSON.stringify({ uuid: `u${second}`, sessionId: "late", timestamp: `2026-04-15T13:00:0${second}.000Z`, cwd: "/p", version: "2.1.0", ...rest })}\n`;
  const path = write(
    "late.jsonl",
    line(1, { type: "user", promptId: "p", message: { role: "user", content: "Go" } }) +
      line(2, {
        type: "assistant",
        message: {
          id: "m1",
          role: "assistant",
          model: "m",
          stop_reason: "end_turn",
          content: [{ type: "text", text: "Done." }],
          usage: { input_tokens: 1, output_tokens: 1 },
        },
      }) +
      line(3, { type: "system", subtype: "turn_duration", durationMs: 5500 }),
  );
  expect(store(path).imported).toMatchObject([{ duration_ms: 5500 }]);
  expect(store(path)).toMatchObject({ imported: [], unchanged: 1 });
});

test.each([300, 100_000])("a conversation id of %i characters is shortened, and known again", (length) => {
  const text = readFileSync(join(CLAUDE, "gitsync-d1dfba38e667.jsonl"), "utf8");
  const renamed = (id: string): string => text.replaceAll(/"sessionId":"[^"]*"/g, `"sessionId":"${id}"`);
  const one = write("one.jsonl", renamed(`${"x".repeat(length)}1`));
  const other = write("other.jsonl", renamed(`${"x".repeat(length)}2`));
  const [first] = store(one).imported;
  expect(first?.conversation_id).toMatch(/^x{128}…[0-9a-f]{64}$/);
  expect(store(one)).toMatchObject({ imported: [], unchanged: 1, failed: [] });
  expect(store(other).failed).toEqual([]);
  expect(store(other)).toMatchObject({ imported: [], unchanged: 1, failed: [] });
});

test("what the agents stored by themselves is found without being named", () => {
  const session = basename(WITH_SUB_AGENT, ".jsonl");
  const projects = join(folder, ".claude", "projects", "-home-dev-project");
  mkdirSync(projects, { recursive: true });
  cpSync(WITH_SUB_AGENT, join(projects, basename(WITH_SUB_AGENT)));
  cpSync(WITH_SUB_AGENT.replace(".jsonl", ""), join(projects, session), { recursive: true });
  expect(store().imported).toMatchObject([{ conversation_id: session, llm_calls: 8 }]);
});
