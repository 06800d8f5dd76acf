import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Transcripts } from "../../src/discover/transcripts.ts";
import { fakeAdapter } from "./fake-agents.ts";

const adapter = fakeAdapter("codex");
let home: string;
let sessions: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "transcripts-"));
  sessions = join(home, ".codex", "sessions");
});
afterEach(() => rmSync(home, { recursive: true }));

const store = (name: string, text = "{}\n"): string => {
  const path = join(sessions, name);
  mkdirSync(join(path, ".."), { recursive: true });
  appendFileSync(path, text);
  return path;
};
const watch = (nowMs: () => number = Date.now): Transcripts => new Transcripts([adapter], {}, home, nowMs);
const active = (transcripts: Transcripts): unknown[] =>
  [...transcripts.active.values()].map(({ path, priorBytes, bytes }) => [path, priorBytes, bytes]);

describe("a transcript", () => {
  test("that appears is active from its first byte, also in folders that were not there", () => {
    const transcripts = watch();
    const path = store("2026/11/20/one.jsonl");
    transcripts.look(1, false);
    expect(active(transcripts)).toEqual([[path, 0, 3]]);
  });

  test("that grows is active from where it stood, one that does not is not", () => {
    const path = store("2026/11/19/old.jsonl");
    store("2026/11/19/older.jsonl");
    const transcripts = watch();
    store("2026/11/19/old.jsonl", "{}\n{}\n");
    transcripts.look(1, false);
    expect(active(transcripts)).toEqual([[path, 3, 9]]);
  });

  test("that was there empty is active as soon as something comes into it", () => {
    const path = store("one.jsonl", "");
    const transcripts = watch();
    transcripts.look(1, false);
    expect(active(transcripts)).toEqual([]);
    store("one.jsonl");
    transcripts.look(2, false);
    expect(active(transcripts)).toEqual([[path, 0, 3]]);
  });

  test("that is moved into an archive has nothing new", () => {
    const path = store("2026/one.jsonl");
    const transcripts = watch();
    renameSync(path, join(sessions, "one.jsonl"));
    transcripts.look(1, true);
    expect(active(transcripts)).toEqual([]);
    store("one.jsonl");
    transcripts.look(2, false);
    expect(active(transcripts)).toEqual([[join(sessions, "one.jsonl"), 3, 6]]);
  });

  test("that appears in a folder just listed, which keeps its time, is seen", () => {
    store("old.jsonl");
    const { mtimeMs } = statSync(sessions);
    const transcripts = watch(() => mtimeMs + 10);
    const path = store("one.jsonl");
    utimesSync(sessions, mtimeMs / 1000, mtimeMs / 1000);
    transcripts.look(1, false);
    expect(active(transcripts)).toEqual([[path, 0, 3]]);
  });

  test("that is cold comes to its turn, however many there are", () => {
    const paths = Array.from({ length: 500 }, (_, index) => store(`old-${index}.jsonl`));
    for (const path of paths) utimesSync(path, 1_700_000_000, 1_700_000_000);
    const transcripts = watch();
    for (const path of paths) appendFileSync(path, "{}\n");
    for (let look = 1; look <= 10; look++) transcripts.look(look, false);
    expect(transcripts.active.size).toBe(500);
  });

  test("that a process names is looked at each time from then on", () => {
    const paths = Array.from({ length: 500 }, (_, index) => store(`old-${index}.jsonl`));
    for (const path of paths) utimesSync(path, 1_700_000_000, 1_700_000_000);
    const transcripts = watch();
    transcripts.warm("old-499");
    const path = store("old-499.jsonl");
    transcripts.look(1, false);
    expect(active(transcripts)).toEqual([[path, 3, 6]]);
  });

  test("that is removed, or a folder that is none, does no harm", () => {
    const path = store("one.jsonl");
    mkdirSync(join(home, ".codex"), { recursive: true });
    const transcripts = watch();
    rmSync(path);
    transcripts.look(1, true);
    rmSync(sessions, { recursive: true });
    writeFileSync(sessions, "");
    transcripts.look(2, true);
    expect(active(transcripts)).toEqual([]);
  });
});

test("what stands beside a transcript is as old as it was at the start", () => {
  const path = store("one.jsonl");
  const side = store("one/subagents/a.jsonl");
  const transcripts = watch();
  appendFileSync(path, "{}\n");
  appendFileSync(side, "{}\n");
  const late = store("one/subagents/b.jsonl");
  transcripts.look(1, false);
  expect([path, side, late].map((one) => transcripts.priorBytesOf(one, path))).toEqual([3, 3, 0]);
});
