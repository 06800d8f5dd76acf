import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { spoor } from "../fake-io.ts";
import { exampleRecords, exampleStore, type Fields, makeFolder, RUN_ID, writeTrace } from "../make-trace.ts";

const OTHER_ID = "01939f3e-7d30-7abc-8def-aaaaaaaaaaaa";

/** Two runs: the example, and an older one that failed elsewhere. */
function twoRuns(): string {
  const store = exampleStore();
  const older = exampleRecords(OTHER_ID, "2026-11-10T09:00:00.000Z");
  (older[0] as Fields)["agent"] = { name: "codex" };
  (older[0] as Fields)["pointers"] = { repository_url: "https://github.com/example-org/blog" };
  (older.at(-1) as Fields)["status"] = "failure";
  writeTrace(store, older, OTHER_ID);
  return store;
}

const idsOf = (stdout: string): string[] =>
  stdout
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { invocation_id: string }).invocation_id);

test("people get a table, newest first, in local time", async () => {
  const { code, stdout, stderr } = await spoor(["list", "--dir", twoRuns()], {
    env: { TZ: "Europe/Berlin" },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(`\n${stdout}`).toMatchInlineSnapshot(`
    "
    run           started           agent        role      status     took     in→out   cost         tools  work
    3f9c2ab81d04  2026-11-20 10:00  claude-code  reviewer  success  21.0 s  24.6k→420  $0.10  1 (1 failed)  github.com/example-org/shop/pull/7
    aaaaaaaaaaaa  2026-11-10 10:00  codex                  failure  21.0 s  24.6k→420  $0.10  1 (1 failed)  github.com/example-org/blog
    "
  `);
});

test("a narrow terminal gets what matters most", async () => {
  const { stdout } = await spoor(["list", "--dir", twoRuns()], { terminal: 70, env: { NO_COLOR: "1" } });
  expect(`\n${stdout}`).toMatchInlineSnapshot(`
    "
    run           started           agent        status     took
    3f9c2ab81d04  2026-11-20 09:00  claude-code  success  21.0 s
    aaaaaaaaaaaa  2026-11-10 09:00  codex        failure  21.0 s
    "
  `);
});

test("a terminal gets colours, a pipe none", async () => {
  const store = exampleStore();
  expect((await spoor(["list", "--dir", store], { terminal: 120 })).stdout).toContain("\u001b[32msuccess");
  expect((await spoor(["list", "--dir", store])).stdout).not.toContain("\u001b");
});

test("--json prints the invocation objects as lines, and nothing else", async () => {
  const { stdout, stderr } = await spoor(["list", "--json", "--dir", twoRuns()], { terminal: 80 });
  expect(stderr).toBe("");
  const [first] = stdout.split("\n").map((line) => JSON.parse(line || "null") as Fields | null);
  const path = first?.["path"];
  expect({ ...first, path: path === undefined ? path : "…" }).toMatchInlineSnapshot(`
    {
      "active_ms": 20100,
      "agent": "claude-code",
      "change_url": "https://github.com/example-org/shop/pull/7",
      "conversation_id": "conversation-1d04",
      "cost": {
        "basis": "reported",
        "usd": 0.1,
      },
      "decision": "request_changes",
      "duration_ms": 21000,
      "head_revision": "1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d",
      "invocation_id": "01939f3e-7d30-7abc-8def-3f9c2ab81d04",
      "llm_calls": 2,
      "llm_errors": 0,
      "losses": {},
      "models": [
        "claude-opus-4-8",
      ],
      "origin": "recorded",
      "path": "…",
      "repository_url": "https://github.com/example-org/shop",
      "role": "reviewer",
      "run_url": null,
      "session_id": "https://github.com/example-org/shop/pull/7",
      "start_time": "2026-11-20T09:00:00.000Z",
      "status": "success",
      "team": null,
      "tool_calls": 1,
      "tool_errors": 1,
      "trace_id": "01939f3e7d307abc8def3f9c2ab81d04",
      "turns": 1,
      "usage": {
        "cache_read_tokens": 18000,
        "input_tokens": 24600,
        "output_tokens": 420,
      },
    }
  `);
  expect(idsOf(stdout)).toEqual([RUN_ID, OTHER_ID]);
});

describe("filters", () => {
  test.each([
    [["--since", "7d"], [RUN_ID]],
    [
      ["--since", "2026-11-01"],
      [RUN_ID, OTHER_ID],
    ],
    [["--repo", "example-org/shop"], [RUN_ID]],
    [["--repo", "shop"], [RUN_ID]],
    [["--repo", "https://github.com/Example-Org/shop.git"], [RUN_ID]],
    [["--repo", "hop"], []],
    [["--role", "reviewer"], [RUN_ID]],
    [["--status", "failure"], [OTHER_ID]],
    [
      ["--session", "https://github.com/example-org/shop/pull/7"],
      [RUN_ID, OTHER_ID],
    ],
    [["--limit", "1"], [RUN_ID]],
  ])("%j", async (words, ids) => {
    const { stdout, code } = await spoor(["list", "--json", "--dir", twoRuns(), ...words]);
    expect(idsOf(stdout)).toEqual(ids);
    expect(code).toBe(0);
  });
});

describe("nothing to list", () => {
  test("an empty store says so and what could be imported, counted without opening a file", async () => {
    const home = makeFolder();
    const project = join(home, ".claude/projects/-work-shop");
    mkdirSync(join(project, "s1/subagents"), { recursive: true });
    for (const name of ["s1.jsonl", "s2.jsonl", "s1/subagents/agent-1.jsonl"])
      writeFileSync(join(project, name), "", { mode: 0o000 });
    expect(await spoor(["list"], { env: { HOME: home } })).toEqual({
      code: 0,
      stdout: "",
      stderr: "0 runs here; 2 Claude Code conversations found: `spoor import --since 7d`\n",
    });
  });

  test("where no agent ever ran, it says how to record", async () => {
    const store = makeFolder();
    expect((await spoor(["list", "--dir", store])).stderr).toBe(
      `0 runs here (${store}). Record one: \`spoor record -- claude -p "fix the failing test"\`\n`,
    );
  });

  test("filters that match nothing are told from an empty store", async () => {
    const store = exampleStore();
    expect((await spoor(["list", "--dir", store, "--role", "x"])).stderr).toBe(
      `0 of 1 run here (${store}) match\n`,
    );
  });

  test("--json prints nothing at all", async () => {
    expect(await spoor(["list", "--json", "--dir", makeFolder()])).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
  });
});

test("a long list keeps its newest on the terminal and says how to see the rest; a pipe gets all", async () => {
  const store = makeFolder();
  for (let index = 0; index < 40; index++) {
    const id = `01939f3e-7d30-7abc-8def-${String(index).padStart(12, "0")}`;
    writeTrace(store, exampleRecords(id, `2026-11-20T09:${String(index).padStart(2, "0")}:00.000Z`), id);
  }
  const onTerminal = await spoor(["list", "--dir", store], { terminal: 120 });
  expect(onTerminal.stdout.trim().split("\n")).toHaveLength(31);
  expect(onTerminal.stderr).toBe("10 more: --limit 40\n");
  expect((await spoor(["list", "--dir", store])).stdout.trim().split("\n")).toHaveLength(41);
});

test("a trace that cannot be read hides no other one; it is named, and the exit code tells", async () => {
  const store = exampleStore();
  const damaged = writeTrace(store, [], OTHER_ID);
  writeFileSync(damaged, "nonsense\n");
  const { code, stdout, stderr } = await spoor(["list", "--json", "--dir", store]);
  expect(idsOf(stdout)).toEqual([RUN_ID]);
  expect(stderr).toBe(`spoor: ${damaged}: no record in it; \`spoor verify\` tells what is there\n`);
  expect(code).toBe(3);
});

test("an empty trace is told and no failure: its writer died before it had anything to say", async () => {
  const store = exampleStore();
  const empty = writeTrace(store, [], OTHER_ID);
  const { code, stdout, stderr } = await spoor(["list", "--json", "--dir", store]);
  expect(idsOf(stdout)).toEqual([RUN_ID]);
  expect(stderr).toBe(`spoor: ${empty}: empty: its writer came to no first record\n`);
  expect(code).toBe(0);
});

test("a run that has no end is running while its writer lives, and crashed when that is gone", async () => {
  const store = makeFolder();
  const { currentWriter } = await import("@spoor/trace");
  const open = exampleRecords().slice(0, 4);
  (open[0] as Fields)["writer"] = currentWriter();
  writeTrace(store, open);
  const dead = exampleRecords(OTHER_ID).slice(0, 4);
  (dead[0] as Fields)["writer"] = { ...currentWriter(), pid: 2 ** 22 + 1 };
  writeTrace(store, dead, OTHER_ID);
  const { stdout } = await spoor(["list", "--json", "--dir", store], { now: new Date().toISOString() });
  const statuses = stdout
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as Fields)["status"]);
  expect(statuses.sort()).toEqual(["crashed", "running"]);
});
