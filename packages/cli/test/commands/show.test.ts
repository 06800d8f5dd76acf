import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { spoor } from "../fake-io.ts";
import {
  exampleRecords,
  exampleStore,
  type Fields,
  makeFolder,
  rootOf,
  RUN_ID,
  writeTrace,
} from "../make-trace.ts";

const withoutPath = (text: string, store: string): string => `\n${text.replaceAll(store, "<store>")}`;

describe("the tree", () => {
  test("tells what the run was, then what happened when", async () => {
    const store = exampleStore();
    const { code, stdout, stderr } = await spoor(["show", "--dir", store]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(withoutPath(stdout, store)).toMatchInlineSnapshot(`
      "
      claude-code 2.1.0 · reviewer · success (exit 0) · 2026-11-20 09:00:00 · 21.0 s, active 20.1 s
      24.6k in / 420 out tokens (18.0k from cache) · $0.10 reported · 2 model calls · 1 tool call, 1 failed · claude-opus-4-8
      https://github.com/example-org/shop @ 1a2b3c4d5e6f · fix-cart
      https://github.com/example-org/shop/pull/7
      run 01939f3e-7d30-7abc-8def-3f9c2ab81d04 · <store>/traces/2026-11-20/090000-claude-code-3f9c2ab81d04.jsonl

       start    took     in→out  span
       +0.0s  21.0 s             e94a8c  ━━━━━━━━━━━━━━━━  claude-code  claude -p Fix the cart
       +0.1s  20.1 s             b10000  ━━━━━━━━━━━━━━━   └ turn 1  Fix the cart, please
       +0.2s   4.2 s  12.3k→210  c10000  ━━━                 ├ claude-opus-4-8  I'll run the tests first.
       +4.5s  12.1 s             d10000     ━━━━━━━━━━       ├ Bash error, exit 1  npm test
      +16.7s   3.3 s  12.3k→210  c20000              ━━━     ├ claude-opus-4-8  The cart adds twice.
      +20.1s                                            ╵    └ decision request_changes (tool_call)

      Secrets removed: github-token 2
      "
    `);
  });

  test("on a narrow terminal drops bars and tokens, and cuts what is long", async () => {
    const store = exampleStore();
    const { stdout } = await spoor(["show", "--dir", store], { terminal: 60, env: { NO_COLOR: "1" } });
    const tree = stdout.slice(stdout.indexOf("\n\n") + 1);
    expect(tree).toMatchInlineSnapshot(`
      "
       start    took  span
       +0.0s  21.0 s  e94a8c  claude-code  claude -p Fix the cart
       +0.1s  20.1 s  b10000  └ turn 1  Fix the cart, please
       +0.2s   4.2 s  c10000    ├ claude-opus-4-8  I'll run the t…
       +4.5s  12.1 s  d10000    ├ Bash error, exit 1  npm test
      +16.7s   3.3 s  c20000    ├ claude-opus-4-8  The cart adds …
      +20.1s                    └ decision request_changes (tool_…

      Secrets removed: github-token 2
      "
    `);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(60);
  });

  test("of a killed run ends with what was in flight", async () => {
    const store = makeFolder();
    const { currentWriter } = await import("@spoor/trace");
    const records = exampleRecords().slice(0, 5);
    (records[0] as Fields)["writer"] = { ...currentWriter(), pid: 2 ** 22 + 1 };
    writeTrace(store, records);
    const { stdout } = await spoor(["show", "--dir", store]);
    expect(stdout).toMatch(/^claude-code 2\.1\.0 · reviewer · crashed/);
    expect(stdout.slice(stdout.indexOf("In flight"))).toMatchInlineSnapshot(`
      "In flight when it died:
        d10000  Bash  since 2026-11-20 09:00:04  npm test
      "
    `);
  });

  test("tells what was lost", async () => {
    const store = makeFolder();
    const records = [...exampleRecords()];
    (records.at(-1) as Fields)["losses"] = { truncated: 2, ambiguous_source: 1 };
    writeTrace(store, records);
    expect((await spoor(["show", "--dir", store])).stdout).toContain(
      "Lost: truncated 2, ambiguous_source 1\n",
    );
  });
});

describe("which run", () => {
  test.each([
    ["nothing", undefined],
    ["last", "last"],
    ["its id", RUN_ID],
    ["the end of its id, as list prints it", RUN_ID.slice(-12)],
    ["a shorter end", RUN_ID.slice(-6)],
    ["the beginning of its id", RUN_ID.slice(0, 13)],
    ["its trace id", RUN_ID.replaceAll("-", "")],
    ["its conversation", `conversation-${RUN_ID.slice(-4)}`],
    ["its id in capitals", RUN_ID.toUpperCase()],
  ])("by %s", async (_, reference) => {
    const words = [
      "show",
      ...(reference === undefined ? [] : [reference]),
      "--json",
      "--dir",
      exampleStore(),
    ];
    const { stdout } = await spoor(words);
    expect(JSON.parse(stdout)).toMatchObject({ invocation: { invocation_id: RUN_ID } });
  });

  test("by path, relative to where one stands", async () => {
    const store = exampleStore();
    const path = (JSON.parse((await spoor(["list", "--json", "--dir", store])).stdout) as { path: string })
      .path;
    const { stdout } = await spoor(["show", path.slice(store.length + 1), "--json"], { cwd: store });
    expect(JSON.parse(stdout)).toMatchObject({ invocation: { invocation_id: RUN_ID, path } });
  });

  test("an unknown id ends with 3 and says what would do", async () => {
    const store = exampleStore();
    expect(await spoor(["show", "ffffff", "--dir", store])).toEqual({
      code: 3,
      stdout: "",
      stderr: `spoor: no run "ffffff" in ${store}; expected an id of a run, trace or conversation, "last", or a path. \`spoor list\` shows the runs\n`,
    });
  });

  test("an id of several runs ends with 2 and lists them", async () => {
    const store = exampleStore();
    const other = RUN_ID.replace("1d04", "9999");
    writeTrace(store, exampleRecords(other, "2026-11-20T10:00:00.000Z"), other);
    const { code, stderr } = await spoor(["show", RUN_ID.slice(0, 20), "--dir", store]);
    expect(code).toBe(2);
    expect(`\n${stderr}`).toMatchInlineSnapshot(`
      "
      spoor: "01939f3e-7d30-7abc-8" is 2 runs; name one of them:
        01939f3e-7d30-7abc-8def-3f9c2ab89999  2026-11-20 10:00:00  claude-code
        01939f3e-7d30-7abc-8def-3f9c2ab81d04  2026-11-20 09:00:00  claude-code
      "
    `);
  });

  test("a trace id names the command, not the conversations that it started", async () => {
    const store = exampleStore();
    const child = RUN_ID.replace("1d04", "9999");
    const records = exampleRecords(child, "2026-11-20T09:00:05.000Z");
    const [{ span_id: parent }] = exampleRecords() as [Fields];
    Object.assign(records[0] as Fields, { trace_id: RUN_ID.replaceAll("-", ""), parent_span_id: parent });
    writeTrace(store, records, child);
    const { stdout } = await spoor(["show", RUN_ID.replaceAll("-", ""), "--json", "--dir", store]);
    expect(JSON.parse(stdout)).toMatchObject({ invocation: { invocation_id: RUN_ID } });
  });

  test("an empty store ends with 3 and says what to do", async () => {
    const { code, stderr } = await spoor(["show", "--dir", makeFolder()]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^spoor: 0 runs here .*Record one/);
  });
});

describe("--json", () => {
  test("prints invocation, spans and losses, nothing of the contents", async () => {
    const store = exampleStore();
    const { stdout, stderr } = await spoor(["show", "--json", "--dir", store], { terminal: 80 });
    expect(stderr).toBe("");
    const shape = JSON.parse(stdout) as { invocation: Fields; spans: Fields[]; losses: Fields };
    expect(Object.keys(shape)).toEqual(["invocation", "spans", "losses"]);
    expect(shape.invocation).toEqual(JSON.parse((await spoor(["list", "--json", "--dir", store])).stdout));
    expect(
      shape.spans.map(({ kind, name, status }) => `${String(kind)} ${String(name)} ${String(status)}`),
    ).toEqual([
      "invocation claude-code success",
      "turn turn 1 success",
      "model claude-opus-4-8 ok",
      "tool Bash error",
      "model claude-opus-4-8 ok",
    ]);
    expect(shape.spans[1]).toMatchInlineSnapshot(`
      {
        "end_time": "2026-11-20T09:00:20.200Z",
        "ended": true,
        "events": [
          {
            "basis": "tool_call",
            "span_id": "e100000000000001",
            "time": "2026-11-20T09:00:20.100Z",
            "type": "decision",
            "verdict": "request_changes",
          },
        ],
        "kind": "turn",
        "name": "turn 1",
        "origin": "user",
        "parent_span_id": "e94a8c06da5a5b3b",
        "span_id": "b100000000000001",
        "start_time": "2026-11-20T09:00:00.100Z",
        "status": "success",
        "turn": 1,
      }
    `);
    expect(shape.spans[2]).toMatchInlineSnapshot(`
      {
        "cost": {
          "basis": "reported",
          "usd": 0.04,
        },
        "end_time": "2026-11-20T09:00:04.400Z",
        "ended": true,
        "events": [],
        "input": {
          "complete": true,
          "messages": 1,
          "reason": "start",
        },
        "kind": "model",
        "model": "claude-opus-4-8",
        "name": "claude-opus-4-8",
        "parent_span_id": "b100000000000001",
        "span_id": "c100000000000001",
        "start_time": "2026-11-20T09:00:00.200Z",
        "status": "ok",
        "usage": {
          "cache_read_tokens": 9000,
          "input_tokens": 12300,
          "output_tokens": 210,
        },
      }
    `);
    expect(shape.spans[3]).toMatchInlineSnapshot(`
      {
        "call_id": "call_1",
        "end_time": "2026-11-20T09:00:16.600Z",
        "ended": true,
        "error_basis": "exit_code",
        "events": [],
        "exit_code": 1,
        "kind": "tool",
        "name": "Bash",
        "parent_span_id": "b100000000000001",
        "span_id": "d100000000000001",
        "start_time": "2026-11-20T09:00:04.500Z",
        "status": "error",
        "tool_kind": "shell",
      }
    `);
    for (const word of ["Fix the cart", "npm test", "1 failed", "adds twice"])
      expect(stdout).not.toContain(word);
  });

  test("--level full adds what was said", async () => {
    const { stdout } = await spoor(["show", "--json", "--level", "full", "--dir", exampleStore()]);
    const { spans } = JSON.parse(stdout) as { spans: Fields[] };
    expect(spans[3]?.["content"]).toEqual({ arguments: { command: "npm test" }, result: "1 failed" });
    expect(spans[1]?.["events"]).toMatchObject([
      { type: "decision", content: { reasoning: "It adds twice" } },
    ]);
  });

  test("a point whose span is not in the file is told on the root", async () => {
    const store = makeFolder();
    const stray = {
      type: "event",
      time: "2026-11-20T09:00:09.000Z",
      span_id: "f1f1f1f1f1f1f1f1",
      parent_span_id: "0123456789abcdef",
      name: "retry",
      attempt: 2,
    };
    writeTrace(store, [...exampleRecords(), stray]);
    const { spans } = JSON.parse((await spoor(["show", "--json", "--dir", store])).stdout) as {
      spans: Fields[];
    };
    expect(spans[0]?.["events"]).toEqual([
      {
        type: "event",
        span_id: "f1f1f1f1f1f1f1f1",
        time: "2026-11-20T09:00:09.000Z",
        name: "retry",
        attempt: 2,
      },
    ]);
  });
});

describe("--span", () => {
  test("tells all that is known of it", async () => {
    const { stdout } = await spoor(["show", "--span", "d1", "--dir", exampleStore()]);
    expect(`\n${stdout}`).toMatchInlineSnapshot(`
      "
      tool Bash · error · 2026-11-20 09:00:04 · 12.1 s
      span d100000000000001
      parent_span_id  b100000000000001
      call_id         call_1
      tool_kind       shell
      error_basis     exit_code
      exit_code       1

      arguments
      {
        "command": "npm test"
      }

      result
      1 failed
      "
    `);
  });

  test("--json prints the span object with its contents", async () => {
    const { stdout } = await spoor(["show", "--span", "d1", "--json", "--dir", exampleStore()]);
    expect(JSON.parse(stdout)).toMatchObject({ kind: "tool", exit_code: 1, content: { result: "1 failed" } });
  });

  test.each([
    ["none", "9999", 3, /no span "9999" in this run/],
    ["several", "c", 2, /"c" is 2 spans of this run: c100000000000001, c200000000000002/],
  ])("%s has this id", async (_, id, code, words) => {
    expect(await spoor(["show", "--span", id, "--dir", exampleStore()])).toMatchObject({
      code,
      stdout: "",
      stderr: expect.stringMatching(words),
    });
  });
});

describe("--prompt", () => {
  test("shows what the model was asked, results back in their place", async () => {
    const { stdout } = await spoor(["show", "--prompt", "c2", "--dir", exampleStore()]);
    expect(`\n${stdout}`).toMatchInlineSnapshot(`
      "
      claude-opus-4-8 · 3 messages · complete

      ── system ──
      You are careful.

      ── user ──
      Fix the cart,
      please

      ── assistant ──
      I'll run the tests first.
      Bash (call_1)
      {
        "command": "npm test"
      }

      ── tool ──
      result of call_1
      1 failed
      "
    `);
  });

  test("--json prints the restored prompt and whether it is complete", async () => {
    const { stdout } = await spoor(["show", "--prompt", "c2", "--json", "--dir", exampleStore()]);
    expect(JSON.parse(stdout)).toEqual({
      model: "claude-opus-4-8",
      system: "You are careful.",
      messages: [
        { role: "user", parts: [{ type: "text", content: "Fix the cart,\nplease" }] },
        {
          role: "assistant",
          parts: [
            { type: "text", content: "I'll run the tests first." },
            { type: "tool_call", id: "call_1", name: "Bash", arguments: { command: "npm test" } },
          ],
        },
        { role: "tool", parts: [{ type: "tool_call_response", id: "call_1", response: "1 failed" }] },
      ],
      complete: true,
    });
  });

  test("of a tool says what it is, and which id would do", async () => {
    expect(await spoor(["show", "--prompt", "d1", "--dir", exampleStore()])).toEqual({
      code: 2,
      stdout: "",
      stderr: 'spoor: --prompt: expected a model call; "d1" is the tool Bash. Try c10000\n',
    });
  });
});

describe("a hostile trace harms nobody", () => {
  /** Escapes wherever a text may stand, and keys that are no keys in JavaScript. */
  function hostileStore(): string {
    const evil = "\u001b]52;c;cm0gLXJm\u0007\u009b2J\u202e\r\n<end>";
    const span = (id: number): string => id.toString(16).padStart(16, "0");
    const store = makeFolder();
    writeTrace(store, [
      {
        type: "invocation_start",
        time: "2026-11-20T09:00:00.000Z",
        span_id: rootOf(),
        trace_id: "1".repeat(32),
        origin: "recorded",
        agent: { name: evil, version: evil, role: evil },
        pointers: { repository_url: evil, change_url: evil, ref_name: evil },
        capture: { level: "full" },
        recorder: { name: evil, version: evil },
        resource: JSON.parse('{"__proto__":{"polluted":1},"constructor":"x"}') as object,
        content: { command: [evil] },
      },
      {
        type: "tool_call",
        time: "2026-11-20T09:00:01.000Z",
        span_id: span(1),
        parent_span_id: span(1),
        name: evil,
        call_id: evil,
        kind: "shell",
        content: { arguments: JSON.parse(`{"__proto__":{"command":"x"},"command":${JSON.stringify(evil)}}`) },
      },
      {
        type: "tool_result",
        time: "2026-11-20T09:00:02.000Z",
        span_id: span(1),
        name: evil,
        status: evil,
        content: { result: evil },
      },
      {
        type: "prompt",
        time: evil,
        span_id: span(2),
        parent_span_id: span(3),
        input: {},
        content: {
          messages: [{ role: evil, parts: [{ type: "text", content: evil }] }],
          system: evil,
          tools: [{ name: evil }, null],
        },
      },
      {
        type: "completion",
        time: "not a time",
        span_id: span(2),
        parent_span_id: span(3),
        model: evil,
        status: "error",
        error: { type: evil },
        usage: { input_tokens: "many" },
        content: { error_message: evil },
      },
      {
        type: "agent_start",
        time: "2026-11-20T09:00:03.000Z",
        span_id: span(3),
        parent_span_id: span(2),
        agent: null,
        content: "no object",
      },
      {
        type: "event",
        time: "2026-11-20T09:00:04.000Z",
        span_id: span(4),
        parent_span_id: rootOf(),
        name: evil,
        points: [],
        kind: "span",
        [evil]: evil,
      },
      {
        type: "decision",
        time: "2026-11-20T09:00:05.000Z",
        span_id: span(5),
        parent_span_id: rootOf(),
        verdict: evil,
        basis: evil,
      },
    ]);
    return store;
  }

  test.each([
    [["list"]],
    [["show"]],
    [["show", "--span", "0000000000000001"]],
    [["show", "--span", "0000000000000002"]],
    [["show", "--span", rootOf()]],
    [["show", "--prompt", "0000000000000002"]],
    [["verify"]],
  ])("%j writes no control character but line breaks", async (words) => {
    const ran = await spoor([...words, "--dir", hostileStore()]);
    expect(ran.stdout).not.toBe("");
    expect(ran.stdout + ran.stderr).not.toMatch(/[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/u);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test("with colours on, all escape sequences are our own", async () => {
    const { stdout } = await spoor(["show", "--dir", hostileStore()], { terminal: 120 });
    // oxlint-disable-next-line no-control-regex -- our own colours
    expect(stdout.replaceAll(/\u001b\[\d+m/g, "")).not.toMatch(/[^\P{Cc}\n]/u);
  });

  test("each span is shown once, parents in a circle included", async () => {
    const { stdout } = await spoor(["show", "--json", "--dir", hostileStore()]);
    const { spans } = JSON.parse(stdout) as { spans: Fields[] };
    expect(spans.map(({ span_id }) => span_id).sort()).toEqual([
      "0000000000000001",
      "0000000000000002",
      "0000000000000003",
      rootOf(),
    ]);
    const tree = (await spoor(["show", "--dir", hostileStore()])).stdout;
    expect(tree.match(/0000000000000001|0{15}2|0{15}3/g)?.length).toBe(4); // 3 rows; one was in flight
  });

  test("ten thousand levels are shown in lines that end", async () => {
    const store = makeFolder();
    const spanOf = (level: number): string => (level + 4096).toString(16).padStart(16, "0");
    const time = "2026-11-20T09:00:00.000Z";
    writeTrace(store, [
      ...exampleRecords().slice(0, 1),
      ...Array.from({ length: 10_000 }, (_, level) => ({
        type: "agent_start",
        time,
        span_id: spanOf(level),
        ...(level === 0 ? {} : { parent_span_id: spanOf(level - 1) }),
        agent: { name: "nested" },
      })),
    ]);
    const { stdout, code } = await spoor(["show", "--dir", store]);
    expect(code).toBe(0);
    expect(stdout.split("\n").reduce((most, line) => Math.max(most, line.length), 0)).toBeLessThan(200);
    expect(stdout.match(/⋯\d+ nested/g)?.at(-1)).toBe("⋯9999 nested");
  });

  test.each([
    [["show"]],
    [["show", "--json", "--level", "full"]],
    [["show", "--span", "d1"]],
    [["show", "--prompt", "c1", "--json"]],
    [["verify"]],
  ])("%j takes a value of a hundred thousand levels", async (words) => {
    const store = makeFolder();
    const path = writeTrace(store, exampleRecords());
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    const text = readFileSync(path, "utf8");
    writeFileSync(
      path,
      text
        .replace('{"command":"npm test"}', deep)
        .replace('"You are careful."', `[{"type":"x","x":${deep}}]`),
    );
    expect(await spoor([...words, "--dir", store])).toMatchObject({
      code: 0,
      stderr: expect.not.stringContaining("fault"),
    });
  });
});
