/**
 * One invocation in one flat object: what `list`, `import` and `--result-file` print, and the sums that
 * `invocation_end` carries. Only heads are needed.
 */

import type {
  Cost,
  Decision,
  InvocationStart,
  InvocationStatus,
  Losses,
  Timestamp,
  ToolResult,
  Totals,
  Usage,
  Verdict,
} from "./record.ts";
import type { Trace } from "./span.ts";

/** The documented shape of design/cli.md; keys in this order. */
export interface Invocation {
  invocation_id: string;
  trace_id: string;
  path: string;
  origin: InvocationStart["origin"] | "unknown";
  agent: string;
  role: string | null;
  team: string | null;
  conversation_id: string | null;
  session_id: string | null;
  status: InvocationStatus | "running";
  start_time: Timestamp;
  /** From the first record to the end; null while nothing is known. */
  duration_ms: number | null;
  /** Sum of the turns' durations: without the idle time of an open terminal. */
  active_ms: number | null;
  turns: number;
  llm_calls: number;
  llm_errors: number;
  tool_calls: number;
  tool_errors: number;
  usage: Usage;
  cost: { usd: number | null; basis: Cost["basis"] };
  models: string[];
  decision: Verdict | null;
  repository_url: string | null;
  head_revision: string | null;
  change_url: string | null;
  run_url: string | null;
  losses: Losses;
}

const TOKEN_FIELDS = [
  "input_tokens",
  "cache_read_tokens",
  "cache_write_tokens",
  "output_tokens",
  "reasoning_tokens",
] as const;

/** Adds `usage` into `sum`; what one side does not know stays out, and what is partial stays partial. */
export function addUsage(sum: Usage, usage: Usage | undefined): void {
  if (usage === undefined) return;
  for (const field of TOKEN_FIELDS) {
    const value = usage[field];
    if (value !== undefined) sum[field] = (sum[field] ?? 0) + value;
  }
  for (const field of usage.partial ?? [])
    if (!(sum.partial ??= []).includes(field)) sum.partial = [...sum.partial, field].sort();
}

/** Every result that the agent flags or whose exit code is not 0, refused and stopped ones included. */
export function isToolError(
  result: Pick<ToolResult, "error_basis" | "exit_code"> & { status?: ToolResult["status"] },
): boolean {
  return result.status === "error" || result.error_basis !== undefined || (result.exit_code ?? 0) !== 0;
}

/**
 * The sums of a trace's own spans, sub-agents included.
 *
 * @param reportedCostUsd What the agent itself says the run cost; it wins over the sum of its calls.
 */
export function totalsOf(trace: Trace, reportedCostUsd?: number): Totals {
  const usage: Usage = {};
  const totals: Totals = {
    turns: 0,
    llm_calls: 0,
    llm_errors: 0,
    tool_calls: 0,
    tool_errors: 0,
    usage,
    cost: { usd: null, basis: "unknown" },
  };
  let usd = 0;
  let unpriced = 0;
  const bases = new Set<Cost["basis"]>();
  for (const span of trace.spans) {
    if (span.kind === "turn") totals.turns++;
    if (span.kind === "tool" && span.start !== undefined) totals.tool_calls++;
    if (span.kind === "tool" && span.end !== undefined && isToolError(span.end)) totals.tool_errors++;
    if (span.kind !== "model" || span.end === undefined) continue;
    if (span.end.status === "error") totals.llm_errors++;
    else totals.llm_calls++;
    addUsage(usage, span.end.usage);
    if (typeof span.end.cost?.usd === "number") {
      usd += span.end.cost.usd;
      bases.add(span.end.cost.basis);
    } else if (span.end.status !== "error") unpriced++;
  }
  if (reportedCostUsd !== undefined) totals.cost = { usd: reportedCostUsd, basis: "reported" };
  // A sum that leaves a call out would pass for the cost of the run.
  else if (bases.size > 0 && unpriced === 0)
    totals.cost = { usd, basis: bases.size === 1 && bases.has("reported") ? "reported" : "computed" };
  return totals;
}

/** What is shown of a status that the file alone cannot tell. */
export type WriterState = "alive" | "gone" | "unknown";

/**
 * @param path Where the trace lies, as given to the reader.
 * @param writer Whether the process that writes it still runs; asked only where the trace has no end.
 */
export function toInvocation(trace: Trace, path: string, writer: () => WriterState): Invocation {
  const start = trace.invocation?.start;
  const end = trace.invocation?.end;
  const computed = totalsOf(trace);
  // The end knows what the agent said of the whole run, where single calls show less.
  const told = computed.usage.partial === undefined ? undefined : end?.totals?.usage;
  const totals = { ...computed, usage: told ?? computed.usage, cost: end?.totals?.cost ?? computed.cost };
  const startTime = start?.time ?? trace.spans[0]?.start_time ?? trace.lastTime ?? "";
  const turns = trace.spans.filter((span) => span.kind === "turn");
  const decisions = trace.spans
    .flatMap((span) => span.points)
    .concat(trace.looseEvents)
    .filter((point): point is Decision => point.type === "decision")
    .sort((a, b) => (a.time === b.time ? a.seq - b.seq : a.time < b.time ? -1 : 1));
  const models = new Set(
    trace.spans.flatMap((span) => (span.kind === "model" && span.end?.status !== "error" ? [span.name] : [])),
  );
  models.delete("unknown model");
  const lastTime = end?.time ?? trace.lastTime;
  return {
    invocation_id: trace.invocation_id ?? "",
    trace_id: start?.trace_id ?? (trace.invocation_id ?? "").replaceAll("-", ""),
    path,
    origin: start?.origin ?? "unknown",
    agent: start?.agent?.name ?? "plain",
    role: start?.agent?.role ?? null,
    team: start?.agent?.team ?? null,
    conversation_id: start?.conversation_id ?? null,
    session_id: start?.session_id ?? null,
    status:
      end?.status ??
      { alive: "running" as const, gone: "crashed" as const, unknown: "unknown" as const }[writer()],
    start_time: startTime,
    duration_ms: end?.duration_ms ?? (lastTime === undefined ? null : elapsedMs(startTime, lastTime)),
    active_ms: turns.length === 0 ? null : turns.reduce((sum, turn) => sum + activeMs(turn), 0),
    turns: totals.turns,
    llm_calls: totals.llm_calls,
    llm_errors: totals.llm_errors,
    tool_calls: totals.tool_calls,
    tool_errors: totals.tool_errors,
    usage: totals.usage,
    cost: { usd: totals.cost.usd, basis: totals.cost.basis },
    models: [...models].sort(),
    decision: decisions.at(-1)?.verdict ?? null,
    repository_url: start?.pointers?.repository_url ?? null,
    head_revision: start?.pointers?.head_revision ?? null,
    change_url: start?.pointers?.change_url ?? null,
    run_url: start?.pointers?.run_url ?? null,
    losses: trace.losses,
  };
}

function activeMs(turn: Trace["spans"][number]): number {
  const reported = turn.kind === "turn" ? turn.end?.duration_ms : undefined;
  return reported ?? elapsedMs(turn.start_time, turn.end_time);
}

function elapsedMs(start: Timestamp, end: Timestamp): number {
  const ms = Date.parse(end) - Date.parse(start);
  return Number.isFinite(ms) && ms > 0 ? ms : 0;
}
