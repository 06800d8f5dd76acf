/**
 * Decisions and scores that are declared from inside a run, by another process than its recorder.
 *
 * `spoor decision` leaves what it was told in a letter box of the store, already redacted, and the recorder of
 * that run takes it from there within a second. When the recorder is gone, the
 * declaring process may close the gap itself: it appends to the trace, as `record` at its start would.
 */

import type { DecisionEvent, Env, ScoreEvent } from "@spoor/adapters";
import { createRedactor } from "@spoor/redactor";
import {
  currentWriter,
  foldTrace,
  type InvocationId,
  listTraceFiles,
  readEntries,
  type Trace,
  type Verdict,
  writerState,
} from "@spoor/trace";
import { leaveLetter, removeLetterBox, takeLetters } from "./letter-box.ts";
import { randomName } from "./random.ts";
import { RecordMaker } from "./to-record.ts";
import { type Draft, TraceFile } from "./trace-file.ts";
import { levelOf, TraceWriter } from "./trace-writer.ts";
import type { Recording } from "./recording.ts";

export type Declaration =
  | {
      kind: "decision";
      verdict: Verdict;
      confidence?: number;
      reasoning?: string;
      change_url?: string;
      head_revision?: string;
    }
  | { kind: "score"; name: string; value?: number; label?: string; explanation?: string };

export type DeclareOutcome =
  /** `record` as it stands, or will stand, in the trace: without `v` and `seq`. */
  { kind: "declared"; record: Draft } | { kind: "no_such_run" } | { kind: "failed"; reason: string };

/** Declares something about the run `invocationId`, live or ended. */
export function declare(
  declaration: Declaration,
  {
    invocationId,
    directory,
    env,
    nowMs,
  }: { invocationId: InvocationId; directory: string; env: Env; nowMs: number },
): DeclareOutcome {
  const found = findTrace(directory, invocationId);
  if (found === undefined) return { kind: "no_such_run" };
  const { path, trace } = found;
  const event = toEvent(declaration, randomName(), new Date(nowMs).toISOString());
  const redactor = createRedactor({ env });
  const maker = new RecordMaker(invocationId);
  const start = trace.invocation?.start;
  const level = levelOf(trace);
  try {
    const live = writerState(start?.writer, currentWriter(), 0) !== "gone";
    if (live && trace.invocation?.end === undefined) {
      const clean = redactor.redactValue(event);
      // What the run does not store must not stand in its letter box either.
      if (level !== "full") delete clean.content;
      leaveLetter(directory, invocationId, clean);
      return { kind: "declared", record: maker.toRecord(clean) };
    }
    const opened = TraceFile.reopen(path);
    if (opened.kind === "refused") return { kind: "failed", reason: opened.reason };
    const writer = new TraceWriter(opened.file, redactor, level);
    const record = writer.prepare(maker.toRecord(event));
    opened.file.append(record);
    void opened.file.close();
    return { kind: "declared", record };
  } catch (error) {
    return { kind: "failed", reason: (error as Error).message };
  }
}

/** The recorder's side: what was declared since the last look becomes records. Never throws. */
export function takeDeclarations(directory: string, recording: Recording): void {
  const { events, malformed } = takeLetters(directory, recording.maker.invocationId);
  for (const event of events) recording.write(event);
  if (malformed > 0) recording.lose("malformed", malformed);
}

/** Takes the last ones. */
export function closeLetterBox(directory: string, recording: Recording): void {
  takeDeclarations(directory, recording);
  removeLetterBox(directory, recording.maker.invocationId);
}

function toEvent(declaration: Declaration, key: string, time: string): DecisionEvent | ScoreEvent {
  const place = { span: { kind: "point" as const, key: `declared:${key}` }, time };
  if (declaration.kind === "score") {
    const { name, value, label, explanation } = declaration;
    return {
      type: "score",
      ...place,
      name,
      ...(value === undefined ? {} : { value }),
      ...(label === undefined ? {} : { label }),
      ...(explanation === undefined ? {} : { content: { explanation } }),
    };
  }
  const { verdict, confidence, reasoning, change_url, head_revision } = declaration;
  const subject = {
    ...(change_url === undefined ? {} : { change_url }),
    ...(head_revision === undefined ? {} : { head_revision }),
  };
  return {
    type: "decision",
    ...place,
    verdict,
    basis: "declared",
    ...(Object.keys(subject).length === 0 ? {} : { subject }),
    ...(confidence === undefined ? {} : { confidence }),
    ...(reasoning === undefined ? {} : { content: { reasoning } }),
  };
}

function findTrace(
  directory: string,
  invocationId: InvocationId,
): { path: string; trace: Trace } | undefined {
  const tail = `-${invocationId.slice(-12)}.jsonl`;
  for (const path of listTraceFiles(directory)) {
    if (!path.endsWith(tail)) continue;
    const trace = foldTrace(readEntries(path, { headOnly: true }));
    if (trace.invocation_id === invocationId) return { path, trace };
  }
  return undefined;
}
