/** What Claude Code says that calls used. Anthropic counts the kinds of input apart; a trace's are inclusive. */

import type { Usage } from "@spoor/trace";
import type { ConversationFacts } from "../adapter.ts";
import { asCount, asObject, asObjects, at } from "../json.ts";

/**
 * Anthropic counts the three input kinds apart; ours are inclusive.
 *
 * @param final Whether the line says why the answer stopped: where none does, its output is a snapshot of the
 * stream's start (versions up to 2.1.39, and every line of the stdout stream).
 */
export function usageOf(value: unknown, final: boolean): Usage | undefined {
  const usage = asObject(value);
  if (usage === undefined) return undefined;
  const uncached = asCount(usage["input_tokens"]);
  const cacheRead = asCount(usage["cache_read_input_tokens"]) ?? 0;
  const cacheWrite = asCount(usage["cache_creation_input_tokens"]) ?? 0;
  const output = asCount(usage["output_tokens"]);
  if (uncached === undefined && output === undefined) return undefined;
  const reasoning = asCount(at(usage, "output_tokens_details", "thinking_tokens"));
  return {
    input_tokens: (uncached ?? 0) + cacheRead + cacheWrite,
    cache_read_tokens: cacheRead,
    cache_write_tokens: cacheWrite,
    output_tokens: output ?? 0,
    ...(reasoning === undefined ? {} : { reasoning_tokens: reasoning }),
    ...(final ? {} : { partial: ["output_tokens"] }),
  };
}

/** `modelUsage` of the last `result`, and of `cost-state`: sums over all agents of the run. */
function usageOfModels(value: unknown): Usage | undefined {
  const models = asObjects(Object.values(asObject(value) ?? {}));
  if (models.length === 0) return undefined;
  const sum = (field: string): number =>
    models.reduce((total, model) => total + (asCount(model[field]) ?? 0), 0);
  const read = sum("cacheReadInputTokens");
  const write = sum("cacheCreationInputTokens");
  return {
    input_tokens: sum("inputTokens") + read + write,
    cache_read_tokens: read,
    cache_write_tokens: write,
    output_tokens: sum("outputTokens"),
    reasoning_tokens: sum("thinkingTokens"),
  };
}

/** What the agent says its whole session has cost: sums over all agents, from the session's first process on. */
export class Reported {
  readonly #facts: ConversationFacts;
  #earlierUsd = 0;
  #earlierUsage: Usage = {};
  #isOthers = false;

  constructor(facts: ConversationFacts) {
    this.#facts = facts;
  }

  cost(usd: number | undefined): void {
    if (usd !== undefined && !this.#isOthers) this.#facts.reportedCostUsd = usd - this.#earlierUsd;
  }

  usage(models: unknown): void {
    const usage = usageOfModels(models);
    if (usage !== undefined && !this.#isOthers)
      this.#facts.reportedUsage = combined(usage, this.#earlierUsage, -1);
  }

  /** What was reported so far belongs to an earlier trace. */
  restart(): void {
    const { reportedCostUsd, reportedUsage } = this.#facts;
    this.#earlierUsd += reportedCostUsd ?? 0;
    this.#earlierUsage = combined(this.#earlierUsage, reportedUsage ?? {}, 1);
    this.#facts.reportedCostUsd = undefined;
    this.#facts.reportedUsage = undefined;
  }

  /** The sums include another session's, which are not known. */
  disown(): void {
    this.#isOthers = true;
    this.#facts.reportedCostUsd = undefined;
    this.#facts.reportedUsage = undefined;
  }
}

const FIELDS = [
  "input_tokens",
  "cache_read_tokens",
  "cache_write_tokens",
  "output_tokens",
  "reasoning_tokens",
] as const;

function combined(a: Usage, b: Usage, sign: 1 | -1): Usage {
  const usage: Usage = {};
  for (const field of FIELDS) usage[field] = Math.max(0, (a[field] ?? 0) + sign * (b[field] ?? 0));
  return usage;
}
