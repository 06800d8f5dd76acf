/** The samples beside the checkout, against counts that were made without this code. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { totalsOf } from "@spoor/trace";
import { describe, expect, test } from "vitest";
import { codex } from "../../src/codex/index.ts";
import {
  expectOneRecordPerSpan,
  expectPromptsToExtend,
  expectStartsBeforeEnds,
  expectStrictlyIncremental,
} from "../properties.ts";
import { traceOf } from "../trace-of.ts";
import { linesOfFile, ofType, readAll } from "./read.ts";

const SAMPLES = new URL("../../../../../shared/samples/", import.meta.url).pathname;

interface Tokens {
  input_incl_cached: number;
  cached: number;
  cache_write: number;
  output_incl_reasoning: number;
  reasoning: number;
}

interface Truth {
  kind: string;
  llm_calls?: number;
  tool_calls: number;
  server_side_tool_calls?: number;
  tool_errors?: number;
  tool_errors_nonzero_exit_in_output?: number;
  tokens_sum_of_calls?: Partial<Tokens>;
  turn_completed_usage?: { input_tokens: number; cached_input_tokens: number; output_tokens: number }[];
  own_after_replay?: { own_llm_calls: number; own_tool_calls: number; own_tokens: Tokens } | null;
}

/** `truth.json` counts the server-side calls of a whole file; of the fork's five one is in the copied lines. */
const OWN_SERVER_SIDE_CALLS = 4;
/** Likewise its failures: exit codes in outputs after the copied lines. */
const OWN_TOOL_ERRORS = 4;

const truths: [string, Truth][] = existsSync(join(SAMPLES, "truth.json"))
  ? Object.entries(
      ((all) => (all.files ?? all) as Record<string, Truth>)(
        JSON.parse(readFileSync(join(SAMPLES, "truth.json"), "utf8")) as { files?: object },
      ),
    ).filter(([, truth]) => /^codex-(rollout|exec-json)$/.test(truth.kind))
  : [];

describe.skipIf(truths.length === 0)("the samples", () => {
  test("are there", () => {
    expect(truths).toHaveLength(13);
  });

  describe.each(truths)("%s", (name, truth) => {
    const lines = linesOfFile(join(SAMPLES, name));
    const events = readAll(lines);
    const totals = totalsOf(traceOf(events));
    const own = truth.own_after_replay ?? undefined;

    test.runIf(truth.kind === "codex-rollout")("has the model calls and tokens of the truth", () => {
      const tokens = own?.own_tokens ?? truth.tokens_sum_of_calls ?? {};
      expect(totals.llm_calls).toBe(own?.own_llm_calls ?? truth.llm_calls);
      expect([
        totals.usage.input_tokens ?? 0,
        totals.usage.cache_read_tokens ?? 0,
        totals.usage.cache_write_tokens ?? 0,
        totals.usage.output_tokens ?? 0,
        totals.usage.reasoning_tokens ?? 0,
      ]).toEqual([
        tokens.input_incl_cached ?? 0,
        tokens.cached ?? 0,
        tokens.cache_write ?? 0,
        tokens.output_incl_reasoning ?? 0,
        tokens.reasoning ?? 0,
      ]);
    });

    test.runIf(truth.kind === "codex-exec-json")("has the tokens of the last turn's sum", () => {
      const last = truth.turn_completed_usage?.at(-1);
      expect(totals.usage.input_tokens).toBe(last?.input_tokens);
      expect(totals.usage.cache_read_tokens).toBe(last?.cached_input_tokens);
      expect(totals.usage.output_tokens).toBe(last?.output_tokens);
    });

    // The truth of a rollout counts calls that the agent ran; those of the provider stand beside it.
    test("has the tool calls and tool errors of the truth", () => {
      const atProvider = ofType(events, "tool_call").filter((call) => call.executor === "provider").length;
      const counted = truth.kind === "codex-exec-json" ? totals.tool_calls : totals.tool_calls - atProvider;
      expect(counted).toBe(own?.own_tool_calls ?? truth.tool_calls);
      if (truth.kind === "codex-rollout")
        expect(atProvider).toBe(own === undefined ? truth.server_side_tool_calls : OWN_SERVER_SIDE_CALLS);
      expect(totals.tool_errors).toBe(
        own === undefined ? (truth.tool_errors ?? truth.tool_errors_nonzero_exit_in_output) : OWN_TOOL_ERRORS,
      );
    });

    test("gives for any first lines the first events of all", () => {
      const step = Math.max(1, Math.floor(lines.length / 60));
      expectStrictlyIncremental(
        codex,
        lines,
        [...lines.keys()].filter((index) => index % step === 0),
      );
    });

    test("starts and ends each span once, and its prompts extend one another", () => {
      expectOneRecordPerSpan(codex, lines);
      expectStartsBeforeEnds(codex, lines);
      expectPromptsToExtend(codex, lines);
    });
  });
});
