/** Figures as people read them: durations, tokens, dollars. */

import type { Invocation, Usage } from "@spoor/trace";

/** 85 ms, 12.4 s, 3 min 05 s, 2 h 07 min, 3 d 04 h. */
export function formatDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "?";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  return `${Math.floor(minutes / 1440)} d ${two(Math.floor((minutes % 1440) / 60))} h`;
}

/** 950, 20.1k, 3.4M. */
export function formatCount(count: number): string {
  if (count < 1000) return String(count);
  if (count < 999_950) return `${(count / 1000).toFixed(1)}k`;
  return `${(count / 1_000_000).toFixed(1)}M`;
}

/** What went in and what came out; a lower bound is marked as one. */
export function formatTokens(usage: Usage): string {
  const figure = (field: "input_tokens" | "output_tokens"): string => {
    const count = usage[field];
    return count === undefined
      ? "?"
      : `${usage.partial?.includes(field) === true ? "≥" : ""}${formatCount(count)}`;
  };
  return `${figure("input_tokens")} in / ${figure("output_tokens")} out tokens`;
}

export function formatCost({ usd }: Pick<Invocation["cost"], "usd">): string {
  if (usd === null) return "cost unknown";
  return `$${usd.toFixed(usd !== 0 && usd < 0.1 ? 4 : 2)}`;
}
