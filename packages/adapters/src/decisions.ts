/**
 * Decisions that an agent took, derived from what it did: a review it submitted, a merge, a verdict in its
 * structured answer. A decision counts only when the call that carries it succeeded.
 */

import type { Verdict } from "@spoor/trace";
import { asArray, asObject, asText, at } from "./json.ts";
import { splitCommands } from "./shell-words.ts";
import { identifyTool } from "./tools.ts";

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
  const { kind } = identifyTool(name);
  // A tool nobody knows may well be a shell; a file tool with an argument `command` is none.
  const command = kind === "shell" || kind === "mcp" || kind === "other" ? commandOf(args) : undefined;
  const mcp = decisionOfMcp(name, args);
  return [
    ...(command === undefined ? [] : decisionsOfCommands(command)),
    ...(mcp === undefined ? [] : [mcp]),
  ];
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

/** What may stand before a command and leaves it one. */
const PREFIXES = new Set(
  "env sudo command exec time nohup nice timeout if then elif else while until do ! {".split(" "),
);

/** @param depth How many shells may start one another: `bash -c '…'`. */
function decisionsOfCommands(line: string, depth = 3): DerivedDecision[] {
  return splitCommands(line).flatMap((all) => {
    const words = withoutPrefixes(all);
    const script = words[words.findIndex((word) => /^-\w*c$/.test(word)) + 1 || words.length];
    if (/^(.*\/)?(ba|z|da)?sh$/.test(words[0] ?? "") && script !== undefined)
      return depth > 0 ? decisionsOfCommands(script, depth - 1) : [];
    return decisionOfCommand(words) ?? [];
  });
}

/** `FOO=1 sudo -E gh …` and `timeout 60 gh …` run `gh …`. */
function withoutPrefixes(words: readonly string[]): readonly string[] {
  let prefixed = false;
  const start = words.findIndex((word) => {
    if (/^\w+=/.test(word)) return false;
    if (prefixed && /^(-|\d+[smhd]?$)/.test(word)) return false;
    prefixed ||= PREFIXES.has(word);
    return !PREFIXES.has(word);
  });
  return start === -1 ? [] : words.slice(start);
}

function decisionOfCommand(words: readonly string[]): DerivedDecision | undefined {
  const [program = "", ...args] = words;
  const name = program.slice(program.lastIndexOf("/") + 1);
  // `gh pr -R owner/repo merge`: the repository may be named before the verb.
  const [noun, verb] = args.filter(
    (word, index) => !word.startsWith("-") && !/^(-R|--repo)$/.test(args[index - 1] ?? ""),
  );
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
    else if (verb === "merge" || verb === "accept") verdict = "merge";
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
