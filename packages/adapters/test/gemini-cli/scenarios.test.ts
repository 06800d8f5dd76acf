/** Whole runs of the released CLI against a scripted model server, whose answers are the truth. */

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { SourceLine } from "../../src/adapter.ts";
import { geminiCli } from "../../src/gemini-cli/index.ts";
import { linesOf, linesOfFile, ofType, read, readAll } from "./read-source.ts";
import { promptsOf } from "../trace-of.ts";
import { figuresOf } from "./truth.ts";

interface Truth {
  runs: object[];
  llm_calls: number;
  llm_errors: number;
  tool_calls: number;
  /** Flagged ones and those that a code tells. */
  tool_errors: number;
  usage: { input: number; cacheRead: number; output: number; reasoning: number };
}

const SCENARIOS = new URL("../../../../fixtures/transcripts/gemini-cli/0.61.0/", import.meta.url).pathname;

const folderOf = (scenario: string): string => `${SCENARIOS}${scenario}/`;
const truthOf = (scenario: string): Truth =>
  JSON.parse(readFileSync(`${folderOf(scenario)}truth.json`, "utf8")) as Truth;

/** The lines of all files of a scenario's conversation, as an import reads them. */
function chatLines(scenario: string): SourceLine[] {
  const chats = `${folderOf(scenario)}home/.gemini/tmp/project/chats`;
  const session = readdirSync(chats).find((name) => name.startsWith("session-")) ?? "";
  return geminiCli
    .filesOf(`${chats}/${session}`, list)
    .flatMap(({ path, name, kind }, source) => linesOf(readFileSync(path, "utf8"), name, kind, source));
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // A session without sub-agents has no folder.
    return [];
  }
}

/** What 0.61 does not write into a chat. */
const HIDDEN: Record<string, { llm_errors?: number; tool_calls?: number }> = {
  // Failed requests leave a trace only where they take back a prompt, not where they answer tool results …
  "api-error": { llm_errors: 1 },
  // … or are tried again.
  retry: { llm_errors: 2 },
  // A tool is written when it is done.
  killed: { tool_calls: 1 },
};

describe.each(readdirSync(SCENARIOS))("%s", (scenario) => {
  const truth = truthOf(scenario);
  const hidden = HIDDEN[scenario] ?? {};
  const lines = chatLines(scenario);
  const events = readAll(lines);

  test("has in its chat the calls, tools, errors and tokens that there were", () => {
    const { exitCodes, toolErrors, ...figures } = figuresOf(events);
    expect({ ...figures, toolErrors: toolErrors + exitCodes.length }).toEqual({
      llmCalls: truth.llm_calls,
      llmErrors: truth.llm_errors - (hidden.llm_errors ?? 0),
      toolCalls: truth.tool_calls - (hidden.tool_calls ?? 0),
      toolErrors: truth.tool_errors,
      input: truth.usage.input,
      cached: truth.usage.cacheRead,
      output: truth.usage.output - truth.usage.reasoning,
      thoughts: truth.usage.reasoning,
    });
  });

  test("knows every line of its chat", () => {
    const parser = geminiCli.createParser();
    readAll(lines, parser);
    expect(parser.facts.unknownTypes).toEqual({});
  });

  test("gives for every prefix of its lines the first of its events", () => {
    const whole = read(lines);
    for (let cut = 0; cut <= lines.length; cut++) {
      const part = read(lines.slice(0, cut));
      expect(whole.slice(0, part.length)).toEqual(part);
    }
  });
});

test("each process of a resumed chat goes on where the last one stood", () => {
  const events = readAll(chatLines("resume"));
  expect(ofType(events, "turn_start").map(({ content }) => content?.prompt)).toEqual([
    "ALPHA first",
    "and second",
    "and third",
  ]);
  expect(promptsOf(events).map((prompt) => prompt?.messages.length)).toEqual([2, 4, 6, 8, 10]);
  expect(ofType(events, "turn_end").map(({ status }) => status)).toEqual(["success", "success", "success"]);
});

test("a turn that the user stopped is interrupted, and its tool cancelled", () => {
  const events = readAll(chatLines("interrupt"));
  expect(ofType(events, "turn_end").map(({ status }) => status)).toEqual(["interrupted", "success"]);
  expect(ofType(events, "tool_result").map(({ status }) => status)).toEqual(["cancelled"]);
});

test("a sub-agent's file is nested below the tool that ran it", () => {
  const events = readAll(chatLines("sub-agent"));
  expect(ofType(events, "agent_start")).toMatchObject([
    { agent: { name: "generalist" }, parent: { kind: "tool" } },
  ]);
  expect(ofType(events, "agent_end")).toMatchObject([{ status: "success" }]);
});

describe("streams", () => {
  test.each([
    ["api-error", "run-1", { llmCalls: 1, llmErrors: 1, toolCalls: 1 }, "error"],
    ["killed", "run-1", { llmCalls: 2, llmErrors: 0, toolCalls: 2 }, "interrupted"],
    ["resume", "run-1", { llmCalls: 2, llmErrors: 0, toolCalls: 1 }, "success"],
    ["resume", "run-2", { llmCalls: 2, llmErrors: 0, toolCalls: 1 }, "success"],
    ["resume", "run-3", { llmCalls: 1, llmErrors: 0, toolCalls: 0 }, "success"],
    // Only the attempt that was answered shows.
    ["retry", "run-1", { llmCalls: 2, llmErrors: 0, toolCalls: 1 }, "success"],
    // What the sub-agent did is one tool here; its tokens are in the sums.
    ["sub-agent", "run-1", { llmCalls: 2, llmErrors: 0, toolCalls: 1 }, "success"],
  ])("%s/%s has its answers and its tools", (scenario, run, figures, status) => {
    const events = readAll(linesOfFile(`${folderOf(scenario)}${run}.stdout.jsonl`));
    expect(figuresOf(events)).toMatchObject(figures);
    expect(ofType(events, "turn_end").map((turn) => turn.status)).toEqual([status]);
  });

  test.each(["api-error", "resume", "retry", "sub-agent"])(
    "%s: the sums of its processes are what the model server counted",
    (scenario) => {
      const truth = truthOf(scenario);
      const sum = { input: 0, cacheRead: 0, output: 0, reasoning: 0 };
      for (const [index] of truth.runs.entries()) {
        const parser = geminiCli.createParser();
        readAll(linesOfFile(`${folderOf(scenario)}run-${index + 1}.stdout.jsonl`), parser);
        const usage = parser.facts.reportedUsage;
        sum.input += usage?.input_tokens ?? 0;
        sum.cacheRead += usage?.cache_read_tokens ?? 0;
        sum.output += usage?.output_tokens ?? 0;
        sum.reasoning += usage?.reasoning_tokens ?? 0;
      }
      expect(truth.usage).toMatchObject(sum);
    },
  );
});
