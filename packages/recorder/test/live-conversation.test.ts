import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { type AgentName, parseText, type SourceFile } from "@spoor/adapters";
import { createRedactor } from "@spoor/redactor";
import {
  currentWriter,
  foldTrace,
  listTraceFiles,
  newInvocationId,
  readEntries,
  traceIdOf,
} from "@spoor/trace";
import { describe, expect, test } from "vitest";
import { findConversations, type FoundConversation } from "../src/find-conversations.ts";
import { importConversations } from "../src/import.ts";
import { LiveConversation, type LiveLine } from "../src/live-conversation.ts";
import { Recording } from "../src/recording.ts";

const FIXTURES = new URL("../../../fixtures/transcripts/", import.meta.url).pathname;
const SCENARIOS = readdirSync(FIXTURES, { withFileTypes: true })
  .filter((agent) => agent.isDirectory())
  .flatMap((agent) =>
    (readdirSync(join(FIXTURES, agent.name), { recursive: true }) as string[])
      .filter((name) => name.endsWith(`${sep}home`))
      .map((name): readonly [AgentName, string] => [agent.name as AgentName, join(agent.name, name)]),
  );
/** No process has it: the greatest of Linux is 2^22. */
const DEAD = { ...currentWriter(), pid: 2 ** 30 };
const CUTS = 8;

/** Records the first `cut` pieces of a conversation, as if its agent and we were killed then. */
function recordUpTo(found: FoundConversation, directory: string, cut: number, isQuiet: boolean): void {
  const startMs = Date.now();
  const invocationId = newInvocationId(
    startMs,
    Uint8Array.from({ length: 10 }, (_, n) => n + cut),
  );
  const time = new Date(startMs).toISOString();
  const began = Recording.begin(
    {
      invocationId,
      traceId: traceIdOf(invocationId),
      time,
      fileAgent: found.adapter.name,
      origin: "recorded",
      agent: { name: found.adapter.name },
      writer: DEAD,
      content: { command: ["agent"], cwd: "/home/dev/project" },
    },
    { directory, level: "full", onSecret: "redact", redactor: createRedactor({}), nowMs: Date.now },
  );
  if (began.kind === "refused") throw new Error(began.reason);
  const live = new LiveConversation(found.adapter, began.recording);
  for (const { file, lines } of piecesOf(found, cut)) live.read(file, lines, time);
  if (isQuiet) live.settle(startMs + 3000);
}

/** The first `cut` pieces in which its files were written, in the order of their times. */
function piecesOf({ files }: FoundConversation, cut: number): { file: SourceFile; lines: LiveLine[] }[] {
  const pieces = files.flatMap((file) => {
    const ofFile: { time: string; file: SourceFile; lines: LiveLine[] }[] = [];
    for (const line of parseText(readFileSync(file.path, "utf8"))) {
      if (line.kind !== "object") continue;
      const last = ofFile.at(-1);
      const time = (line.value["timestamp"] as string | undefined) ?? last?.time ?? "";
      // A fork's copies are older than what stands before them, and are written with it.
      if (last !== undefined && time < last.time) last.lines.push(line);
      else ofFile.push({ time, file, lines: [line] });
    }
    return ofFile;
  });
  return pieces.toSorted((a, b) => (a.time < b.time ? -1 : Number(a.time > b.time))).slice(0, cut);
}

/** Not where it was read, nor when it became known. */
const TOLD = ["type", "name", "call_id", "usage", "status", "error", "exit_code", "content"];

/** What all traces together say of calls and tools, whichever of them says it. */
function factsIn(directory: string): string[] {
  return listTraceFiles(directory)
    .flatMap((path) => foldTrace(readEntries(path)).spans)
    .filter(({ kind }) => kind === "model" || kind === "tool" || kind === "agent")
    .flatMap(({ start, end }) => [start, end])
    .flatMap((record) => {
      if (record === undefined) return [];
      if (record.type === "prompt") return [`prompt at line ${record.from?.split(":")[1]}`];
      const told = record as unknown as Record<string, unknown>;
      return [JSON.stringify(Object.fromEntries(TOLD.map((field) => [field, told[field]])))];
    })
    .sort();
}

describe.each(SCENARIOS)("%s: %s", (agent, home) => {
  const { found } = findConversations([join(FIXTURES, home)], { agent });

  // A fork's copies come with its first prompt, so there is no silence in between.
  test.each(home.includes("fork") ? [false] : [false, true])(
    "recorded up to any moment, then imported, is the whole once (quiet before the end: %s)",
    (isQuiet) => {
      expect(found.length).toBeGreaterThan(0);
      const work = mkdtempSync(join(tmpdir(), "spoor-live-"));
      const store = (directory: string, path: string): unknown[] =>
        importConversations([path], { directory, env: {}, home: work, level: "full" }).imported;
      for (const conversation of found) {
        const main = conversation.files[0]?.path ?? "";
        const whole = join(work, "whole");
        store(whole, main);
        const expected = factsIn(whole);
        const pieces = piecesOf(conversation, Infinity).length;
        const step = Math.max(1, Math.floor(pieces / CUTS));
        for (let cut = step; cut <= pieces; cut += step) {
          const directory = join(work, `cut-${cut}`);
          recordUpTo(conversation, directory, cut, isQuiet);
          store(directory, main);
          expect(factsIn(directory), `${relative(FIXTURES, main)} up to piece ${cut}`).toEqual(expected);
          expect(store(directory, main)).toEqual([]);
          rmSync(directory, { recursive: true });
        }
        rmSync(whole, { recursive: true });
      }
      rmSync(work, { recursive: true });
    },
  );
});

test("a conversation whose id is over-long is known again by its import", () => {
  const work = mkdtempSync(join(tmpdir(), "spoor-live-"));
  const source = join(FIXTURES, "claude-code/2.1.329/ok/run-1.stdout.jsonl");
  const path = join(work, "session.jsonl");
  const text = readFileSync(source, "utf8");
  writeFileSync(path, text.replaceAll(/"session_id":"[^"]+"/g, `"session_id":"${"x".repeat(100_000)}"`));
  const [conversation, ...more] = findConversations([path]).found;
  if (conversation === undefined || more.length > 0) throw new Error("expected one conversation");
  recordUpTo(conversation, join(work, "store"), Infinity, true);
  const { imported } = importConversations([path], {
    directory: join(work, "store"),
    env: {},
    home: work,
    level: "full",
  });
  expect(imported.map(({ llm_calls: calls }) => calls)).toEqual([]);
  rmSync(work, { recursive: true });
});
