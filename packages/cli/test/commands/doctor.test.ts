import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { spoor } from "../fake-io.ts";
import { exampleStore, makeFolder } from "../make-trace.ts";

interface Finding {
  what: string;
  value: string;
  status: string;
  advice?: string;
}

async function findings(
  words: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Map<string, Finding>> {
  const { code, stdout, stderr } = await spoor(["doctor", "--json", ...words], { env, cwd: makeFolder() });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const all = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Finding);
  for (const { status } of all) expect(["ok", "warning"]).toContain(status);
  return new Map(all.map((finding) => [finding.what, finding]));
}

test("agents are found on PATH, their conversations counted without opening them", async () => {
  const home = makeFolder();
  const bin = join(home, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "claude"), "", { mode: 0o755 });
  const projects = join(home, ".claude/projects/-work");
  mkdirSync(projects, { recursive: true });
  writeFileSync(join(projects, "a.jsonl"), "", { mode: 0o000 });
  writeFileSync(join(home, ".claude/settings.json"), '{"cleanupPeriodDays": 7}');
  const found = await findings(["--dir", makeFolder()], { HOME: home, PATH: bin });
  expect(found.get("Claude Code")).toEqual({
    what: "Claude Code",
    value: `${bin}/claude; 1 conversation in ${home}/.claude/projects`,
    status: "ok",
    advice: "spoor import --agent claude-code keeps them; Claude Code deletes them after 7 days",
  });
  expect(found.get("git")).toMatchObject({ status: "warning", value: "no `git` on PATH" });
});

describe("the store", () => {
  test("in order", async () => {
    const store = exampleStore();
    chmodSync(store, 0o700);
    expect((await findings(["--dir", store])).get("store")).toEqual({
      what: "store",
      value: `${store} (--dir): 1 run`,
      status: "ok",
    });
  });

  test("not there yet", async () => {
    const store = join(makeFolder(), "new");
    expect((await findings([], { SPOOR_DIR: store })).get("store")).toMatchObject({
      value: `${store} (SPOOR_DIR): not made yet`,
      status: "ok",
    });
  });

  test.each([
    [0o777, /others can write to it, so nothing is recorded there: chmod 700/],
    [0o755, /others can look into it: chmod 700/],
  ])("with mode %o is a warning", async (mode, advice) => {
    const store = exampleStore();
    chmodSync(store, mode);
    expect((await findings(["--dir", store])).get("store")).toMatchObject({
      status: "warning",
      advice: expect.stringMatching(advice),
    });
  });
});

test("an endpoint is seen, not used, and shown without what may be a key", async () => {
  const key = ["key", "4711"].join("");
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `https://user:${key}@otel.example.com/v1/${key}?k=${key}` };
  const finding = (await findings(["--dir", makeFolder()], env)).get("endpoint");
  expect(finding).toMatchObject({
    value: "OTEL_EXPORTER_OTLP_ENDPOINT=https://otel.example.com: seen, not used",
    status: "ok",
  });
});

test("a public CI run is told that no contents are stored", async () => {
  const env = {
    GITHUB_ACTIONS: "true",
    GITHUB_REPOSITORY: "example-org/shop",
    GITHUB_SERVER_URL: "https://github.com",
  };
  expect((await findings(["--dir", makeFolder()], env)).get("CI")).toMatchObject({
    value: "github, repository of unknown visibility: recorded without contents (level metadata)",
    advice: expect.stringMatching(/^SPOOR_LEVEL=full/),
  });
});

test("recording that is switched off is a warning", async () => {
  expect(
    (await findings(["--dir", makeFolder()], { SPOOR_DISABLED: "true" })).get("recording"),
  ).toMatchObject({ status: "warning" });
});

test("people get one line for each, and what to do below", async () => {
  const home = makeFolder();
  const store = exampleStore();
  chmodSync(store, 0o777);
  const { stdout } = await spoor(["doctor", "--dir", store], { env: { HOME: home, PATH: home }, cwd: home });
  const stable = stdout
    .replaceAll(home, "<home>")
    .replaceAll(store, "<store>")
    .replace(/[\d.]+ GiB/, "9.9 GiB")
    .replace(/Node .*/, "Node         <version>");
  expect(`\n${stable}`).toMatchInlineSnapshot(`
    "
    ✓ Claude Code  no \`claude\` on PATH; 0 conversations in <home>/.claude/projects
    ✓ Codex        no \`codex\` on PATH; 0 conversations in <home>/.codex/sessions, <home>/.codex/archived_sessions
    ✓ Gemini CLI   no \`gemini\` on PATH; 0 conversations in <home>/.gemini/tmp, <home>/.cache/.gemini/tmp
    ! store        <store> (--dir): 1 run
                   → others can write to it, so nothing is recorded there: chmod 700 <store>
    ✓ disk         9.9 GiB free
    ! git          no \`git\` on PATH
                   → runs are recorded without what changed in the repository; install git
    ✓ CI           none
    ✓ endpoint     none
    ✓ Node         <version>
    "
  `);
});
