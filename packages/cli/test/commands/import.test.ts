import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { spoor } from "../fake-io.ts";
import { exampleRecords, type Fields, makeFolder, writeTrace } from "../make-trace.ts";

/** A conversation as Claude Code stores it, made by hand. */
function transcript(session: string): string {
  const line = (uuid: string, seconds: number, message: Fields): Fields => ({
    type: message["role"],
    uuid,
    sessionId: session,
    timestamp: `2026-11-20T09:00:${String(seconds).padStart(2, "0")}.000Z`,
    cwd: "/home/dev/shop",
    version: "2.1.0",
    message,
  });
  return [
    line("u1", 0, { role: "user", content: "Fix the cart" }),
    line("a1", 4, {
      id: "msg_1",
      role: "assistant",
      model: "claude-opus-4-8",
      content: [{ type: "text", text: "Done." }],
      stop_reason: "end_turn",
      usage: { input_tokens: 100, output_tokens: 20 },
    }),
  ]
    .map((value) => `${JSON.stringify(value)}\n`)
    .join("");
}

function homeWith(sessions: readonly string[]): string {
  const home = makeFolder();
  const folder = join(home, ".claude/projects/-work-shop");
  mkdirSync(folder, { recursive: true });
  for (const session of sessions) writeFileSync(join(folder, `${session}.jsonl`), transcript(session));
  return home;
}

test("without a path the agents' own folders are read; doing it again adds nothing", async () => {
  const env = { HOME: homeWith(["one", "two"]) };
  const store = makeFolder();
  const first = await spoor(["import", "--dir", store], { env });
  expect(first).toMatchObject({
    code: 0,
    stderr: "Reading 2 Claude Code conversations …\n2 imported · `spoor show` opens the latest\n",
  });
  expect(first.stdout.split("\n")).toHaveLength(4);
  expect(await spoor(["import", "--dir", store], { env })).toEqual({
    code: 0,
    stdout: "",
    stderr: "Reading 2 Claude Code conversations …\n0 imported · 2 unchanged\n",
  });
});

test("--json prints the invocation objects that list prints, and nothing else", async () => {
  const env = { HOME: homeWith(["one"]) };
  const store = makeFolder();
  const { stdout, stderr } = await spoor(["import", "--json", "--dir", store], { env });
  expect(stderr).toBe("");
  expect(stdout).toBe((await spoor(["list", "--json", "--dir", store])).stdout);
  expect(JSON.parse(stdout)).toMatchObject({
    agent: "claude-code",
    conversation_id: "one",
    origin: "imported",
    llm_calls: 1,
  });
});

test("several paths are all read", async () => {
  const home = homeWith(["one", "two", "three"]);
  const folder = join(home, ".claude/projects/-work-shop");
  const { stdout } = await spoor(
    ["import", "one.jsonl", "two.jsonl", "three.jsonl", "--json", "--dir", makeFolder()],
    { cwd: folder },
  );
  expect(stdout.trim().split("\n")).toHaveLength(3);
});

describe("what cannot be imported is named", () => {
  test("a path that is not there, or that no agent wrote, ends with 3", async () => {
    const folder = makeFolder();
    writeFileSync(join(folder, "notes.txt"), "hello\n");
    const { code, stderr } = await spoor(["import", "notes.txt", "gone.jsonl", "--dir", makeFolder()], {
      cwd: folder,
    });
    expect(code).toBe(3);
    expect(stderr).toMatch(/notes\.txt: no known agent writes such lines/);
    expect(stderr).toMatch(/gone\.jsonl: ENOENT/);
  });

  test("an empty file among good ones in a folder is told and does not fail the import", async () => {
    const home = homeWith(["one"]);
    writeFileSync(join(home, ".claude/projects/-work-shop/torn.jsonl"), transcript("torn").slice(0, 20));
    const { code } = await spoor(["import", "--dir", makeFolder()], { env: { HOME: home } });
    expect(code).toBe(0);
  });

  test.runIf(process.platform === "linux")(
    "what cannot be read ends with 3 also inside a folder, and the others are imported",
    async () => {
      const home = homeWith(["one"]);
      // A name that stands for nothing, whoever asks: a test that runs as root may read all files.
      mkdirSync(Buffer.concat([Buffer.from(`${home}/.claude/projects/caf`), Buffer.from([0xe9])]));
      const { code, stderr } = await spoor(["import", "--dir", makeFolder()], { env: { HOME: home } });
      expect(stderr).toMatch(/1 imported .*\nspoor: .*caf\ufffd: ENOENT/s);
      expect(code).toBe(3);
    },
  );

  test("a transcript without a conversation ends with 3 only where it was named, or was all there is", async () => {
    const home = homeWith(["one"]);
    const empty = join(home, ".claude/projects/-work-shop/empty.jsonl");
    writeFileSync(empty, transcript("empty").replaceAll('"timestamp"', '"when"'));
    const env = { HOME: home };
    const among = await spoor(["import", "--dir", makeFolder()], { env });
    expect(among.stderr).toContain("empty.jsonl: no conversation in it");
    expect(among.code).toBe(0);
    expect((await spoor(["import", empty, "--dir", makeFolder()], { env })).code).toBe(3);
  });

  test("a device is not read", async () => {
    expect(await spoor(["import", "/dev/zero", "--dir", makeFolder()])).toEqual({
      code: 3,
      stdout: "",
      stderr: "0 imported\nspoor: /dev/zero: it is a device; only regular files are read\n",
    });
  });

  test("no conversations at all says where it looked", async () => {
    const home = makeFolder();
    const { code, stderr } = await spoor(["import", "--agent", "claude-code", "--dir", makeFolder()], {
      env: { HOME: home },
    });
    expect(code).toBe(0);
    expect(stderr).toBe(`No conversations of Claude Code: looked in ${home}/.claude/projects\n0 imported\n`);
  });
});

describe("the level", () => {
  const contentsOf = async (env: Record<string, string>): Promise<unknown> => {
    const store = makeFolder();
    await spoor(["import", "--dir", store], { env: { HOME: homeWith(["one"]), ...env } });
    const { stdout } = await spoor(["show", "--json", "--level", "full", "--dir", store]);
    return (JSON.parse(stdout) as { spans: Fields[] }).spans.some((span) => span["content"] !== undefined);
  };

  test("is full on a laptop, metadata under a CI that may be public, and what SPOOR_LEVEL says", async () => {
    const ci = { GITHUB_ACTIONS: "true", GITHUB_REPOSITORY: "example-org/shop" };
    expect(await contentsOf({})).toBe(true);
    expect(await contentsOf(ci)).toBe(false);
    expect(await contentsOf({ ...ci, SPOOR_LEVEL: "full" })).toBe(true);
    expect(await contentsOf({ SPOOR_LEVEL: "metadata" })).toBe(false);
    expect(await contentsOf({ SPOOR_LEVEL: "metadta" }), "mistyped").toBe(false);
  });
});

test("runs whose recorder died are closed on the way", async () => {
  const store = makeFolder();
  const { currentWriter } = await import("@spoor/trace");
  const records = exampleRecords().slice(0, 4);
  (records[0] as Fields)["writer"] = { ...currentWriter(), pid: 2 ** 22 + 1 };
  writeTrace(store, records);
  await spoor(["import", "--dir", store], { env: { HOME: homeWith([]) } });
  const { stdout } = await spoor(["show", "--json", "--dir", store]);
  expect(JSON.parse(stdout)).toMatchObject({
    spans: [{ status: "crashed", ended: true, closed_by: "import" }, {}, {}],
  });
});

test("the transcripts of the fixtures can be imported, listed and shown", async () => {
  const store = makeFolder();
  const fixtures = join(import.meta.dirname, "../../../../fixtures/transcripts-genuine");
  const copy = makeFolder();
  const files = readdirSync(fixtures, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".jsonl"),
  );
  for (const [index, name] of files.entries()) {
    mkdirSync(join(copy, String(index)));
    copyFileSync(join(fixtures, name), join(copy, String(index), name.slice(name.lastIndexOf("/") + 1)));
  }
  const { code, stdout } = await spoor(["import", copy, "--json", "--dir", store]);
  expect(code).toBe(0);
  const ids = stdout
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { invocation_id: string }).invocation_id);
  expect(ids.length).toBeGreaterThan(3);
  for (const id of ids) {
    const shown = await spoor(["show", id, "--dir", store], { terminal: 100, env: { NO_COLOR: "1" } });
    expect(shown.code, shown.stderr).toBe(0);
    expect(shown.stdout).toMatch(/^ *start +took/m);
  }
  expect((await spoor(["verify", "--dir", store])).code).toBe(0);
});
