/** A trace as its readers see it, for comparing two files that were written in different ways. */

import { foldTrace, PromptRestorer, readEntries, toInvocation, type TraceRecord } from "@spoor/trace";

/** Fields that say where in which file a record stands. */
const PLACE = new Set(["seq", "from", "writer", "recorder", "losses"]);

export function foldedView(path: string): unknown {
  return JSON.parse(JSON.stringify(view(path)));
}

function view(path: string): unknown {
  const trace = foldTrace(readEntries(path));
  const prompts = new PromptRestorer(trace);
  const { path: _path, losses: _losses, ...invocation } = toInvocation(trace, path, () => "gone");
  const spans = trace.spans.map((span) => ({
    ...span,
    start: plain(span.start),
    end: withoutTime(plain(span.end)),
    points: span.points.map(plain),
    ...(span.kind === "model" ? { restored: prompts.restore(span.span_id) } : {}),
  }));
  return { invocation, spans };
}

function plain(record: TraceRecord | undefined): Record<string, unknown> | undefined {
  if (record === undefined) return undefined;
  return Object.fromEntries(Object.entries(record).filter(([field]) => !PLACE.has(field)));
}

/** An end that moved keeps its first record's time; `end_time` of the span is what counts. */
function withoutTime(record: Record<string, unknown> | undefined): Record<string, unknown> | undefined {
  if (record === undefined) return undefined;
  const { time: _time, ...rest } = record;
  return rest;
}
