/**
 * The sums that an invocation's end carries: those of its calls, and where the agent itself says more, the
 * agent's.
 */

import type { ConversationFacts } from "@spoor/adapters";
import { type Totals, totalsOf, type Trace, type Usage } from "@spoor/trace";

/** Token counts that a call's own lines left open are taken from what the agent says of the whole run. */
export function reportedTotals(
  trace: Trace,
  { reportedCostUsd, reportedUsage }: Pick<ConversationFacts, "reportedCostUsd" | "reportedUsage">,
): Totals {
  const totals = totalsOf(trace, reportedCostUsd);
  const { partial, ...known } = totals.usage;
  if (partial === undefined || reportedUsage === undefined) return totals;
  const usage: Usage = known;
  const stillPartial: string[] = [];
  for (const field of partial as (keyof Omit<Usage, "partial">)[]) {
    const reported = reportedUsage[field];
    if (reported === undefined || reported < (known[field] ?? 0)) stillPartial.push(field);
    else usage[field] = reported;
  }
  return { ...totals, usage: stillPartial.length === 0 ? usage : { ...usage, partial: stillPartial } };
}
