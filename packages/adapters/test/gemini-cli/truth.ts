/** Figures of a source, counted from its events alone. */

import type { Event } from "../../src/event.ts";
import { traceOf } from "../trace-of.ts";

export interface Figures {
  llmCalls: number;
  llmErrors: number;
  toolCalls: number;
  /** Flagged by the agent itself. */
  toolErrors: number;
  /** Told by an exit code alone: the agent calls these a success. */
  exitCodes: number[];
  input: number;
  cached: number;
  /** Without thoughts, as Gemini counts. */
  output: number;
  thoughts: number;
}

export function figuresOf(events: readonly Event[]): Figures {
  const figures: Figures = {
    llmCalls: 0,
    llmErrors: 0,
    toolCalls: 0,
    toolErrors: 0,
    exitCodes: [],
    input: 0,
    cached: 0,
    output: 0,
    thoughts: 0,
  };
  for (const span of traceOf(events).spans) {
    if (span.kind === "tool") {
      figures.toolCalls++;
      if (span.end?.error_basis === "flag") figures.toolErrors++;
      if (span.end?.error_basis === "text") figures.exitCodes.push(span.end.exit_code ?? -1);
    }
    if (span.kind !== "model") continue;
    if (span.end?.status === "error") figures.llmErrors++;
    else figures.llmCalls++;
    const usage = span.end?.usage ?? {};
    figures.input += usage.input_tokens ?? 0;
    figures.cached += usage.cache_read_tokens ?? 0;
    figures.thoughts += usage.reasoning_tokens ?? 0;
    figures.output += (usage.output_tokens ?? 0) - (usage.reasoning_tokens ?? 0);
  }
  return figures;
}
