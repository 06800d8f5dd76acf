/** Sessions line by line, as short as they can be: each line a second after the one before, and its child. */

import type { JsonObject, Parser, SourceLine } from "../../src/adapter.ts";
import { claudeCode } from "../../src/claude-code/index.ts";
import type { Event } from "../../src/event.ts";
import { OBSERVED_AT, readAll as readAllBy } from "../conversations.ts";

export const SESSION = "5bf95634-8e32-492f-9bca-5a5f4ab5638d";

export function time(second: number): string {
  return new Date(Date.UTC(2026, 10, 20, 12, 0, second)).toISOString();
}

/** The session's own file. Line ids are `u1`, `u2`, …; a line may say its parent or anything else itself. */
export function session(...records: readonly JsonObject[]): SourceLine[] {
  return file(`${SESSION}.jsonl`, 0, records, { isSidechain: false });
}

/** A sub-agent's file. Line ids are `<id>-1`, … */
export function agentFile(id: string, records: readonly JsonObject[], from = 0): SourceLine[] {
  const name = `${SESSION}/subagents/agent-${id}.jsonl`;
  return file(name, 1, records, { isSidechain: true, agentId: id }, `${id}-`, from);
}

export function metaFile(id: string, value: JsonObject): SourceLine {
  const sourceName = `${SESSION}/subagents/agent-${id}.meta.json`;
  return { source: 2, sourceName, kind: "transcript", line: 1, value, observedAt: OBSERVED_AT };
}

function file(
  sourceName: string,
  source: number,
  records: readonly JsonObject[],
  common: JsonObject,
  prefix = "u",
  from = 0,
): SourceLine[] {
  return records.map((record, index) => ({
    source,
    sourceName,
    kind: "transcript",
    line: index + 1,
    value: {
      uuid: `${prefix}${index + 1}`,
      parentUuid: index === 0 ? null : `${prefix}${index}`,
      timestamp: time(from + index),
      sessionId: SESSION,
      version: "2.1.329",
      cwd: "/home/dev/project",
      ...common,
      ...record,
    },
    observedAt: OBSERVED_AT,
  }));
}

/** The stdout stream. */
export function stream(...records: readonly JsonObject[]): SourceLine[] {
  return records.map((value, index) => ({
    source: 0,
    sourceName: "stdout",
    kind: "stream",
    line: index + 1,
    value: { uuid: `s${index + 1}`, session_id: SESSION, ...value },
    observedAt: time(index),
  }));
}

export function readAll(lines: readonly SourceLine[], parser: Parser = claudeCode.createParser()): Event[] {
  return readAllBy(parser, lines);
}

// --- lines -------------------------------------------------------------------------------------------------

export function user(content: unknown, more: JsonObject = {}): JsonObject {
  return { type: "user", message: { role: "user", content }, ...more };
}

export function prompt(words: string, more: JsonObject = {}): JsonObject {
  return user(words, { promptId: `prompt ${words}`, promptSource: "typed", ...more });
}

/** One line of the answer `id`. */
export function says(id: string, block: JsonObject, more: JsonObject = {}): JsonObject {
  const { message, ...rest } = more as { message?: JsonObject };
  return {
    type: "assistant",
    message: {
      id,
      model: "claude-opus-5-5",
      role: "assistant",
      content: [block],
      stop_reason: block["type"] === "tool_use" ? "tool_use" : "end_turn",
      usage: USED,
      ...message,
    },
    ...rest,
  };
}

export const USED: JsonObject = {
  input_tokens: 10,
  cache_read_input_tokens: 20,
  cache_creation_input_tokens: 30,
  output_tokens: 5,
};

export function text(words: string): JsonObject {
  return { type: "text", text: words };
}

export function uses(id: string, name = "Bash", input: unknown = { command: "ls" }): JsonObject {
  return { type: "tool_use", id, name, input };
}

export function gives(id: string, content: unknown = "done", more: JsonObject = {}): JsonObject {
  const { is_error, ...rest } = more;
  return user(
    [{ type: "tool_result", tool_use_id: id, content, ...(is_error === undefined ? {} : { is_error }) }],
    rest,
  );
}

export function attached(attachment: JsonObject, more: JsonObject = {}): JsonObject {
  return { type: "attachment", attachment, ...more };
}

/** What the harness adds to the request in the role `user` or `system`. */
export function rendered(role: "user" | "system", words: string): JsonObject {
  const content = `<system-reminder>\n${words}\n</system-reminder>`;
  return attached({ type: "date" }, { rendered: [{ content }], renderedRole: role });
}

export function system(subtype: string, fields: JsonObject = {}): JsonObject {
  return { type: "system", subtype, ...fields };
}

export function shape(systemText: string, ...tools: readonly string[]): JsonObject {
  return {
    type: "api-request-shape",
    shape: { system: [text(systemText)], tools: tools.map((name) => ({ name })) },
  };
}

export const turnEnds: JsonObject = system("turn_duration", { durationMs: 1500 });
