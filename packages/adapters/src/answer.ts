/**
 * What is known of one answer of a model, gathered from the lines that speak of it.
 */

import type { CompletionStatus, Cost, ErrorInfo, Usage } from "@spoor/trace";

/** What a line says of the call it belongs to; fields of later lines replace those of earlier ones. */
export interface Answer {
  model?: string | undefined;
  provider?: string | undefined;
  parameters?: Record<string, unknown> | undefined;
  responseId?: string | undefined;
  finishReason?: string | undefined;
  /** The one with the most output wins, the later on a tie: early lines may carry a snapshot of the stream's start. */
  usage?: Usage | undefined;
  cost?: Cost | undefined;
  status?: CompletionStatus | undefined;
  error?: ErrorInfo | undefined;
  errorMessage?: string | undefined;
  timeToFirstTokenMs?: number | undefined;
}

/** @returns Whether anything changed. */
export function mergeAnswer(answer: Answer, facts: Answer): boolean {
  let changed = false;
  const target = answer as Record<string, unknown>;
  for (const [field, value] of Object.entries(facts)) {
    if (value === undefined || field === "usage" || isSame(target[field], value)) continue;
    target[field] = value;
    changed = true;
  }
  if (facts.usage !== undefined && (facts.usage.output_tokens ?? 0) >= (answer.usage?.output_tokens ?? 0)) {
    changed ||= !isSame(answer.usage, facts.usage);
    answer.usage = facts.usage;
  }
  return changed;
}

/** Of small JSON values; a different order of keys counts as different. */
function isSame(a: unknown, b: unknown): boolean {
  return a === b || (typeof b === "object" && JSON.stringify(a) === JSON.stringify(b));
}
