/**
 * Folds the entries of a trace file into spans.
 *
 * Records may come in any order: an end before its start, an amendment before what it amends, a child after
 * its parent ended. So all of them are gathered first, by span, and joined once at the end: amendments in
 * writing order, starts with ends, points with their spans.
 */

import type { SpanKind } from "./ids.ts";
import type { Entry } from "./read-entries.ts";
import type { Amend, Envelope, LossKind, Losses, Message, SpanId, TraceRecord } from "./record.ts";
import type { InvocationSpan, Point, Span, Trace } from "./span.ts";

/** Which span a record begins or ends. */
const ROLE: Readonly<
  Record<string, { kind: SpanKind; role: "start" | "end" } | { kind: "point" } | undefined>
> = {
  __proto__: null as never,
  invocation_start: { kind: "invocation", role: "start" },
  invocation_end: { kind: "invocation", role: "end" },
  turn_start: { kind: "turn", role: "start" },
  turn_end: { kind: "turn", role: "end" },
  prompt: { kind: "model", role: "start" },
  completion: { kind: "model", role: "end" },
  tool_call: { kind: "tool", role: "start" },
  tool_result: { kind: "tool", role: "end" },
  agent_start: { kind: "agent", role: "start" },
  agent_end: { kind: "agent", role: "end" },
  event: { kind: "point" },
  decision: { kind: "point" },
  score: { kind: "point" },
};

interface Gathered {
  kind: SpanKind;
  start?: TraceRecord;
  end?: TraceRecord;
}

/**
 * @param entries As `readEntries` yields them, whole or head-only; of head-only entries the spans simply have
 * no content.
 */
export function foldTrace(entries: Iterable<Entry>): Trace {
  const losses: Losses = {};
  const lose = (kind: LossKind, count = 1): void => {
    losses[kind] = (losses[kind] ?? 0) + count;
  };
  const gathered = new Map<SpanId, Gathered>();
  const points = new Map<SpanId, Point>();
  const amends: Amend[] = [];
  let records = 0;
  let lastTime: string | undefined;
  let invocationId: string | undefined;

  for (const entry of entries) {
    if (entry.kind !== "record") {
      lose(entry.kind);
      continue;
    }
    const { record } = entry;
    records++;
    invocationId ??= record.invocation_id;
    if (record.type !== "amend" && (lastTime === undefined || record.time > lastTime)) lastTime = record.time;
    if (record.type === "amend") {
      amends.push(record);
    } else if (record.type === "gap") {
      lose("gaps", record.records);
    } else {
      const role = ROLE[record.type];
      if (role === undefined) lose("unknown");
      else if (role.kind === "point") points.set(record.span_id, record as Point);
      else gather(gathered, record, role.kind, (role as { role: "start" | "end" }).role);
    }
  }

  const amended = applyAmends(gathered, points, amends);
  if (amended.orphans > 0) lose("unknown", amended.orphans);
  const root = [...gathered.values()].find((one) => one.kind === "invocation");
  for (const [kind, count] of Object.entries(endOf(root)?.losses ?? {})) lose(kind as LossKind, count);

  const closedAt = root?.end?.time ?? lastTime ?? "";
  const spans = [...gathered].map(([id, one]) => toSpan(id, one, closedAt, amended.ends.get(id)));
  spans.sort(
    (a, b) =>
      Number(b.kind === "invocation") - Number(a.kind === "invocation") ||
      compare(a.start_time, b.start_time) ||
      compare(firstSeq(a), firstSeq(b)),
  );

  const byId = new Map(spans.map((span) => [span.span_id, span]));
  const looseEvents: Point[] = [];
  const ordered = [...points.values()].sort((a, b) => compare(a.time, b.time) || a.seq - b.seq);
  for (const point of ordered) (byId.get(point.parent_span_id ?? "")?.points ?? looseEvents).push(point);

  const invocation = spans.find((span): span is InvocationSpan => span.kind === "invocation");
  return { invocation_id: invocationId, invocation, spans, looseEvents, losses, records, lastTime };
}

/** The first record of a kind stands: no type repeats for a span, so a second one is a copy. */
function gather(
  gathered: Map<SpanId, Gathered>,
  record: TraceRecord,
  kind: SpanKind,
  role: "start" | "end",
): void {
  const one = gathered.get(record.span_id);
  if (one === undefined) gathered.set(record.span_id, { kind, [role]: record });
  else one[role] ??= record;
}

function applyAmends(
  gathered: Map<SpanId, Gathered>,
  points: Map<SpanId, Point>,
  amends: Amend[],
): { orphans: number; ends: Map<SpanId, string> } {
  let orphans = 0;
  const ends = new Map<SpanId, string>();
  for (const amend of amends.sort((a, b) => a.seq - b.seq)) {
    const role = ROLE[amend.of];
    if (role?.kind === "point") {
      const point = points.get(amend.span_id);
      if (point === undefined) orphans++;
      else points.set(amend.span_id, amendRecord(point, amend) as Point);
      continue;
    }
    const one = gathered.get(amend.span_id);
    const part = role === undefined ? undefined : (role as { role: "start" | "end" }).role;
    const record = part === undefined ? undefined : one?.[part];
    if (one === undefined || part === undefined || record === undefined) {
      orphans++;
      continue;
    }
    one[part] = amendRecord(record, amend);
    // The end itself moved: a call that an earlier reading saw only half of.
    const durationMs = amend["duration_ms"];
    if (part === "end" && typeof durationMs === "number" && one.start !== undefined)
      ends.set(amend.span_id, addMs(one.start.time, durationMs));
  }
  return { orphans, ends };
}

const NOT_AMENDED = new Set([
  "v",
  "type",
  "seq",
  "time",
  "invocation_id",
  "span_id",
  "parent_span_id",
  "from",
  "of",
  "content",
]);

/**
 * One amendment applied: objects merge by key, other values replace, and the messages of `content` append.
 * Returns a new record; neither argument is changed.
 */
export function amendRecord(record: TraceRecord, amend: Amend): TraceRecord {
  const merged: Record<string, unknown> = { ...record };
  for (const field of Object.keys(amend)) {
    if (!NOT_AMENDED.has(field)) merged[field] = mergeValue(merged[field], amend[field]);
  }
  if (amend.content !== undefined) {
    const content: Record<string, unknown> = {
      ...(merged["content"] as Record<string, unknown> | undefined),
    };
    for (const [key, value] of Object.entries(amend.content))
      content[key] =
        key === "messages"
          ? joinMessages([...((content[key] as Message[] | undefined) ?? []), ...(value as Message[])])
          : mergeValue(content[key], value);
    merged["content"] = content;
  }
  return merged as unknown as TraceRecord;
}

function mergeValue(old: unknown, value: unknown): unknown {
  if (!isPlainObject(old) || !isPlainObject(value)) return value;
  const merged: Record<string, unknown> = { ...old };
  for (const [key, inner] of Object.entries(value)) merged[key] = mergeValue(merged[key], inner);
  return merged;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** Neighbours of one role are one message: a completion read in two halves equals the one read whole. */
export function joinMessages(messages: readonly Message[]): Message[] {
  const joined: Message[] = [];
  for (const message of messages) {
    const last = joined.at(-1);
    if (last !== undefined && last.role === message.role)
      joined[joined.length - 1] = { ...last, parts: [...last.parts, ...message.parts] };
    else joined.push(message);
  }
  return joined;
}

function toSpan(id: SpanId, one: Gathered, closedAt: string, movedEnd: string | undefined): Span {
  const { start, end } = one;
  const any = (start ?? end) as Envelope;
  const endTime = movedEnd ?? end?.time ?? (closedAt > any.time ? closedAt : any.time);
  const durationMs = (end as { duration_ms?: number } | undefined)?.duration_ms;
  const startTime = start?.time ?? (durationMs === undefined ? any.time : addMs(any.time, -durationMs));
  const parent = start?.parent_span_id ?? end?.parent_span_id;
  return {
    kind: one.kind,
    span_id: id,
    ...(parent === undefined ? {} : { parent_span_id: parent }),
    name: nameOf(one),
    status: end === undefined ? "interrupted" : String((end as { status?: unknown }).status ?? "unknown"),
    start_time: startTime,
    // A clock that was set back must not give a negative duration.
    end_time: endTime < startTime ? startTime : endTime,
    ended: end !== undefined,
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
    points: [],
  } as unknown as Span;
}

function nameOf({ kind, start, end }: Gathered): string {
  const fields = { ...end, ...start } as {
    name?: string;
    model?: string;
    turn?: number;
    agent?: { name?: string };
  };
  if (kind === "turn") return `turn ${fields.turn ?? "?"}`;
  if (kind === "model")
    return (end as { model?: string } | undefined)?.model ?? fields.model ?? "unknown model";
  if (kind === "tool") return fields.name ?? "unknown tool";
  return fields.agent?.name ?? (kind === "agent" ? "agent" : "unknown");
}

function endOf(root: Gathered | undefined): { losses?: Losses } | undefined {
  return root?.end as { losses?: Losses } | undefined;
}

function firstSeq(span: Span): number {
  return (span.start ?? span.end)?.seq ?? 0;
}

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function addMs(time: string, durationMs: number): string {
  const at = Date.parse(time) + Math.round(durationMs);
  return Number.isFinite(at) && Math.abs(at) < 8.64e15 ? new Date(at).toISOString() : time;
}
