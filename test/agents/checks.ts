/** Compares what spoor stored with what the model server knows; every difference is one sentence. */

import type { LoggedCall, Usage } from "../model-server/index.ts";
import { type Conversation, promptDifferences } from "./prompts.ts";
import type { InvocationRow, Spoor } from "./spoor.ts";
import { told, truthOf } from "./truth.ts";

/** The figures that are compared, of a trace or of the truth. */
type Figures = Readonly<
  Record<"llm_calls" | "llm_errors" | "tool_calls" | "tool_errors" | keyof Usage, number>
>;

/** How the rows' sums differ from the truth of `calls`. */
export function figureDifferences(rows: readonly InvocationRow[], calls: readonly LoggedCall[]): string[] {
  const shown = figuresOf(rows);
  const { usage, ...truth } = truthOf(told(calls));
  return compare(shown, { ...truth, ...usage }, (name, is, expected) =>
    is === expected ? undefined : `${name} ${is}, expected ${expected}`,
  );
}

/**
 * The same for an agent that was killed: what it did last may not be on disk, everything else must be.
 * `calls` ends with the call whose tool was under way.
 */
export function killedDifferences(rows: readonly InvocationRow[], calls: readonly LoggedCall[]): string[] {
  const shown = figuresOf(rows);
  const { usage: most, ...all } = truthOf(told(calls));
  const { usage: least, ...before } = truthOf(told(calls).slice(0, -1));
  const floor = { ...before, ...least };
  return compare(shown, { ...all, ...most }, (name, is, expected) =>
    is >= floor[name] && is <= expected ? undefined : `${name} ${is}, expected ${floor[name]} to ${expected}`,
  );
}

function compare(
  shown: Figures,
  truth: Figures,
  judge: (name: keyof Figures, is: number, expected: number) => string | undefined,
): string[] {
  return (Object.keys(shown) as (keyof Figures)[]).flatMap(
    (name) => judge(name, shown[name], truth[name]) ?? [],
  );
}

function figuresOf(rows: readonly InvocationRow[]): Figures {
  const sum = (of: (row: InvocationRow) => number | undefined): number =>
    rows.reduce((total, row) => total + (of(row) ?? 0), 0);
  return {
    llm_calls: sum((row) => row.llm_calls),
    llm_errors: sum((row) => row.llm_errors),
    tool_calls: sum((row) => row.tool_calls),
    tool_errors: sum((row) => row.tool_errors),
    input: sum((row) => row.usage.input_tokens),
    cacheRead: sum((row) => row.usage.cache_read_tokens),
    cacheWrite: sum((row) => row.usage.cache_write_tokens),
    output: sum((row) => row.usage.output_tokens),
    reasoning: sum((row) => row.usage.reasoning_tokens),
  };
}

/** Losses that spoor reports; in these runs nothing may be lost. */
export function lossDifferences(rows: readonly InvocationRow[]): string[] {
  return rows.flatMap(({ losses }) =>
    Object.entries(losses).map(([name, count]) => `loss ${name}: ${count}`),
  );
}

/** What the restored prompts of `rows` were compared with, and what came of it. */
export interface PromptCheck {
  readonly compared: number;
  /** How many of them spoor says to be complete. */
  readonly complete: number;
  readonly differences: readonly string[];
}

/** Restores the prompt of every answered call in `rows` and holds it against the request. */
export function checkPrompts(
  spoor: Spoor,
  rows: readonly InvocationRow[],
  calls: readonly LoggedCall[],
  conversation: Conversation,
): PromptCheck {
  let compared = 0;
  let complete = 0;
  const differences: string[] = [];
  for (const { path } of rows) {
    for (const span of spoor.spans(path).filter(({ kind, status }) => kind === "model" && status === "ok")) {
      const matches = calls.filter((call) => isAnsweredBy(call, span.response_id, span.usage));
      const [call] = matches;
      if (call === undefined) differences.push(`no request answers to model call ${span.span_id}`);
      if (call === undefined || matches.length > 1) continue; // two conversations with equal figures and no ids
      const restored = spoor.prompt(path, span.span_id);
      compared += 1;
      if (restored.complete) complete += 1;
      const where = `prompt of ${call.conversation} call ${calls.indexOf(call)}`;
      differences.push(...promptDifferences(call, restored, conversation).map((what) => `${where} ${what}`));
    }
  }
  return { compared, complete, differences };
}

/** By the response's id where the agent keeps it, else by the tokens, which no two steps share. */
function isAnsweredBy(
  { answer }: LoggedCall,
  responseId: string | undefined,
  usage: InvocationRow["usage"] = {},
): boolean {
  if (responseId !== undefined) return responseId.endsWith(answer.id);
  return usage.input_tokens === answer.usage.input && usage.output_tokens === answer.usage.output;
}
