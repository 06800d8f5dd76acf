/** The samples beside the checkout, against counts that were made without this code. */

import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { totalsOf } from "@spoor/trace";
import { describe, expect, test } from "vitest";
import type { SourceKind } from "../../src/adapter.ts";
import { claudeCode } from "../../src/claude-code/index.ts";
import { conversationsBelow, linesOfFiles, ofType, readAll } from "../conversations.ts";
import {
  expectOneRecordPerSpan,
  expectPromptsToExtend,
  expectStartsBeforeEnds,
  expectStrictlyIncremental,
} from "../properties.ts";
import { traceOf } from "../trace-of.ts";

const SAMPLES = new URL("../../../../../shared/samples/", import.meta.url).pathname;

interface Truth {
  kind: string;
  llm_calls: number;
  tool_calls: number;
  tool_errors: number;
  /** Anthropic's kinds, apart. */
  tokens: typeof NO_TOKENS;
}

const NO_TOKENS = { input: 0, cache_read: 0, cache_write: 0, output: 0 };

const KINDS: Record<string, SourceKind> = {
  "claude-transcript": "transcript",
  "claude-subagent": "transcript",
  "claude-stream-json": "stream",
  "claude-stream-array": "stream",
};

const truths: [string, Truth][] = existsSync(join(SAMPLES, "truth.json"))
  ? Object.entries(
      JSON.parse(readFileSync(join(SAMPLES, "truth.json"), "utf8")) as Record<string, Truth>,
    ).filter(([name, { kind }]) => name.startsWith("claude-code/") && kind in KINDS)
  : [];

describe.skipIf(truths.length === 0)("the samples", () => {
  test("are there", () => {
    expect(truths.length).toBeGreaterThan(20);
  });

  // Of the old array form nobody counted anything.
  describe.each(truths.filter(([, { kind }]) => kind !== "claude-stream-array"))("%s", (name, truth) => {
    const kind = KINDS[truth.kind] ?? "transcript";
    const lines = linesOfFiles([{ path: join(SAMPLES, name), name: basename(name), kind }]);
    const events = readAll(claudeCode.createParser(), lines);

    test("has the calls, tools and tokens of the truth", () => {
      const totals = totalsOf(traceOf(events));
      const {
        input_tokens = 0,
        cache_read_tokens = 0,
        cache_write_tokens = 0,
        output_tokens = 0,
      } = totals.usage;
      expect({
        llm_calls: totals.llm_calls,
        tool_calls: totals.tool_calls,
        tool_errors: ofType(events, "tool_result").filter(({ error_basis }) => error_basis === "flag").length,
        tokens: {
          input: input_tokens - cache_read_tokens - cache_write_tokens,
          cache_read: cache_read_tokens,
          cache_write: cache_write_tokens,
          output: output_tokens,
        },
      }).toEqual({
        llm_calls: truth.llm_calls,
        tool_calls: truth.tool_calls,
        tool_errors: truth.tool_errors,
        tokens: { ...NO_TOKENS, ...truth.tokens },
      });
    });

    test("gives for any first lines the first events of all", () => {
      const step = Math.max(1, Math.floor(lines.length / 30));
      expectStrictlyIncremental(
        claudeCode,
        lines,
        [...lines.keys()].filter((index) => index % step === 0),
      );
    });

    test("starts and ends each span once, and its prompts extend one another", () => {
      expectOneRecordPerSpan(claudeCode, lines);
      expectStartsBeforeEnds(claudeCode, lines);
      expectPromptsToExtend(claudeCode, lines);
    });
  });

  test("of a session with sub-agents have the sum of all its files", () => {
    const folder = join(SAMPLES, "claude-code/vscode-b3a7bd3c");
    const [session] = conversationsBelow(claudeCode, folder);
    const totals = totalsOf(traceOf(readAll(claudeCode.createParser(), session?.lines ?? [])));
    const files = truths.filter(([name]) => name.startsWith("claude-code/vscode-b3a7bd3c/"));
    expect(totals.llm_calls).toBe(files.reduce((sum, [, { llm_calls }]) => sum + llm_calls, 0));
    expect(totals.usage.output_tokens).toBe(files.reduce((sum, [, { tokens }]) => sum + tokens.output, 0));
  });
});
