/**
 * A recorded command as one object: its own invocation with the sums of all conversations it started.
 */

import { addUsage, type Invocation, type Losses, type Usage } from "@spoor/trace";

/** @param others Invocations with a trace of their own below the command's. */
export function sumInvocations(command: Invocation, others: readonly Invocation[]): Invocation {
  if (others.length === 0) return command;
  const all = [command, ...others];
  const sum = (field: "turns" | "llm_calls" | "llm_errors" | "tool_calls" | "tool_errors"): number =>
    all.reduce((total, one) => total + one[field], 0);
  const usage: Usage = {};
  const losses: Losses = {};
  for (const one of all) {
    addUsage(usage, one.usage);
    for (const [kind, count] of Object.entries(one.losses) as [keyof Losses, number][])
      losses[kind] = (losses[kind] ?? 0) + count;
  }
  const active = all.flatMap((one) => one.active_ms ?? []);
  return {
    ...command,
    active_ms: active.length === 0 ? null : active.reduce((total, ms) => total + ms, 0),
    turns: sum("turns"),
    llm_calls: sum("llm_calls"),
    llm_errors: sum("llm_errors"),
    tool_calls: sum("tool_calls"),
    tool_errors: sum("tool_errors"),
    usage,
    cost: sumCost(all.filter((one) => one.llm_calls > 0)),
    models: [...new Set(all.flatMap((one) => one.models))].sort(),
    decision: all.findLast((one) => one.decision !== null)?.decision ?? null,
    change_url: command.change_url ?? others.find((one) => one.change_url !== null)?.change_url ?? null,
    losses,
  };
}

/** What is unknown in part is unknown in all: a sum that left it out would look like a price. */
function sumCost(all: readonly Invocation[]): Invocation["cost"] {
  if (all.length === 0 || all.some((one) => one.cost.usd === null)) return { usd: null, basis: "unknown" };
  const bases = new Set(all.map((one) => one.cost.basis));
  return {
    usd: all.reduce((total, one) => total + (one.cost.usd ?? 0), 0),
    basis: bases.size === 1 && bases.has("reported") ? "reported" : "computed",
  };
}
