/** Reads Codex's sources as the recorder and the import do: line by line, whatever they hold. */

import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { JsonObject, Parser, SourceKind, SourceLine } from "../../src/adapter.ts";
import { codex } from "../../src/codex/index.ts";
import type { Event } from "../../src/event.ts";
import { parseText } from "../../src/source-text.ts";

const FIXTURES: string = new URL("../../../../fixtures/transcripts-genuine/codex/", import.meta.url).pathname;

const OBSERVED_AT = "2026-11-20T12:00:00.000Z";

export function linesOfFile(path: string): SourceLine[] {
  const text = readFileSync(path, "utf8");
  return text.startsWith('{"type":"thread.started"')
    ? linesOf(text, "stream", "stdout")
    : linesOf(text, "transcript", basename(path));
}

export function fixture(name: string): SourceLine[] {
  return linesOfFile(join(FIXTURES, name));
}

function linesOf(text: string, kind: SourceKind, sourceName: string): SourceLine[] {
  return parseText(text).flatMap((parsed) =>
    parsed.kind === "object"
      ? [{ source: 0, sourceName, kind, line: parsed.line, value: parsed.value, observedAt: OBSERVED_AT }]
      : [],
  );
}

/** A rollout of these lines, one second apart; a line is `[type, payload]`. */
export function rollout(...lines: readonly Line[]): SourceLine[] {
  return lines.map(([type, payload], index) => ({
    source: 0,
    sourceName: "rollout-test.jsonl",
    kind: "transcript",
    line: index + 1,
    value: { timestamp: new Date(Date.UTC(2026, 10, 20, 12, 0, index)).toISOString(), type, payload },
    observedAt: OBSERVED_AT,
  }));
}

export function stream(...lines: readonly JsonObject[]): SourceLine[] {
  return linesOf(lines.map((line) => `${JSON.stringify(line)}\n`).join(""), "stream", "stdout");
}

export function read(lines: readonly SourceLine[], parser: Parser = codex.createParser()): Event[] {
  return lines.flatMap((line) => parser.read(line));
}

/** Everything, up to the end of the source. */
export function readAll(lines: readonly SourceLine[], parser: Parser = codex.createParser()): Event[] {
  return [...read(lines, parser), ...parser.flush("stop")];
}

export function ofType<T extends Event["type"]>(
  events: readonly Event[],
  type: T,
): Extract<Event, { type: T }>[] {
  return events.filter((event): event is Extract<Event, { type: T }> => event.type === type);
}

// --- lines of a rollout ------------------------------------------------------------------------------------

export type Line = readonly [type: string, payload: object];

export const meta = (fields: object = {}): Line => [
  "session_meta",
  { id: "01a1f967-2190-7642-a110-f87372fbfa8c", cli_version: "0.169.0", model_provider: "openai", ...fields },
];
export const event = (type: string, fields: object = {}): Line => ["event_msg", { type, ...fields }];
export const item = (type: string, fields: object = {}): Line => ["response_item", { type, ...fields }];
export const started = (id: string): Line => event("task_started", { turn_id: id });
export const ended = (id: string, fields: object = {}): Line =>
  event("task_complete", { turn_id: id, ...fields });
export const says = (role: string, text: string): Line =>
  item("message", { role, content: [{ type: role === "assistant" ? "output_text" : "input_text", text }] });
export const calls = (id: string, cmd: string): Line =>
  item("function_call", { call_id: id, name: "exec_command", arguments: JSON.stringify({ cmd }) });
export const gives = (id: string, output: unknown): Line =>
  item("function_call_output", { call_id: id, output });
/** One call's usage, all kinds different. */
export const used = (input: number, output: number): Line => [
  "token_usage_record",
  {
    response_id: `resp_${input}`,
    usage: {
      input_tokens: input,
      cached_input_tokens: input / 2,
      cache_write_input_tokens: 1,
      output_tokens: output,
      reasoning_output_tokens: 2,
    },
  },
];
/** A `token_count` with this total and last usage, in input tokens. */
export const counted = (total: number, last: number): Line =>
  event("token_count", {
    info: {
      total_token_usage: { input_tokens: total, output_tokens: 1 },
      last_token_usage: { input_tokens: last, output_tokens: 1 },
    },
  });
export const completed = (of: object, fields: object = {}): Line =>
  event("item_completed", { item: of, started_at_ms: 1_000, completed_at_ms: 1_250, ...fields });
