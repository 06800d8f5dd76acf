import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type DirectoryInputs,
  listTraceFiles,
  traceDirectory,
  traceFilePath,
} from "../src/trace-directory.ts";

describe("the store", () => {
  const inputs: DirectoryInputs = { env: {}, platform: "linux", home: "/home/me", temp: "/tmp" };
  const all = { SPOOR_DIR: "/spoor", RUNNER_TEMP: "/runner/temp", CI: "true", XDG_STATE_HOME: "/state" };
  test.each<[string, Partial<DirectoryInputs>, string]>([
    ["the flag, whatever else is set", { flag: "/flag", env: all }, "/flag"],
    ["else SPOOR_DIR", { env: all }, "/spoor"],
    ["else under CI its temporary folder", { env: { ...all, SPOOR_DIR: "" } }, "/runner/temp/spoor"],
    [
      "else under a CI that names none the system's",
      { env: { CI: "true", XDG_STATE_HOME: "/state" } },
      "/tmp/spoor",
    ],
    ["else the user's state folder", { env: { CI: "false", XDG_STATE_HOME: "/state" } }, "/state/spoor"],
    ["else the default one", {}, "/home/me/.local/state/spoor"],
    [
      "which a relative XDG_STATE_HOME does not change",
      { env: { XDG_STATE_HOME: "state" } },
      "/home/me/.local/state/spoor",
    ],
    ["on Windows below LOCALAPPDATA", { platform: "win32", env: { LOCALAPPDATA: "/local" } }, "/local/spoor"],
    ["or where that should be", { platform: "win32" }, "/home/me/AppData/Local/spoor"],
  ])("is %s", (_, given, expected) => {
    expect(traceDirectory({ ...inputs, ...given })).toBe(expected);
  });
});

describe("a file", () => {
  const id = "019aa0c4-7a00-7abc-8def-0123456789ab";

  test("is named by UTC day and time, agent and the end of its id", () => {
    expect(traceFilePath("/dir", "2026-11-20T09:08:07.006Z", "codex", id)).toBe(
      "/dir/traces/2026-11-20/090807-codex-0123456789ab.jsonl",
    );
  });

  test("stays in its folder whatever the agent is called", () => {
    for (const agent of ["../../etc/passwd", "a/b", "a:b\\c", "naïve", "x".repeat(500)]) {
      const path = traceFilePath("/dir", "2026-11-20T09:08:07.006Z", agent, id);
      expect(path.startsWith("/dir/traces/2026-11-20/090807-")).toBe(true);
      expect(basename(path)).toMatch(/^[\w.-]{1,110}$/);
    }
  });
});

describe("listing", () => {
  let store: string;
  beforeEach(() => {
    store = mkdtempSync(join(tmpdir(), "trace-directory-"));
    for (const name of [
      "2026-11-19/090000-a-1.jsonl",
      "2026-11-20/080000-a-2.jsonl",
      "2026-11-20/100000-a-3.jsonl",
    ]) {
      mkdirSync(join(store, "traces", name.slice(0, 10)), { recursive: true });
      writeFileSync(join(store, "traces", name), "");
    }
  });
  afterEach(() => rmSync(store, { recursive: true }));
  const names = (sinceDay?: string): string[] =>
    listTraceFiles(store, { sinceDay }).map((path) => basename(path));

  test("gives the newest first", () => {
    expect(names()).toEqual(["100000-a-3.jsonl", "080000-a-2.jsonl", "090000-a-1.jsonl"]);
  });

  test("begins at a day where one is given", () => {
    expect(names("2026-11-20")).toEqual(["100000-a-3.jsonl", "080000-a-2.jsonl"]);
  });

  test("passes over all that is no trace file, symbolic links included", () => {
    writeFileSync(join(store, "traces", "2026-11-20", "080000-a-2.jsonl.closing"), "");
    mkdirSync(join(store, "traces", "2026-11-20", "folder.jsonl"));
    mkdirSync(join(store, "traces", "not-a-day"));
    writeFileSync(join(store, "traces", "not-a-day", "x.jsonl"), "");
    writeFileSync(join(store, "traces", "2026-11-18"), "");
    symlinkSync("/etc/passwd", join(store, "traces", "2026-11-20", "link.jsonl"));
    symlinkSync(join(store, "traces", "2026-11-20"), join(store, "traces", "2026-11-21"));
    expect(names()).toHaveLength(3);
  });

  test("of a store that does not exist is empty", () => {
    expect(listTraceFiles(join(store, "missing"))).toEqual([]);
  });
});
