/**
 * Decisions that an agent took, derived from what it did: a review it submitted, a merge, a verdict in its
 * structured answer. A decision counts only when the call that carries it succeeded.
 */

import type { Verdict } from "@spoor/trace";
import { asArray, asObject, asText, at } from "./json.ts";

export interface DerivedDecision {
  verdict: Verdict;
  basis: "tool_call" | "structured_output";
  subject?: { change_url?: string; head_revision?: string };
  confidence?: number;
  reasoning?: string;
}

const VERDICTS: ReadonlySet<string> = new Set<Verdict>([
  "approve",
  "request_changes",
  "comment",
  "merge",
  "close",
  "reject",
  "escalate",
  "give_up",
  "other",
]);

/** Decisions in a tool call whose result was a success. */
export function decisionsOfTool(name: string, args: unknown): DerivedDecision[] {
  const command = commandOf(args);
  if (command !== undefined) return splitCommands(command).flatMap((words) => decisionOfCommand(words) ?? []);
  const mcp = decisionOfMcp(name, args);
  return mcp === undefined ? [] : [mcp];
}

/** A decision in an answer that is a JSON object with a `verdict` (for instance `codex exec --output-schema`). */
export function decisionOfAnswer(text: string): DerivedDecision | undefined {
  const trimmed = text.trim();
  if (!trimmed.startsWith("{") || !trimmed.endsWith("}") || !trimmed.includes('"verdict"')) return undefined;
  let answer: Record<string, unknown> | undefined;
  try {
    answer = asObject(JSON.parse(trimmed));
  } catch {
    // Prose that happens to stand in braces.
    return undefined;
  }
  const word = asText(answer?.["verdict"]);
  if (answer === undefined || word === undefined) return undefined;
  const confidence = answer["confidence"];
  const reasoning = asText(answer["reasoning"]) ?? asText(answer["reason"]) ?? asText(answer["summary"]);
  return {
    verdict: toVerdict(word),
    basis: "structured_output",
    ...(typeof confidence === "number" && confidence >= 0 && confidence <= 1 ? { confidence } : {}),
    ...(reasoning === undefined ? {} : { reasoning }),
  };
}

/** Words that reviewers' schemas use for the closed list's verdicts. */
const SYNONYMS: Readonly<Record<string, Verdict>> = {
  __proto__: null as never,
  approved: "approve",
  accept: "approve",
  lgtm: "approve",
  pass: "approve",
  changes_requested: "request_changes",
  fail: "request_changes",
  block: "request_changes",
  rejected: "reject",
  decline: "reject",
  merged: "merge",
  closed: "close",
  commented: "comment",
  abandon: "give_up",
  needs_human: "escalate",
};

export function toVerdict(word: string): Verdict {
  const plain = word
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, "_");
  if (VERDICTS.has(plain)) return plain as Verdict;
  return SYNONYMS[plain] ?? "other";
}

// --- shell commands --------------------------------------------------------------------------------------

/** A shell tool's command line, whatever the agent calls the argument. */
export function commandOf(args: unknown): string | undefined {
  const value = at(args, "command") ?? at(args, "cmd");
  if (typeof value === "string") return value;
  const words = asArray(value);
  if (words.length === 0 || !words.every((word) => typeof word === "string")) return undefined;
  // ["bash", "-lc", "the command line"]
  return /^(.*\/)?(ba|z|da)?sh$/.test(String(words[0])) && words.length > 2
    ? String(words.at(-1))
    : words.join(" ");
}

/** The simple commands of a command line as words, quotes taken off; enough for finding `gh`, not a shell. */
export function splitCommands(line: string): string[][] {
  const commands: string[][] = [];
  let words: string[] = [];
  let word: string | undefined;
  const endWord = (): void => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  const endCommand = (): void => {
    endWord();
    if (words.length > 0) commands.push(words);
    words = [];
  };
  for (let i = 0; i < line.length; i++) {
    const c = line.charAt(i);
    if (c === "'" || c === '"') {
      const end = closingQuote(line, i);
      word = (word ?? "") + line.slice(i + 1, end);
      i = end;
    } else if (c === "\\") {
      if (line.charAt(i + 1) !== "\n") word = (word ?? "") + line.charAt(i + 1);
      i++;
    } else if (c === "\n" || c === ";" || c === "|" || c === "&" || c === "(" || c === ")") endCommand();
    else if (c === " " || c === "\t") endWord();
    else if (c === "#" && word === undefined) {
      const end = line.indexOf("\n", i);
      i = end === -1 ? line.length : end - 1;
    } else word = (word ?? "") + c;
  }
  endCommand();
  return commands;
}

function closingQuote(line: string, open: number): number {
  const quote = line.charAt(open);
  for (let i = open + 1; i < line.length; i++) {
    if (line.charAt(i) === "\\" && quote === '"') i++;
    else if (line.charAt(i) === quote) return i;
  }
  return line.length;
}

function decisionOfCommand(all: readonly string[]): DerivedDecision | undefined {
  const words = all.slice(
    all.findIndex((word) => !/^\w+=/.test(word) && word !== "env" && word !== "sudo" && word !== "command"),
  );
  const [program = "", noun, verb] = words;
  const name = program.slice(program.lastIndexOf("/") + 1);
  const has = (...flags: string[]): boolean => words.some((word) => flags.includes(word));
  let verdict: Verdict | undefined;
  if (has("--help", "-h")) return undefined;
  if (name === "gh" && noun === "pr") {
    if (verb === "review")
      verdict = has("--approve", "-a")
        ? "approve"
        : has("--request-changes", "-r")
          ? "request_changes"
          : has("--comment", "-c")
            ? "comment"
            : undefined;
    else if (verb === "merge" && !has("--disable-auto")) verdict = "merge";
    else if (verb === "close") verdict = "close";
  } else if (name === "glab" && noun === "mr") {
    if (verb === "approve") verdict = "approve";
    else if (verb === "merge") verdict = "merge";
    else if (verb === "close") verdict = "close";
  }
  if (verdict === undefined) return undefined;
  const url = words.find((word) => /^https:\/\/[^/@\s]+\/.+\/(pull|merge_requests)\/\d+$/.test(word));
  const body = bodyOf(words);
  return {
    verdict,
    basis: "tool_call",
    ...(url === undefined ? {} : { subject: { change_url: url } }),
    ...(body === undefined ? {} : { reasoning: body }),
  };
}

function bodyOf(words: readonly string[]): string | undefined {
  const index = words.findIndex((word) => word === "--body" || word === "-b" || word.startsWith("--body="));
  const word = words[index];
  return word?.startsWith("--body=") ? word.slice("--body=".length) : words[index + 1 || words.length];
}

// --- the GitHub MCP server -------------------------------------------------------------------------------

function decisionOfMcp(name: string, args: unknown): DerivedDecision | undefined {
  const tool = /^mcp_.*?github.*?_{1,2}(\w+)$/i.exec(name)?.[1] ?? "";
  const method = asText(at(args, "method"));
  let verdict: Verdict | undefined;
  if (tool.endsWith("merge_pull_request")) verdict = "merge";
  else if (
    /(create_and_submit|submit_pending|create)_pull_request_review$/.test(tool) ||
    /pull_request_review(_write)?$/.test(tool)
  ) {
    const event = asText(at(args, "event"));
    if (event !== undefined && method !== "delete_pending") verdict = toVerdict(event);
  } else if (tool.endsWith("update_pull_request") && at(args, "state") === "closed") verdict = "close";
  if (verdict === undefined) return undefined;
  const [owner, repo, number] = [
    at(args, "owner"),
    at(args, "repo"),
    at(args, "pullNumber") ?? at(args, "pull_number"),
  ];
  const body = asText(at(args, "body"));
  const known = typeof owner === "string" && typeof repo === "string" && /^\d+$/.test(String(number));
  return {
    verdict,
    basis: "tool_call",
    ...(known
      ? { subject: { change_url: `https://github.com/${owner}/${repo}/pull/${String(number)}` } }
      : {}),
    ...(body === undefined ? {} : { reasoning: body }),
  };
}
