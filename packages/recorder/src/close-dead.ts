/**
 * Closes the traces of recorders that died: a run that was killed is still a run, with an end.
 *
 * Only a trace whose writer is provably gone is touched, and only by one process at a time: who creates
 * `<file>.closing` may append. Nothing else of the file is changed.
 */

import { closeSync, fstatSync, openSync, readSync, rmSync, statSync, writeFileSync } from "node:fs";
import {
  currentWriter,
  foldTrace,
  listTraceFiles,
  readEntries,
  spanIdOf,
  totalsOf,
  writerState,
} from "@spoor/trace";
import { removeLetterBox, takeLetters } from "./letter-box.ts";
import { RecordMaker } from "./to-record.ts";
import { TraceFile } from "./trace-file.ts";

export interface CloseOptions {
  /** The command that closes: `record`, `import`, `ship`, `prune`. */
  closedBy: string;
  nowMs: number;
  /** A trace that is known to live. @default none */
  except?: string;
  /** How many of the newest files are looked at. @default all */
  newest?: number;
}

/** Closing takes milliseconds; a lock that is older was left by one who was killed. */
const LOCK_MS = 60_000;
/** An `invocation_end` is near the end of its file; amendments may follow it. */
const TAIL_BYTES = 8 * 1024;

/** @returns The paths of the traces that were closed. Never throws: what cannot be closed stays as it is. */
export function closeDeadTraces(
  directory: string,
  { closedBy, nowMs, except, newest = Infinity }: CloseOptions,
): string[] {
  const isClosed = (path: string): boolean => {
    try {
      return path !== except && !tailHasEnd(path) && closeIfDead(directory, path, closedBy, nowMs);
    } catch {
      // Gone meanwhile, or not ours to write: the next one will see.
      return false;
    }
  };
  return pathsIn(directory).slice(0, newest).filter(isClosed);
}

function pathsIn(directory: string): string[] {
  try {
    return listTraceFiles(directory);
  } catch {
    // A folder in it is not ours to read, as after one run under sudo.
    return [];
  }
}

function closeIfDead(directory: string, path: string, closedBy: string, nowMs: number): boolean {
  // Its first record tells who writes it; only of one that nobody writes any more the rest is read.
  if (!isDead(path, nowMs)) return false;
  const trace = foldTrace(readEntries(path, { headOnly: true }));
  if (trace.invocation_id === undefined || trace.invocation?.end !== undefined) return false;
  const lock = `${path}.closing`;
  try {
    writeFileSync(lock, "", { flag: "wx", mode: 0o600 });
  } catch {
    // Somebody else is closing it; or was, and died over it: then the next one may.
    if (nowMs - statSync(lock).mtimeMs > LOCK_MS) rmSync(lock, { force: true });
    return false;
  }
  try {
    const opened = TraceFile.reopen(path);
    if (opened.kind === "refused") return false;
    const { start } = trace.invocation ?? {};
    const { events } = takeLetters(directory, trace.invocation_id);
    const maker = new RecordMaker(trace.invocation_id);
    for (const event of events) opened.file.append(maker.toRecord(event));
    removeLetterBox(directory, trace.invocation_id);
    const times = [trace.lastTime ?? "", ...events.map((event) => event.time)].sort();
    const time = times.at(-1) || new Date(nowMs).toISOString();
    opened.file.append({
      type: "invocation_end",
      time,
      invocation_id: trace.invocation_id,
      span_id: spanIdOf(trace.invocation_id, "invocation", ""),
      ...(start?.parent_span_id === undefined ? {} : { parent_span_id: start.parent_span_id }),
      status: "crashed",
      ...(start === undefined ? {} : { duration_ms: Math.max(0, Date.parse(time) - Date.parse(start.time)) }),
      closed_by: closedBy,
      totals: totalsOf(trace),
    });
    void opened.file.close();
    return true;
  } finally {
    rmSync(lock, { force: true });
  }
}

function isDead(path: string, nowMs: number): boolean {
  const silentMs = nowMs - statSync(path).mtimeMs;
  for (const entry of readEntries(path, { headOnly: true })) {
    const writer =
      entry.kind === "record" && entry.record.type === "invocation_start" ? entry.record.writer : undefined;
    return writerState(writer, currentWriter(), silentMs) === "gone";
  }
  return false;
}

/** A quick look that spares most files a whole reading. */
function tailHasEnd(path: string): boolean {
  const descriptor = openSync(path, "r");
  try {
    const { size } = fstatSync(descriptor);
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(descriptor, tail, 0, tail.length, size - tail.length);
    return tail.includes('\n{"v":1,"type":"invocation_end",');
  } finally {
    closeSync(descriptor);
  }
}
