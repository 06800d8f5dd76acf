/**
 * Entries of which every field is of the type that the format gives it; what is not is left out.
 *
 * Reading checks the envelope of a line and nothing else, for our own traces need no more. But `show` is also
 * given files from elsewhere, and there `usage` may be a word and `agent` a list.
 */

import type { Entry } from "@spoor/trace";

type Shape = "text" | "number" | "truth" | "list" | "textOrList" | "numberOrNull" | Fields;
interface Fields {
  readonly [field: string]: Shape;
}

const IS: Readonly<Record<Exclude<Shape, Fields>, (value: unknown) => boolean>> = {
  text: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  truth: (value) => typeof value === "boolean",
  list: Array.isArray,
  textOrList: (value) => typeof value === "string" || Array.isArray(value),
  numberOrNull: (value) => value === null || typeof value === "number",
};

function all<Kind extends Shape>(kind: Kind, names: string): Record<string, Kind> {
  return Object.fromEntries(names.split(" ").map((name) => [name, kind]));
}

const USAGE = {
  ...all("number", "input_tokens cache_read_tokens cache_write_tokens output_tokens reasoning_tokens"),
  partial: "list",
} as const;
const COST = { usd: "numberOrNull", ...all("text", "basis price_date") } as const;
const SUBJECT = all("text", "change_url head_revision invocation_id");

/** A field has the same shape in every type of record that has it. */
const HEAD: Fields = {
  ...all("text", "parent_span_id from trace_id origin session_id conversation_id parent_conversation_id"),
  ...all("text", "model provider response_id status name call_id kind server executor same_as error_basis"),
  ...all("text", "duration_basis verdict basis label of reason signal closed_by"),
  ...all("number", "turn duration_ms time_to_first_token_ms attempt exit_code result_bytes confidence value"),
  ...all("number", "records bytes"),
  ...all("truth", "resumed background"),
  ...all("list", "instructions links finish_reasons"),
  agent: { ...all("text", "name version role team"), attempt: "number" },
  pointers: {
    ...all("text", "repository_url repository_id visibility head_revision ref_name base_ref base_revision"),
    ...all("text", "merge_revision checkout_revision change_id change_url issue_url run_id run_url job_name"),
    ...all("text", "job_url workflow provider event event_time actor"),
    dirty: "truth",
    run_attempt: "number",
  },
  capture: { level: "text", sources: "list" },
  writer: { ...all("number", "pid pid_start"), ...all("text", "boot_id pid_namespace host_hash") },
  recorder: all("text", "name version"),
  resource: {},
  parameters: {},
  input: {
    ...all("number", "messages base_messages"),
    ...all("text", "base_span_id reason"),
    complete: "truth",
  },
  error: { type: "text" },
  usage: USAGE,
  cost: COST,
  permission: { decision: "text", source: "text", wait_ms: "number" },
  subject: SUBJECT,
  totals: {
    ...all("number", "turns llm_calls llm_errors tool_calls tool_errors"),
    usage: USAGE,
    cost: COST,
  },
  changes: {
    head_revision: "text",
    ...all("number", "commits files lines_added lines_removed"),
  },
  redactions: {},
  losses: {},
  content: { system: "textOrList", tools: "list", messages: "list" },
};
/** An event's own fields are its own affair. */
const HEAD_OF_EVENT: Fields = { ...all("text", "parent_span_id name"), content: {} };

export function* soundEntries(entries: Iterable<Entry>): Generator<Entry> {
  for (const entry of entries) {
    if (entry.kind === "record")
      makeSound(entry.record as object, entry.record.type === "event" ? HEAD_OF_EVENT : HEAD);
    yield entry;
  }
}

/** Takes out of `value` what is not as `fields` say; names that they do not have stay. */
function makeSound(value: object, fields: Fields): void {
  const own = value as Record<string, unknown>;
  for (const name of Object.keys(own)) {
    const shape = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (shape === undefined) continue;
    const found = own[name];
    if (typeof shape === "string" ? !IS[shape](found) : !isObject(found)) delete own[name];
    else if (typeof shape !== "string") makeSound(found as object, shape);
  }
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
