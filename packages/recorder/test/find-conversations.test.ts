import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findConversations, findStoredConversations, type Finding } from "../src/find-conversations.ts";

const FIXTURES = new URL("../../../fixtures/transcripts/", import.meta.url).pathname;
const CLAUDE = join(FIXTURES, "claude-code/2.1.329");
const CODEX = join(FIXTURES, "codex/0.169.0");
const GEMINI = join(FIXTURES, "gemini-cli/0.61.0");

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "spoor-find-"));
});
afterEach(() => rmSync(home, { recursive: true }));

const agentsIn = ({ found }: Finding): string[] => found.map(({ adapter }) => adapter.name).sort();

describe("the agents' own folders", () => {
  beforeEach(() => {
    for (const folder of [CLAUDE, CODEX, GEMINI])
      cpSync(join(folder, "sub-agent/home"), home, { recursive: true });
  });

  test("are searched for each agent's conversations, those of sub-agents within them", () => {
    const finding = findStoredConversations({}, home);
    expect(agentsIn(finding)).toEqual(["claude-code", "codex", "codex", "gemini-cli"]);
    expect(finding.unknown).toEqual([]);
    const claude = finding.found.find(({ adapter }) => adapter.name === "claude-code");
    expect(claude?.files.map(({ path }) => basename(path))).toEqual([
      expect.stringMatching(/^[0-9a-f-]{36}\.jsonl$/),
      expect.stringMatching(/^agent-.*\.meta\.json$/),
      expect.stringMatching(/^agent-.*\.jsonl$/),
    ]);
  });

  test("are where the environment says they are", () => {
    expect(agentsIn(findStoredConversations({ CODEX_HOME: join(home, ".codex") }, "/nowhere"))).toEqual([
      "codex",
      "codex",
    ]);
  });

  test("may be searched for one agent only, or for what has changed since", () => {
    expect(agentsIn(findStoredConversations({}, home, { agent: "gemini-cli" }))).toEqual(["gemini-cli"]);
    const { found } = findStoredConversations({}, home, { agent: "claude-code" });
    const sinceMs = Date.now() - 60_000;
    expect(findStoredConversations({}, home, { agent: "claude-code", sinceMs }).found).toHaveLength(1);
    for (const { path } of found[0]?.files ?? []) utimesSync(path, 1e9, 1e9);
    expect(findStoredConversations({}, home, { agent: "claude-code", sinceMs }).found).toEqual([]);
  });

  test("need not be there", () => {
    expect(findStoredConversations({}, "/nowhere")).toEqual({ found: [], unknown: [] });
  });
});

describe("a path", () => {
  const transcript = join(CODEX, "ok/home/.codex/sessions");

  test("of a stream, a transcript or a folder of them is known by what its lines say", () => {
    const stream = join(home, "saved-output.txt");
    cpSync(join(CLAUDE, "ok/run-1.stdout.jsonl"), stream);
    const { found } = findConversations([stream, transcript]);
    expect(found.map(({ adapter, identity }) => [adapter.name, identity.kind])).toEqual([
      ["claude-code", "stream"],
      ["codex", "transcript"],
    ]);
    expect(found[0]?.files).toEqual([{ path: stream, name: "stdout", kind: "stream" }]);
  });

  test("that is given twice is read once", () => {
    expect(findConversations([transcript, transcript, `${transcript}/..`]).found).toHaveLength(1);
  });

  test("that nobody can read, or that is no agent's, is told with the reason", () => {
    const other = join(home, "package.json");
    writeFileSync(other, '{"name":"shop"}');
    expect(findConversations([join(home, "none.jsonl"), other]).unknown).toEqual([
      { path: join(home, "none.jsonl"), reason: expect.stringContaining("ENOENT") as string },
      { path: other, reason: "no known agent writes such lines" },
    ]);
  });

  test("of a folder passes over in silence what is no agent's, and links that lead round", () => {
    mkdirSync(join(home, "deep/er"), { recursive: true });
    writeFileSync(join(home, "deep/er/data.json"), '{"name":"shop"}');
    writeFileSync(join(home, "deep/torn.jsonl"), '{"type":');
    symlinkSync("..", join(home, "deep/round"));
    expect(findConversations([home])).toEqual({ found: [], unknown: [] });
  });

  test("of a folder is searched without following links: what is in it counts once", () => {
    cpSync(transcript, join(home, "sessions"), { recursive: true });
    symlinkSync(".", join(home, "sessions/loop"));
    symlinkSync("sessions", join(home, "again"));
    const finding = findConversations([home]);
    expect(finding.found).toHaveLength(1);
    expect(finding.found[0]?.files[0]?.path).not.toMatch(/loop|again/);
    expect(finding.unknown).toEqual([]);
    expect(findConversations([join(home, "again")]).found).toHaveLength(1);
  });

  // The file systems of macOS take no such names.
  test.runIf(process.platform === "linux")("whose name is no UTF-8 is told, and the others are found", () => {
    cpSync(transcript, join(home, "sessions"), { recursive: true });
    mkdirSync(Buffer.concat([Buffer.from(`${home}/caf`), Buffer.from([0xe9])]));
    const finding = findConversations([home]);
    expect(finding.found).toHaveLength(1);
    expect(finding.unknown).toEqual([
      { path: join(home, "caf\ufffd"), reason: expect.stringContaining("ENOENT") as string },
    ]);
  });

  test("of a pipe or a device is not opened, whatever leads there", () => {
    const pipe = join(home, "pipe.jsonl");
    execFileSync("mkfifo", [pipe]);
    const link = join(home, "zero.jsonl");
    symlinkSync("/dev/zero", link);
    expect(findConversations([pipe, link]).unknown).toEqual([
      { path: pipe, reason: "it is a pipe; only regular files are read" },
      { path: link, reason: "it is a device; only regular files are read" },
    ]);
    expect(findConversations([home])).toEqual({ found: [], unknown: [] });
  });

  test("of a transcript is found without a pipe among the files that belong to it", () => {
    const session = join(CLAUDE, "sub-agent/home");
    cpSync(session, home, { recursive: true });
    const [main, , part] = findConversations([home]).found[0]?.files ?? [];
    rmSync(part?.path ?? "");
    execFileSync("mkfifo", [part?.path ?? ""]);
    const finding = findConversations([main?.path ?? ""]);
    expect(finding.found[0]?.files.map(({ path }) => path)).not.toContain(part?.path);
    expect(finding.unknown).toEqual([
      { path: part?.path, reason: "it is a pipe; only regular files are read" },
    ]);
  });
});
