/**
 * Folds the entries of a trace file into spans.
 *
 * Records may come in any order: an end before its start, an amendment before what it amends, a child after
 * its parent ended. So all of them are gathered first, by span, and joined once at the end: amendments in
 * writing order, starts with ends, points with their spans. The result depends on what the lines say and not
 * on the order in which they are given.
 */

import { amendRecord } from "./amend-record.ts";
import type { SpanKind } from "./ids.ts";
import type { Entry } from "./read-line.ts";
import {
  type Amend,
  type Envelope,
  hasUnknownField,
  LOSS_KINDS,
  type LossKind,
  type Losses,
  type SpanId,
  type TraceRecord,
} from "./record.ts";
import type { InvocationSpan, Point, Span, Trace } from "./span.ts";

type Part = "start" | "end";

/** Which span a record begins or ends. */
const ROLE: ReadonlyMap<string, { kind: Exclude<SpanKind, "point">; part: Part } | { kind: "point" }> =
  new Map([
    ["invocation_start", { kind: "invocation", part: "start" }],
    ["invocation_end", { kind: "invocation", part: "end" }],
    ["turn_start", { kind: "turn", part: "start" }],
    ["turn_end", { kind: "turn", part: "end" }],
    ["prompt", { kind: "model", part: "start" }],
    ["completion", { kind: "model", part: "end" }],
    ["tool_call", { kind: "tool", part: "start" }],
    ["tool_result", { kind: "tool", part: "end" }],
    ["agent_start", { kind: "agent", part: "start" }],
    ["agent_end", { kind: "agent", part: "end" }],
    ["event", { kind: "point" }],
    ["decision", { kind: "point" }],
    ["score", { kind: "point" }],
  ] as const);

/** The records of one span; the parts of different kinds never share one, whatever a file says. */
interface Gathered {
  id: SpanId;
  kind: Exclude<SpanKind, "point">;
  start?: TraceRecord;
  end?: TraceRecord;
  /** Where an amendment moved the end to. */
  movedEnd?: string;
}

/**
 * @param entries As `readEntries` yields them, whole or head-only; of head-only entries the spans simply have
 * no content. All entries of the file, or all from some line on: what is missing between them counts as lost.
 */
export function foldTrace(entries: Iterable<Entry>): Trace {
  const gathering = new Gathering();
  for (const entry of entries) gathering.add(entry);
  return gathering.fold();
}

class Gathering {
  readonly #spans = new Map<string, Gathered>();
  readonly #points = new Map<SpanId, Point>();
  readonly #amends: Amend[] = [];
  readonly #losses: Losses = {};
  #records = 0;
  /** Lines that took a `seq` and are no record. */
  #damaged = 0;
  #inGaps = 0;
  #fromStart = false;
  #lastSeq = -1;
  #first: TraceRecord | undefined;
  #lastTime: string | undefined;

  add(entry: Entry): void {
    if (entry.offset === 0) this.#fromStart = true;
    if (entry.kind === "record") this.#addRecord(entry.record);
    else this.#lose(entry.kind === "torn" ? "torn" : entry.loss);
    if (entry.kind === "malformed") this.#damaged++;
  }

  #addRecord(record: TraceRecord): void {
    this.#records++;
    if (this.#first === undefined || record.seq < this.#first.seq) this.#first = record;
    if (record.seq > this.#lastSeq) this.#lastSeq = record.seq;
    // An amendment's time is when it became known, which may be long after the run.
    if (record.type === "amend") {
      this.#amends.push(record);
      return;
    }
    if (this.#lastTime === undefined || record.time > this.#lastTime) this.#lastTime = record.time;
    if (record.type === "gap") {
      this.#inGaps += countOf(record.records) ?? 1;
      return;
    }
    const role = ROLE.get(record.type);
    if (role === undefined || hasUnknownField(record)) this.#lose("unknown");
    if (role === undefined) return;
    if (role.kind === "point") this.#addPoint(record as Point);
    else this.#addPart(record, role.kind, role.part);
  }

  #addPoint(point: Point): void {
    const other = this.#points.get(point.span_id);
    if (other !== undefined) this.#lose("malformed");
    if (other === undefined || point.seq < other.seq) this.#points.set(point.span_id, point);
  }

  /** No type repeats for a span: the one written first stands, another one is a fault of the file. */
  #addPart(record: TraceRecord, kind: Gathered["kind"], part: Part): void {
    const key = `${kind} ${record.span_id}`;
    const one = this.#spans.get(key);
    if (one === undefined) {
      this.#spans.set(key, { id: record.span_id, kind, [part]: record });
      return;
    }
    const other = one[part];
    if (other !== undefined) this.#lose("malformed");
    if (other === undefined || record.seq < other.seq) one[part] = record;
  }

  fold(): Trace {
    for (const amend of this.#amends.sort((a, b) => a.seq - b.seq))
      if (!this.#amend(amend)) this.#lose("unknown");

    const root = [...this.#spans.values()]
      .filter((one) => one.kind === "invocation")
      .sort((a, b) => firstSeq(a) - firstSeq(b))[0];
    this.#addWriterLosses((root?.end as { losses?: unknown } | undefined)?.losses);

    const closedAt = root?.movedEnd ?? root?.end?.time ?? this.#lastTime ?? "";
    const spans = [...this.#spans.values()].map((one) => toSpan(one, closedAt)).sort(byStart);
    const byId = new Map(spans.map((span) => [span.span_id, span]));
    const looseEvents: Point[] = [];
    for (const point of [...this.#points.values()].sort((a, b) => compare(a.time, b.time) || a.seq - b.seq))
      (byId.get(point.parent_span_id ?? "")?.points ?? looseEvents).push(point);

    return {
      invocation_id: this.#first?.invocation_id,
      invocation: spans.find(
        (span): span is InvocationSpan => span.kind === "invocation" && span.span_id === root?.id,
      ),
      spans,
      looseEvents,
      losses: inOrder(this.#losses),
      records: this.#records,
      lastTime: this.#lastTime,
    };
  }

  /** @returns false where the record it is about is not in the file. */
  #amend(amend: Amend): boolean {
    const role = ROLE.get(amend.of);
    if (role === undefined) return false;
    if (role.kind === "point") {
      const point = this.#points.get(amend.span_id);
      if (point?.type !== amend.of) return false;
      this.#points.set(amend.span_id, amendRecord(point, amend) as Point);
      return true;
    }
    const one = this.#spans.get(`${role.kind} ${amend.span_id}`);
    const record = one?.[role.part];
    if (one === undefined || record === undefined) return false;
    const amended = amendRecord(record, amend);
    one[role.part] = amended;
    // A call that an earlier reading of its source saw only half of ended later than its record says. A
    // duration told by the agent says nothing of that.
    const { duration_ms: durationMs, duration_basis: basis = "lines" } = amended as {
      duration_ms?: unknown;
      duration_basis?: unknown;
    };
    if (role.part === "end" && "duration_ms" in amend && typeof durationMs === "number" && basis === "lines")
      if (one.start !== undefined) one.movedEnd = addMs(one.start.time, durationMs);
    return true;
  }

  /**
   * The writer sums up at its end what it lost. Records that never reached the file are counted three ways,
   * by `gap` records, by the holes they leave in `seq` and by that sum: the largest is the truth.
   */
  #addWriterLosses(losses: unknown): void {
    let gaps = Math.max(this.#inGaps, this.#holes());
    for (const [name, value] of Object.entries(losses !== null && typeof losses === "object" ? losses : {})) {
      const count = countOf(value) ?? 1;
      if (name === "gaps") gaps = Math.max(gaps, count);
      else
        this.#lose((LOSS_KINDS as readonly string[]).includes(name) ? (name as LossKind) : "unknown", count);
    }
    if (gaps > 0) this.#lose("gaps", gaps);
  }

  #holes(): number {
    if (this.#first === undefined) return 0;
    const expected = this.#lastSeq + 1 - (this.#fromStart ? 0 : this.#first.seq);
    return Math.max(0, expected - this.#records - this.#damaged);
  }

  #lose(kind: LossKind, count = 1): void {
    if (count > 0) this.#losses[kind] = (this.#losses[kind] ?? 0) + count;
  }
}

function toSpan(one: Gathered, closedAt: string): Span {
  const { start, end } = one;
  const any = (start ?? end) as Envelope;
  const { duration_ms: durationMs, status } = (end ?? {}) as { duration_ms?: unknown; status?: unknown };
  const startTime = start?.time ?? (typeof durationMs === "number" ? addMs(any.time, -durationMs) : any.time);
  const endTime = one.movedEnd ?? end?.time ?? closedAt;
  const parent = start?.parent_span_id ?? end?.parent_span_id;
  return {
    kind: one.kind,
    span_id: one.id,
    ...(parent === undefined ? {} : { parent_span_id: parent }),
    name: nameOf(one),
    status: end === undefined ? "interrupted" : (textOf(status) ?? "unknown"),
    start_time: startTime,
    // A clock that was set back must not give a negative duration.
    end_time: endTime < startTime ? startTime : endTime,
    ended: end !== undefined,
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
    points: [],
  } as unknown as Span;
}

/** Lines are not checked beyond their envelope, so a name may be anything. */
function nameOf({ kind, start, end }: Gathered): string {
  const of = (field: string): unknown =>
    (start as Record<string, unknown> | undefined)?.[field] ??
    (end as Record<string, unknown> | undefined)?.[field];
  if (kind === "turn") return `turn ${countOf(of("turn")) ?? "?"}`;
  if (kind === "model")
    return textOf((end as { model?: unknown } | undefined)?.model) ?? textOf(of("model")) ?? "unknown model";
  if (kind === "tool") return textOf(of("name")) ?? "unknown tool";
  const agent = of("agent") as { name?: unknown } | undefined;
  return textOf(agent?.name) ?? (kind === "agent" ? "agent" : "unknown");
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function countOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function inOrder(losses: Losses): Losses {
  return Object.fromEntries(
    LOSS_KINDS.flatMap((kind) => (losses[kind] === undefined ? [] : [[kind, losses[kind]]])),
  );
}

function byStart(a: Span, b: Span): number {
  return (
    Number(b.kind === "invocation") - Number(a.kind === "invocation") ||
    compare(a.start_time, b.start_time) ||
    firstSeq(a) - firstSeq(b)
  );
}

function firstSeq({ start, end }: { start?: TraceRecord; end?: TraceRecord }): number {
  return Math.min(start?.seq ?? Number.MAX_SAFE_INTEGER, end?.seq ?? Number.MAX_SAFE_INTEGER);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function addMs(time: string, durationMs: number): string {
  const at = Date.parse(time) + Math.round(durationMs);
  return Number.isFinite(at) && Math.abs(at) < 8.64e15 ? new Date(at).toISOString() : time;
}
