/** One run for people: what it was, its tree with times on one scale, what was in flight, what was removed or lost. */

import type { Invocation, Point, Span, Trace } from "@spoor/trace";
import { formatCost, formatCount, formatDuration, formatTokens } from "../format.ts";
import { jsonText } from "../json.ts";
import { formatLocalTime } from "../local-time.ts";
import { type Line, type Piece, type Style, styled } from "../terminal/screen.ts";
import { padTo } from "../terminal/width.ts";
import { detailOf } from "./detail.ts";
import { shortIdLength } from "./span-ids.ts";
import { type TreeRow, treeRows } from "./tree.ts";

export interface OverviewOptions {
  timeZone: string | undefined;
  /** Width of the terminal. */
  columns: number;
}

export function overviewLines(trace: Trace, invocation: Invocation, options: OverviewOptions): Line[] {
  return [
    ...headerLines(trace, invocation, options),
    [],
    ...treeLines(trace, invocation, options),
    ...footerLines(trace, invocation, options),
  ];
}

// --- header -------------------------------------------------------------------------------------------------

function headerLines(trace: Trace, invocation: Invocation, { timeZone }: OverviewOptions): Line[] {
  const { agent, role, usage, cost, models, status } = invocation;
  const { pointers = {}, agent: own } = trace.invocation?.start ?? {};
  const { exit_code: exitCode, signal } = trace.invocation?.end ?? {};
  const calls = invocation.llm_calls + invocation.llm_errors;
  const ended = signal === undefined ? (exitCode === undefined ? "" : ` (exit ${exitCode})`) : ` (${signal})`;
  const active =
    invocation.active_ms === null || invocation.active_ms === invocation.duration_ms
      ? ""
      : `, active ${formatDuration(invocation.active_ms)}`;
  const where = joined([
    pointers.repository_url === undefined
      ? pointers.head_revision?.slice(0, 12)
      : `${pointers.repository_url}${pointers.head_revision === undefined ? "" : ` @ ${pointers.head_revision.slice(0, 12)}`}`,
    pointers.ref_name,
    pointers.dirty === true ? "uncommitted changes" : undefined,
  ]);
  const links = joined([pointers.change_url, pointers.issue_url, pointers.run_url]);
  return [
    [
      styled([agent, own?.version].filter(Boolean).join(" "), "bold"),
      role === null || role === agent ? "" : ` · ${role}`,
      " · ",
      styled(`${status}${ended}`, styleOfStatus(status)),
      ` · ${formatLocalTime(invocation.start_time, timeZone)} · ${formatDuration(invocation.duration_ms)}${active}`,
    ],
    ...(calls + invocation.tool_calls === 0
      ? []
      : [
          [
            joined([
              calls === 0 ? undefined : `${formatTokens(usage)}${cacheText(usage.cache_read_tokens)}`,
              calls === 0 ? undefined : `${formatCost(cost)}${cost.usd === null ? "" : ` ${cost.basis}`}`,
              counted(calls, "model call", invocation.llm_errors),
              counted(invocation.tool_calls, "tool call", invocation.tool_errors),
              models.join(", "),
            ]),
          ],
        ]),
    ...[where, links].filter((text) => text !== "").map((text): Line => [text]),
    [styled(`run ${invocation.invocation_id} · ${invocation.path}`, "dim")],
  ];
}

function joined(parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== "").join(" · ");
}

function cacheText(cached: number | undefined): string {
  return cached === undefined || cached === 0 ? "" : ` (${formatCount(cached)} from cache)`;
}

function counted(count: number, noun: string, failed: number): string | undefined {
  if (count === 0) return undefined;
  return `${count} ${noun}${count === 1 ? "" : "s"}${failed === 0 ? "" : `, ${failed} failed`}`;
}

export function styleOfStatus(status: string): Style | undefined {
  if (["success", "ok"].includes(status)) return "green";
  if (["failure", "error", "crashed", "timeout", "denied"].includes(status)) return "red";
  return status === "running" ? "cyan" : "yellow";
}

// --- tree ---------------------------------------------------------------------------------------------------

/** Columns of the bar that shows when each span ran, and how wide a terminal must be to have room for it. */
const BAR_COLUMNS = 16;
const WIDE_ENOUGH_FOR_BAR = 100;
const WIDE_ENOUGH_FOR_TOKENS = 72;

interface Scale {
  startMs: number;
  /** At least 1. */
  totalMs: number;
}

function treeLines(trace: Trace, invocation: Invocation, { columns }: OverviewOptions): Line[] {
  const scale = scaleOf(trace);
  const idLength = shortIdLength(trace);
  const rows = treeRows(trace).map((row) => ({
    row,
    cells: row.kind === "span" ? spanCells(row.span, scale, idLength) : pointCells(row.point, scale),
  }));
  const titles: Cells = { start: "start", took: "took", tokens: "in→out", id: "span", bar: "" };
  const shown = (Object.keys(titles) as (keyof Cells)[]).filter((name) => {
    if (name === "bar") return columns >= WIDE_ENOUGH_FOR_BAR;
    return (
      name !== "tokens" ||
      (columns >= WIDE_ENOUGH_FOR_TOKENS && rows.some(({ cells }) => cells.tokens !== ""))
    );
  });
  const widths = new Map(
    shown.map((name) => [
      name,
      rows.reduce((most, { cells }) => Math.max(most, cells[name].length), titles[name].length),
    ]),
  );
  const fixed = (cells: Cells): string =>
    shown
      .map((name) =>
        padTo(cells[name], widths.get(name) ?? 0, name === "id" || name === "bar" ? "left" : "right"),
      )
      .join("  ");
  return [
    [styled(fixed(titles), "dim")],
    ...rows.map(({ row, cells }): Line => [
      styled(`${fixed(cells)}  ${row.prefix}`, "dim"),
      ...rowPieces(row, invocation),
    ]),
  ];
}

interface Cells {
  start: string;
  took: string;
  tokens: string;
  id: string;
  bar: string;
}

function spanCells(span: Span, scale: Scale, idLength: number): Cells {
  const startMs = Date.parse(span.start_time);
  const endMs = Date.parse(span.end_time);
  const usage = span.kind === "model" ? span.end?.usage : undefined;
  return {
    start: offsetText(startMs, scale),
    took: Number.isFinite(endMs - startMs) ? formatDuration(endMs - startMs) : "",
    tokens: usage === undefined ? "" : `${countText(usage.input_tokens)}→${countText(usage.output_tokens)}`,
    id: span.span_id.slice(0, idLength),
    bar: barText(startMs, endMs, scale),
  };
}

function pointCells(point: Point, scale: Scale): Cells {
  const ms = Date.parse(point.time);
  return { start: offsetText(ms, scale), took: "", tokens: "", id: "", bar: barText(ms, ms, scale) };
}

function countText(count: unknown): string {
  return typeof count === "number" ? formatCount(count) : "?";
}

function scaleOf({ spans, invocation }: Trace): Scale {
  const starts = spans.map((span) => Date.parse(span.start_time)).filter(Number.isFinite);
  const ends = spans.map((span) => Date.parse(span.end_time)).filter(Number.isFinite);
  const own = Date.parse(invocation?.start_time ?? "");
  const startMs = Number.isFinite(own) ? own : starts.reduce((least, ms) => Math.min(least, ms), Infinity);
  return { startMs, totalMs: Math.max(1, ends.reduce((most, ms) => Math.max(most, ms), startMs) - startMs) };
}

/** Time since the run began, in the one form that the longest of them needs. */
function offsetText(ms: number, { startMs, totalMs }: Scale): string {
  const tenths = Math.round((ms - startMs) / 100);
  if (!Number.isFinite(tenths)) return "";
  const sign = tenths < 0 ? "-" : "+";
  const seconds = Math.abs(tenths) / 10;
  if (totalMs < 60_000) return `${sign}${seconds.toFixed(1)}s`;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (totalMs < 3_600_000) return `${sign}${minutes}:${two(seconds % 60)}`;
  return `${sign}${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

function barText(fromMs: number, toMs: number, { startMs, totalMs }: Scale): string {
  const cell = (ms: number): number => ((ms - startMs) / totalMs) * BAR_COLUMNS;
  const from = Math.min(BAR_COLUMNS - 1, Math.max(0, Math.floor(cell(fromMs))));
  const to = Math.min(BAR_COLUMNS, Math.max(from + 1, Math.round(cell(toMs))));
  if (!Number.isFinite(from + to)) return " ".repeat(BAR_COLUMNS);
  const body = toMs - fromMs < totalMs / BAR_COLUMNS / 2 ? "╵" : "━".repeat(to - from);
  return `${" ".repeat(from)}${body}`.padEnd(BAR_COLUMNS);
}

function rowPieces(row: TreeRow, invocation: Invocation): Piece[] {
  if (row.kind === "point") return pointPieces(row.point);
  const { span } = row;
  const status = span.kind === "invocation" ? invocation.status : span.status;
  const said = [
    ["ok", "success"].includes(status) ? "" : status,
    span.kind === "tool" && span.end?.exit_code !== undefined && span.end.exit_code !== 0
      ? `exit ${span.end.exit_code}`
      : "",
    span.kind === "model" && span.end?.error !== undefined
      ? `${span.end.error.code ?? span.end.error.type ?? ""}`
      : "",
  ].filter((text) => text !== "");
  const detail = detailOf(span);
  return [
    styled(span.name, span.kind === "model" ? "cyan" : "bold"),
    ...(said.length === 0 ? [] : [" ", styled(said.join(", "), styleOfStatus(status))]),
    ...(detail === "" ? [] : [`  ${detail}`]),
  ];
}

function pointPieces(point: Point): Piece[] {
  if (point.type === "decision")
    return [
      styled("decision ", "dim"),
      styled(String(point.verdict), "bold"),
      styled(` (${String(point.basis)})`, "dim"),
    ];
  if (point.type === "score") {
    const value = [point.value, point.label].filter((said) => said !== undefined).map(String);
    return [styled("score ", "dim"), `${String(point.name)} ${value.join(" ")}`];
  }
  const {
    type: _t,
    v: _v,
    seq: _s,
    time: _time,
    invocation_id: _i,
    span_id: _id,
    parent_span_id: _p,
    from: _f,
    content: _c,
    name,
    ...fields
  } = point;
  const said = Object.entries(fields).map(
    ([key, value]) => `${key} ${typeof value === "object" ? jsonText(value) : String(value)}`,
  );
  return [styled(`${String(name)}`, "yellow"), said.length === 0 ? "" : `  ${said.join(", ")}`];
}

// --- footer -------------------------------------------------------------------------------------------------

const MOST_IN_FLIGHT = 10;

function footerLines(trace: Trace, invocation: Invocation, options: OverviewOptions): Line[] {
  const removed = countsText(trace.invocation?.end?.redactions);
  const lost = countsText(trace.losses);
  const lines: Line[] = [
    ...inFlightLines(trace, invocation, options),
    ...(removed === "" ? [] : [[styled("Secrets removed: ", "bold"), removed]]),
    ...(lost === "" ? [] : [[styled("Lost: ", "yellow"), lost]]),
  ];
  return lines.length === 0 ? [] : [[], ...lines];
}

/** What stood open when the trace stopped: the first thing to look at after a crash. */
function inFlightLines(trace: Trace, { status }: Invocation, { timeZone }: OverviewOptions): Line[] {
  const open = trace.spans.filter((span) => !span.ended && span.kind !== "invocation");
  const deepest = open.filter((span) => span.kind !== "turn");
  const shown = deepest.length > 0 ? deepest : open;
  if (shown.length === 0) return [];
  const title =
    { running: "In flight now:", crashed: "In flight when it died:" }[status as string] ?? "Never ended:";
  const idLength = shortIdLength(trace);
  return [
    [styled(title, status === "running" ? "cyan" : "red")],
    ...shown
      .slice(0, MOST_IN_FLIGHT)
      .map((span): Line => [
        `  ${span.span_id.slice(0, idLength)}  `,
        styled(span.name, "bold"),
        `  since ${formatLocalTime(span.start_time, timeZone)}  ${detailOf(span)}`,
      ]),
    ...(shown.length > MOST_IN_FLIGHT ? [[`  … ${shown.length - MOST_IN_FLIGHT} more`]] : []),
  ];
}

function countsText(counts: object | undefined): string {
  return Object.entries(counts ?? {})
    .filter(([, count]) => count !== 0)
    .map(([name, count]) => `${name} ${String(count)}`)
    .join(", ");
}
