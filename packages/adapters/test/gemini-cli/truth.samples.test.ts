/** Every Gemini source that the samples count, against those independent counts. */

import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { geminiCli } from "../../src/gemini-cli/index.ts";
import { linesOfFile, readAll } from "./read-source.ts";
import { figuresOf } from "./truth.ts";

const SAMPLES = new URL("../../../../../shared/samples/", import.meta.url).pathname;

interface Truth {
  kind: string;
  llm_calls?: number;
  tool_calls?: number;
  tool_errors?: number;
  tokens?: { input: number; output: number; cached: number; thoughts: number; tool: number };
  result?: { input_tokens: number; output_tokens: number; cached: number; total_tokens: number };
}

const truth = (
  existsSync(`${SAMPLES}truth.json`) ? JSON.parse(readFileSync(`${SAMPLES}truth.json`, "utf8")) : {}
) as Record<string, Truth>;
const counted = Object.entries(truth).filter(([, { kind }]) => /^gemini-(chat|stream)/.test(kind));

/** By our contract a shell command that exits with a code is an error; Gemini flags it as a success. */
const EXIT_CODES: Record<string, number[]> = {
  "gemini/self-0.61.0-ok/session-2026-11-20T14-40-f5e25011.jsonl": [3],
};

describe.skipIf(counted.length === 0)("the counted samples", () => {
  test.each(counted.filter(([, { kind }]) => kind !== "gemini-stream-json"))("%s", (file, counts) => {
    const figures = figuresOf(readAll(linesOfFile(SAMPLES + file)));
    expect(figures).toEqual({
      llmCalls: counts.llm_calls,
      llmErrors: 0,
      toolCalls: counts.tool_calls,
      toolErrors: counts.tool_errors,
      exitCodes: EXIT_CODES[file] ?? [],
      input: (counts.tokens?.input ?? 0) + (counts.tokens?.tool ?? 0),
      cached: counts.tokens?.cached,
      output: counts.tokens?.output,
      thoughts: counts.tokens?.thoughts,
    });
  });

  test.each(counted.filter(([, { kind }]) => kind === "gemini-stream-json"))("%s", (file, counts) => {
    const parser = geminiCli.createParser();
    const figures = figuresOf(readAll(linesOfFile(SAMPLES + file), parser));
    const { input_tokens = 0, output_tokens = 0, cached = 0, total_tokens = 0 } = counts.result ?? {};
    expect(figures).toMatchObject({ toolCalls: counts.tool_calls, toolErrors: counts.tool_errors });
    expect(parser.facts.reportedUsage).toEqual({
      input_tokens,
      cache_read_tokens: cached,
      output_tokens: total_tokens - input_tokens,
      reasoning_tokens: total_tokens - input_tokens - output_tokens,
    });
  });
});
