/** A span as `show --json` prints it: docs/cli.md, "The span object". */

import type { Point, Span, Trace } from "@spoor/trace";

type Fields = Record<string, unknown>;

/** Fields that place a record in its file; the span object has its own words for what they say. */
const PLACING: ReadonlySet<string> = new Set([
  "v",
  "type",
  "seq",
  "time",
  "invocation_id",
  "span_id",
  "parent_span_id",
  "from",
  "name",
  "status",
  "content",
]);

/**
 * All spans of a trace, the root first, then by start time.
 *
 * @param withContent Whether prompts, answers, arguments and results are included.
 */
export function spanObjects(trace: Trace, withContent: boolean): Fields[] {
  const home = trace.invocation ?? trace.spans[0];
  return trace.spans.map((span) =>
    spanObject(span, withContent, span === home ? [...span.points, ...trace.looseEvents] : span.points),
  );
}

export function spanObject(span: Span, withContent: boolean, points: readonly Point[] = span.points): Fields {
  const content = withContent ? { ...span.start?.content, ...span.end?.content } : {};
  const own: Fields = {
    span_id: span.span_id,
    parent_span_id: span.parent_span_id ?? null,
    kind: span.kind,
    name: span.name,
    status: span.status,
    start_time: span.start_time,
    end_time: span.end_time,
    ended: span.ended,
  };
  return {
    ...own,
    ...headFields(span.start, own),
    ...headFields(span.end, own),
    events: points.map((point) => pointObject(point, withContent)),
    ...(Object.keys(content).length === 0 ? {} : { content }),
  };
}

/** What a record says of its span. A field that is ours already gets the span's kind before its name: `tool_kind`. */
function headFields(record: object | undefined, own: Fields): Fields {
  const fields = Object.entries(record ?? {}).filter(([name]) => !PLACING.has(name));
  return Object.fromEntries(
    fields.map(([name, value]) => [
      Object.hasOwn(own, name) || name === "events" ? `${String(own["kind"])}_${name}` : name,
      value,
    ]),
  );
}

function pointObject({ type, span_id, time, content, ...fields }: Point, withContent: boolean): Fields {
  const { v: _v, seq: _seq, invocation_id: _id, parent_span_id: _parent, from: _from, ...said } = fields;
  return { type, span_id, time, ...said, ...(withContent && content !== undefined ? { content } : {}) };
}
