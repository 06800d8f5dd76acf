import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRedactor } from "@spoor/redactor";
import { currentWriter, foldTrace, newInvocationId, readEntries, traceIdOf, type Writer } from "@spoor/trace";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { closeDeadTraces } from "../src/close-dead.ts";
import { leaveLetter } from "../src/letter-box.ts";
import { Recording } from "../src/recording.ts";

const nowMs = Date.UTC(2026, 10, 20, 9);
const time = new Date(nowMs).toISOString();
/** No process has it: the greatest of Linux is 2^22. */
const DEAD: Writer = { ...currentWriter(), pid: 2 ** 30 };

let store: string;
beforeEach(() => {
  store = mkdtempSync(join(tmpdir(), "spoor-close-"));
});
afterEach(() => rmSync(store, { recursive: true, force: true }));

let made = 0;
/** A trace that its writer has only begun. */
function begun(writer: Writer): Recording {
  const invocationId = newInvocationId(nowMs + made, new Uint8Array(10).fill(++made));
  const began = Recording.begin(
    {
      invocationId,
      traceId: traceIdOf(invocationId),
      parentSpanId: "b7ad6b7169203331",
      time,
      fileAgent: "plain",
      origin: "recorded",
      agent: { name: "plain" },
      writer,
    },
    { directory: store, level: "full", onSecret: "redact", redactor: createRedactor({}), nowMs: () => nowMs },
  );
  if (began.kind === "refused") throw new Error(began.reason);
  return began.recording;
}

const close = (options: { newest?: number; except?: string } = {}): string[] =>
  closeDeadTraces(store, { closedBy: "test", nowMs: Date.now(), ...options });
const endOf = (path: string): unknown => foldTrace(readEntries(path)).invocation?.end;

describe("the trace of a writer that is gone", () => {
  test("gets an end: crashed, at its last record's time, with its sums", () => {
    const dead = begun(DEAD);
    dead.write({
      type: "turn_start",
      span: { kind: "turn", key: "1" },
      time: new Date(nowMs + 1500).toISOString(),
      turn: 1,
    });
    expect(close()).toEqual([dead.path]);
    expect(endOf(dead.path)).toMatchObject({
      status: "crashed",
      closed_by: "test",
      time: new Date(nowMs + 1500).toISOString(),
      duration_ms: 1500,
      parent_span_id: "b7ad6b7169203331",
      totals: { turns: 1, llm_calls: 0 },
    });
    expect(close()).toEqual([]);
    expect(readdirSync(join(dead.path, ".."))).toHaveLength(1);
  });

  test("is closed behind its torn last line, which stays", () => {
    const dead = begun(DEAD);
    writeFileSync(dead.path, '{"v":1,"type":"pro', { flag: "a" });
    expect(close()).toEqual([dead.path]);
    expect(readFileSync(dead.path, "utf8")).toContain('{"v":1,"type":"pro\n{"v":1,"type":"invocation_end"');
  });

  test("gets what was declared to it and never taken", () => {
    const dead = begun(DEAD);
    leaveLetter(store, dead.maker.invocationId, {
      type: "decision",
      span: { kind: "point", key: "declared:1" },
      time: new Date(nowMs + 2500).toISOString(),
      verdict: "approve",
      basis: "declared",
    });
    close();
    const { invocation } = foldTrace(readEntries(dead.path));
    expect(invocation?.points).toMatchObject([{ type: "decision", verdict: "approve" }]);
    expect(invocation?.end).toMatchObject({ duration_ms: 2500 });
    expect(readdirSync(join(store, "declared"))).toEqual([]);
  });

  test("is left to another who is closing it, unless that one died over it", () => {
    const dead = begun(DEAD);
    const lock = `${dead.path}.closing`;
    writeFileSync(lock, "");
    expect(close()).toEqual([]);
    expect(existsSync(lock)).toBe(true);
    utimesSync(lock, 1e9, 1e9);
    expect(close()).toEqual([]);
    expect(close()).toEqual([dead.path]);
    expect(existsSync(lock)).toBe(false);
  });

  test("is passed over beyond the newest, and where it is excepted", () => {
    const older = begun(DEAD);
    const newer = begun(DEAD);
    expect(close({ newest: 1, except: newer.path })).toEqual([]);
    expect(close({ newest: 1 })).toEqual([newer.path]);
    expect(close()).toEqual([older.path]);
  });
});

describe("nothing is written to", () => {
  const untouched = (path: string): void => {
    const { size } = statSync(path);
    expect(close()).toEqual([]);
    expect(statSync(path).size).toBe(size);
  };

  test("the trace of a writer that lives", () => untouched(begun(currentWriter()).path));

  test("the trace of another machine's, until it has been silent for a day", () => {
    const foreign = begun({ ...DEAD, host_hash: "another" });
    untouched(foreign.path);
    const yesterday = Date.now() / 1000 - 25 * 60 * 60;
    utimesSync(foreign.path, yesterday, yesterday);
    expect(close()).toEqual([foreign.path]);
  });

  test("a trace that has its end", async () => {
    const ended = begun(DEAD);
    await ended.end({ status: "success", time });
    untouched(ended.path);
  });

  test("a file that is no trace", () => {
    const { path } = begun(DEAD);
    writeFileSync(path, "nonsense\n{}\n");
    untouched(path);
  });
});

test("a store that is not there has nothing to close", () => {
  rmSync(store, { recursive: true });
  expect(close()).toEqual([]);
});
