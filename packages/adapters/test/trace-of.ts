/** Events as the trace they become, so that tests can ask it what a reader would. */

import {
  type Entry,
  foldTrace,
  PromptRestorer,
  type RestoredPrompt,
  spanIdOf,
  type Trace,
  type TraceRecord,
} from "@spoor/trace";
import type { Event, SpanKey } from "../src/event.ts";

const INVOCATION_ID = "01a1f967-2190-7642-a110-f87372fbfa8c";

export function traceOf(events: readonly Event[]): Trace {
  return foldTrace(
    events.map((event, seq): Entry => ({ kind: "record", record: toRecord(event, seq) }) as Entry),
  );
}

/** The messages of every call's full prompt, in the order of the calls. */
export function promptsOf(events: readonly Event[]): (RestoredPrompt | undefined)[] {
  const restorer = new PromptRestorer(traceOf(events));
  return events.flatMap((event) => (event.type === "prompt" ? [restorer.restore(idOf(event.span))] : []));
}

function idOf({ kind, key }: SpanKey): string {
  return spanIdOf(INVOCATION_ID, kind, key);
}

function toRecord(event: Event, seq: number): TraceRecord {
  const { span, parent, from, content, ...fields } = event;
  const record: Record<string, unknown> = {
    v: 1,
    seq,
    invocation_id: INVOCATION_ID,
    ...fields,
    span_id: idOf(span),
  };
  if (parent !== undefined) record["parent_span_id"] = idOf(parent);
  if (from !== undefined) record["from"] = `${from.source}:${from.line}`;
  if (event.type === "prompt") {
    const { base, ...input } = event.input;
    record["input"] = { ...input, ...(base === undefined ? {} : { base_span_id: idOf(base) }) };
  }
  if (event.type === "amend") Object.assign(record, event.fields, { fields: undefined });
  if (event.type === "event") Object.assign(record, event.fields, { fields: undefined });
  if (content !== undefined) record["content"] = content;
  return record as unknown as TraceRecord;
}
