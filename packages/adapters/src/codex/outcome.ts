/**
 * How a tool call ended, from up to three witnesses.
 *
 * The output that goes back to the model is text without a flag. Beside it stand, depending on the version,
 * `exec_command_end` and its like (before 0.169, only with extended persistence) or `item_completed` (0.169),
 * which know the exit code and the duration. They come before the output, mostly.
 */

import type { JsonObject } from "../adapter.ts";
import { asNumber, asObject, asText, at, present } from "../json.ts";
import type { ToolCallFacts, ToolResultFacts } from "../thread.ts";
import { partsOf, textOf } from "./lines.ts";

/** What a line other than the output says of a tool call. */
export interface Evidence {
  id: string;
  outcome: "ok" | "failed" | "declined";
  exitCode?: number;
  durationMs?: number;
  /** When it began, in milliseconds since 1970. */
  startedAtMs?: number;
  /** What it is, for a call that stands in no other line: one made by a script of the model's (`exec`). */
  call?: Omit<ToolCallFacts, "id">;
  /** What it gave, should the output never come. */
  result?: unknown;
  errorMessage?: string;
}

/** `exec_command_end`, `patch_apply_end`, `mcp_tool_call_end`, `dynamic_tool_call_response`. */
export function evidenceOfEvent(payload: JsonObject): Evidence | undefined {
  const id = asText(payload["call_id"]);
  if (id === undefined) return undefined;
  const timing = present({ durationMs: durationOf(payload["duration"]) });
  switch (payload["type"]) {
    case "exec_command_end":
      return { id, ...timing, ...commandOutcome(payload) };
    case "patch_apply_end":
      return { id, ...timing, ...patchOutcome(payload, payload["success"] === false) };
    case "mcp_tool_call_end": {
      const failure = at(payload, "result", "Err");
      const failed = failure !== undefined || at(payload, "result", "Ok", "isError") === true;
      return { id, ...timing, ...plainOutcome(failed, failure), result: at(payload, "result", "Ok") };
    }
    case "dynamic_tool_call_response":
      return { id, ...timing, ...plainOutcome(payload["success"] === false, payload["error"]) };
    default:
      return undefined;
  }
}

/** `item_completed` of a tool; undefined for the items that are messages, and for what is only shown. */
export function evidenceOfItem(payload: JsonObject): Evidence | undefined {
  const item = asObject(payload["item"]);
  const id = asText(item?.["id"]);
  if (item === undefined || id === undefined) return undefined;
  const startedAtMs = asNumber(payload["started_at_ms"]);
  const completedAtMs = asNumber(payload["completed_at_ms"]);
  const timing = present({
    startedAtMs,
    durationMs:
      durationOf(item["duration"]) ??
      (startedAtMs === undefined || completedAtMs === undefined
        ? undefined
        : Math.max(0, Math.round(completedAtMs - startedAtMs))),
  });
  switch (item["type"]) {
    case "CommandExecution": {
      const outcome = { id, ...timing, ...commandOutcome(item) };
      // A command that the user typed after "!" is no tool call of the agent's.
      if (/user/i.test(asText(item["source"]) ?? "")) return outcome;
      return { ...outcome, call: { name: "exec_command", arguments: { command: item["command"] } } };
    }
    case "FileChange": {
      const call = { name: "apply_patch", arguments: { changes: item["changes"] } };
      return { id, ...timing, ...patchOutcome(item, false), call };
    }
    case "McpToolCall": {
      const server = asText(item["server"]);
      const tool = asText(item["tool"]) ?? "unknown";
      const name = server === undefined ? tool : `mcp__${server}__${tool}`;
      const outcome = plainOutcome(item["status"] === "failed", item["error"]);
      const call = { name, arguments: item["arguments"], ...(server === undefined ? {} : { server }) };
      return { id, ...timing, ...outcome, result: item["result"], call };
    }
    case "DynamicToolCall":
      return { id, ...timing, ...plainOutcome(item["status"] === "failed" || item["success"] === false) };
    case "CollabAgentToolCall":
      return { id, ...timing, ...plainOutcome(item["status"] === "failed") };
    default:
      return undefined;
  }
}

type Outcome = Pick<Evidence, "outcome" | "exitCode" | "result" | "errorMessage">;

function commandOutcome(command: JsonObject): Outcome {
  const { exit_code: code, status } = command;
  return {
    outcome: status === "declined" ? "declined" : status === "failed" ? "failed" : "ok",
    ...(Number.isSafeInteger(code) ? { exitCode: code as number } : {}),
    ...present({ result: asText(command["aggregated_output"]) }),
  };
}

function patchOutcome(patch: JsonObject, failed: boolean): Outcome {
  const { status } = patch;
  return {
    outcome: status === "declined" ? "declined" : failed || status === "failed" ? "failed" : "ok",
    ...present({ result: asText(patch["stdout"]), errorMessage: asText(patch["stderr"]) }),
  };
}

function plainOutcome(failed: boolean, error?: unknown): Outcome {
  const errorMessage = asText(error) ?? asText(at(error, "message"));
  return { outcome: failed ? "failed" : "ok", ...present({ errorMessage }) };
}

/** `{secs, nanos}` in milliseconds. */
function durationOf(value: unknown): number | undefined {
  const seconds = asNumber(at(value, "secs"));
  const nanos = asNumber(at(value, "nanos"));
  return seconds === undefined || nanos === undefined
    ? undefined
    : Math.max(0, Math.round(seconds * 1_000 + nanos / 1_000_000));
}

// --- results ---------------------------------------------------------------------------------------------

/** What the tool result of a call says, all evidence joined. */
export function resultOf(
  id: string,
  output: unknown,
  evidence: Evidence | undefined,
): ToolResultFacts & { running: boolean } {
  const result = contentOf(output);
  const text = typeof result === "string" ? result : textOf(partsOf(output));
  return {
    id,
    ...outcomeOf(evidence, text),
    result,
    running: /^(Command: [^]*?\n)?Chunk ID: .*\nWall time: .*\nProcess running with session ID /.test(text),
  };
}

/** The result of a call whose output never came. */
export function resultOfEvidence(evidence: Evidence): ToolResultFacts {
  return { id: evidence.id, ...outcomeOf(evidence, ""), result: evidence.result };
}

/** The fields that evidence alone gives: what an amendment of a result may say. */
export function outcomeOf(
  evidence: Evidence | undefined,
  text: string,
): Omit<ToolResultFacts, "id" | "result"> {
  const told = exitCodeOf(text);
  const exitCode = evidence?.exitCode ?? told?.code;
  const basis = evidence?.exitCode === undefined ? told?.basis : "exit_code";
  const refused = REFUSED.test(text);
  const common = present({
    exit_code: exitCode,
    duration_ms: evidence?.durationMs,
    errorMessage: evidence?.errorMessage,
  });
  if (evidence?.outcome === "declined") return { status: "denied", error_basis: "flag", ...common };
  if (refused) return { status: "denied", error_basis: "text", ...common };
  if (STOPPED.test(text)) return { status: "cancelled", error_basis: "text", ...common };
  if (exitCode !== undefined && exitCode !== 0)
    return { status: "error", error: { type: "exit_code" }, error_basis: basis ?? "text", ...common };
  if (evidence?.outcome === "failed")
    return { status: "error", error: { type: "tool_error" }, error_basis: "flag", ...common };
  if (SCRIPT_FAILED.test(text))
    return { status: "error", error: { type: "tool_error" }, error_basis: "text", ...common };
  return { status: "ok", ...common };
}

/** What Codex tells the model when the user said no. */
const REFUSED = /^(exec command|patch|command) rejected by user|^user (rejected|cancelled) MCP tool call/;

/** How the output of a script of the model's begins (`exec`, code mode) when it threw. */
const SCRIPT_FAILED = /^Script failed\nWall time /;

/** What it tells the model when the user stopped a turn with the tool running. */
const STOPPED = /^(Wall time: [\d.]+ seconds\n)?aborted by user/;

/** The exit code that an output names: in a JSON frame, or in the lines that Codex puts before the text. */
function exitCodeOf(text: string): { code: number; basis: "exit_code" | "text" } | undefined {
  if (text.startsWith('{"output":')) {
    const code = frameExitCode(text);
    return code === undefined ? undefined : { code, basis: "exit_code" };
  }
  const match =
    /^Exit code: (-?\d{1,10})\n/.exec(text) ??
    /(?:^|\n)Wall time: [\d.]+ seconds\nProcess exited with code (-?\d{1,10})(?:\n|$)/.exec(text);
  return match === null ? undefined : { code: Number(match[1]), basis: "text" };
}

/** `{"output": …, "metadata": {"exit_code": 0, "duration_seconds": 0.1}}`, as versions up to 0.7x wrote. */
function frameExitCode(text: string): number | undefined {
  try {
    const code = at(JSON.parse(text), "metadata", "exit_code");
    return Number.isSafeInteger(code) ? (code as number) : undefined;
  } catch {
    // Cut, or another tool's own text that begins alike.
    return undefined;
  }
}

/** One text as itself, anything else as parts; `{content}` is how versions of 2025 wrapped it. */
function contentOf(output: unknown): unknown {
  if (typeof output === "string") return output;
  const wrapped = at(output, "content");
  if (wrapped !== undefined) return contentOf(wrapped);
  const parts = partsOf(output);
  return parts.length === 1 && parts[0]?.type === "text" ? textOf(parts) : parts;
}
