/**
 * What a line of a trace says: the record types of format version 1.
 *
 * Writers and readers share these types and neither owns them. Field names are the names on disk
 * (snake_case), so that a person with `jq` and a person with this file read the same words. The normative
 * text, with every unit, is docs/trace-format.md; the order of the keys below is the order on disk.
 */

export const FORMAT_VERSION = 1;

/** An instant, `YYYY-MM-DDTHH:MM:SS.sssZ` exactly (24 characters, UTC). */
export type Timestamp = string;
/** 16 lower-case hex digits, never all zero. */
export type SpanId = string;
/** 32 lower-case hex digits, never all zero. */
export type TraceId = string;
/** A UUID, lower case. */
export type InvocationId = string;

/** What every line starts with, in this order. */
export interface Envelope {
  v: 1;
  type: string;
  /** 0, 1, 2 … in writing order within a file; a hole is a loss. */
  seq: number;
  /** The instant the record speaks of: when a start began, when an end ended. Not monotonic in `seq`. */
  time: Timestamp;
  invocation_id: InvocationId;
  span_id: SpanId;
  /** Absent at a root. */
  parent_span_id?: SpanId;
  /** `"<source>:<line>"`: index into `capture.sources`, 1-based line. Absent where we are the witness. */
  from?: string;
  /** All that is not metadata; the last key of its line, at most once. */
  content?: object;
}

/** Names of the records that may be amended: all that describe a span or a point. */
export type AmendableType = Exclude<RecordType, "amend" | "gap">;
export type RecordType = TraceRecord["type"];

// --- messages, in the shapes of the GenAI semantic conventions -------------------------------------------

export interface Message {
  role: "system" | "user" | "assistant" | "tool" | (string & {});
  parts: Part[];
}

/**
 * One part of a message. A `tool_call` names its call and a `tool_call_response` its result by id only:
 * arguments stand once, in the `tool_call` record, and results once, in `tool_result`; they are inline only
 * where that record is not in this file.
 */
export type Part =
  | { type: "text"; content: string }
  | { type: "reasoning"; content: string }
  | { type: "tool_call"; id: string; name: string; arguments?: unknown }
  | { type: "tool_call_response"; id: string; response?: unknown }
  | { type: "blob"; mime_type: string; bytes: number; sha256: string }
  | { type: string & {}; [key: string]: unknown };

// --- values shared by several types ------------------------------------------------------------------------

export interface Agent {
  /** claude-code, codex, gemini-cli, opencode, copilot-cli, cursor, aider or plain; in a sub-agent its own type. */
  name: string;
  version?: string;
  role?: string;
  team?: string;
  attempt?: number;
}

/** Pointers to what is stored elsewhere. Unknown is absent. */
export interface Pointers {
  /** https, browsable, without credentials and without `.git`. */
  repository_url?: string;
  repository_id?: string;
  visibility?: "public" | "private" | "internal";
  /** The commit a human knows: the PR's head, not a throw-away merge commit. */
  head_revision?: string;
  ref_name?: string;
  base_ref?: string;
  base_revision?: string;
  merge_revision?: string;
  /** What was checked out in the working directory when the run began. */
  checkout_revision?: string;
  dirty?: boolean;
  /** Number of the PR or MR, as text. */
  change_id?: string;
  change_url?: string;
  issue_url?: string;
  run_id?: string;
  run_url?: string;
  run_attempt?: number;
  job_name?: string;
  job_url?: string;
  workflow?: string;
  /** github, gitlab, buildkite, jenkins, circleci … */
  provider?: string;
  /** The CI's own name of what triggered the run. */
  event?: string;
  /** When what triggered the run happened. */
  event_time?: Timestamp;
  actor?: string;
}

/**
 * Tokens, in OpenTelemetry's inclusive sense: `input_tokens` includes both cache kinds, `output_tokens`
 * includes reasoning. Never add a part to its whole.
 */
export interface Usage {
  input_tokens?: number;
  cache_read_tokens?: number;
  cache_write_tokens?: number;
  output_tokens?: number;
  reasoning_tokens?: number;
  /** Fields whose final value the source never gave: what stands there is a lower bound. */
  partial?: string[];
}

export interface Cost {
  /** US dollars; null where no price is known, never 0 for unknown. */
  usd: number | null;
  basis: "reported" | "computed" | "unknown";
  /** The effective date of the price used. */
  price_date?: string;
}

/** reported: the agent said; observed: our clock saw both ends; lines: from line times. */
export type DurationBasis = "reported" | "observed" | "lines";
export type TurnStatus = "success" | "error" | "interrupted" | "unknown";
export type CompletionStatus = "ok" | "error" | "interrupted";
export type ToolStatus = "ok" | "error" | "denied" | "cancelled" | "unknown";
export type ToolKind = "shell" | "file" | "search" | "web" | "mcp" | "agent" | "other";
export type InvocationStatus = "success" | "failure" | "cancelled" | "timeout" | "crashed" | "unknown";
export type Verdict =
  | "approve"
  | "request_changes"
  | "comment"
  | "merge"
  | "close"
  | "reject"
  | "escalate"
  | "give_up"
  | "other";

/** Why a loss was counted: the closed list, in the order in which losses are shown. */
export const LOSS_KINDS = [
  "torn",
  "malformed",
  "overlong",
  "unknown",
  "gaps",
  "truncated",
  "ambiguous_source",
  "redaction_failed",
  "adapter_failed",
  "rejected",
] as const;
export type LossKind = (typeof LOSS_KINDS)[number];
export type Losses = Partial<Record<LossKind, number>>;

export interface ErrorInfo {
  type: string;
  code?: string | number;
}

/** Where records of `from` come from. */
export interface Source {
  /** transcript: a file the agent wrote; stream: its stdout. */
  kind: "transcript" | "stream" | "otlp";
  /** Path below the agent's session folder (Codex: base name; streams: `stdout`), so that recorded and imported copies agree. */
  name: string;
}

export interface Capture {
  level: "full" | "metadata";
  sources?: Source[];
}

export interface Link {
  trace_id: TraceId;
  span_id?: SpanId;
  kind: "resumes" | "continues" | "spawned_by" | "ci_run" | (string & {});
}

/** Enough to prove, later, that the writer is gone. */
export interface Writer {
  pid: number;
  /** Start time of the process in clock ticks since boot (Linux), so that a reused pid is not mistaken for it. */
  pid_start?: number;
  boot_id?: string;
  pid_namespace?: string;
  host_hash?: string;
}

/** Sums over an invocation's own spans, sub-agents included. */
export interface Totals {
  turns: number;
  llm_calls: number;
  llm_errors: number;
  tool_calls: number;
  tool_errors: number;
  usage: Usage;
  cost: Cost;
}

export interface Changes {
  head_revision?: string;
  commits?: number;
  files?: number;
  lines_added?: number;
  lines_removed?: number;
}

export interface PromptInput {
  /** How many messages the full prompt has, where known. */
  messages?: number;
  /** The call whose prompt + completion this one extends. */
  base_span_id?: SpanId;
  /** How many of the base's messages stay; absent: all. */
  base_messages?: number;
  /** Why there is no base, or why it is cut. */
  reason?: "start" | "fork" | "compaction" | "resume" | "rewind";
  /** false where the source does not show all of the prompt. */
  complete?: boolean;
}

// --- the records ------------------------------------------------------------------------------------------

export interface InvocationStart extends Envelope {
  type: "invocation_start";
  trace_id: TraceId;
  origin: "recorded" | "imported" | "harvested";
  session_id?: string;
  agent: Agent;
  conversation_id?: string;
  parent_conversation_id?: string;
  resumed?: boolean;
  /** The prompt version it ran under: sha256 of the file's bytes, so that it matches the repository. */
  instructions?: { path: string; sha256: string }[];
  pointers?: Pointers;
  links?: Link[];
  capture: Capture;
  writer?: Writer;
  recorder: { name: string; version: string };
  resource?: Record<string, string | number | boolean>;
  content?: { command?: string[]; cwd?: string };
}

export interface TurnStart extends Envelope {
  type: "turn_start";
  /** 1, 2, … in the conversation. */
  turn: number;
  origin?: "user" | "queued" | "notification" | "schedule" | "agent";
  content?: { prompt?: string | Part[] };
}

export interface TurnEnd extends Envelope {
  type: "turn_end";
  turn: number;
  status: TurnStatus;
  duration_ms?: number;
  time_to_first_token_ms?: number;
  content?: { result?: string };
}

export interface Prompt extends Envelope {
  type: "prompt";
  model?: string;
  provider?: string;
  parameters?: Record<string, unknown>;
  attempt?: number;
  input: PromptInput;
  /** Only what is new since the base. */
  content?: { system?: string | Part[]; messages?: Message[]; tools?: unknown[]; input_hash?: string };
}

export interface Completion extends Envelope {
  type: "completion";
  model?: string;
  response_id?: string;
  finish_reasons?: string[];
  status: CompletionStatus;
  error?: ErrorInfo;
  duration_ms?: number;
  duration_basis?: DurationBasis;
  time_to_first_token_ms?: number;
  usage?: Usage;
  cost?: Cost;
  content?: { messages?: Message[]; error_message?: string };
}

export interface ToolCall extends Envelope {
  type: "tool_call";
  name: string;
  call_id?: string;
  kind: ToolKind;
  /** The MCP server. */
  server?: string;
  executor?: "agent" | "provider";
  /** The first call in this run with equal name and arguments. */
  same_as?: SpanId;
  content?: { arguments?: unknown };
}

export interface ToolResult extends Envelope {
  type: "tool_result";
  name: string;
  call_id?: string;
  status: ToolStatus;
  error?: ErrorInfo;
  error_basis?: "flag" | "exit_code" | "text";
  exit_code?: number;
  duration_ms?: number;
  duration_basis?: DurationBasis;
  permission?: { decision: string; source?: string; wait_ms?: number };
  /** Size of the result as the agent saw it, in bytes, before any cut. */
  result_bytes?: number;
  content?: { result?: unknown; error_message?: string };
}

export interface AgentStart extends Envelope {
  type: "agent_start";
  agent: Agent;
  conversation_id?: string;
  call_id?: string;
  background?: boolean;
  content?: { prompt?: string };
}

export interface AgentEnd extends Envelope {
  type: "agent_end";
  agent?: Agent;
  conversation_id?: string;
  call_id?: string;
  background?: boolean;
  status: TurnStatus;
  content?: { result?: string };
}

export type EventName =
  | "compaction"
  | "retry"
  | "rate_limit"
  | "api_error"
  | "permission"
  | "interrupt"
  | "hook"
  | "plan"
  | "context"
  | "secret";

/** A point in time on its parent span; the fields of each name stand flat beside it. */
export interface EventRecord extends Envelope {
  type: "event";
  name: EventName | (string & {});
  content?: Record<string, unknown>;
  [field: string]: unknown;
}

export interface Decision extends Envelope {
  type: "decision";
  verdict: Verdict;
  basis: "tool_call" | "structured_output" | "declared";
  subject?: { change_url?: string; head_revision?: string };
  /** 0 to 1. */
  confidence?: number;
  content?: { reasoning?: string };
}

export interface Score extends Envelope {
  type: "score";
  /** `id@version`. */
  name: string;
  value?: number;
  label?: string;
  subject?: { change_url?: string; head_revision?: string; invocation_id?: string };
  content?: { explanation?: string };
}

/** What became known later about the record of type `of` with the same span: its fields win, see fold-trace.ts. */
export interface Amend extends Envelope {
  type: "amend";
  of: AmendableType;
  content?: Record<string, unknown>;
  [field: string]: unknown;
}

/** What could not be written, told as soon as writing works again. */
export interface Gap extends Envelope {
  type: "gap";
  records: number;
  bytes: number;
  reason: string;
}

export interface InvocationEnd extends Envelope {
  type: "invocation_end";
  status: InvocationStatus;
  exit_code?: number;
  signal?: string;
  duration_ms?: number;
  closed_by?: string;
  totals?: Totals;
  changes?: Changes;
  redactions?: Record<string, number>;
  losses?: Losses;
  content?: Record<string, unknown>;
}

export type TraceRecord =
  | InvocationStart
  | TurnStart
  | TurnEnd
  | Prompt
  | Completion
  | ToolCall
  | ToolResult
  | AgentStart
  | AgentEnd
  | EventRecord
  | Decision
  | Score
  | Amend
  | Gap
  | InvocationEnd;

export const ENVELOPE_FIELDS: readonly string[] = [
  "v",
  "type",
  "seq",
  "time",
  "invocation_id",
  "span_id",
  "parent_span_id",
  "from",
];

/** The head fields of each type in canonical order, after the envelope and before `content`. */
export const HEAD_FIELDS: { readonly [T in RecordType]: readonly string[] } = {
  invocation_start: [
    "trace_id",
    "origin",
    "session_id",
    "agent",
    "conversation_id",
    "parent_conversation_id",
    "resumed",
    "instructions",
    "pointers",
    "links",
    "capture",
    "writer",
    "recorder",
    "resource",
  ],
  turn_start: ["turn", "origin"],
  turn_end: ["turn", "status", "duration_ms", "time_to_first_token_ms"],
  prompt: ["model", "provider", "parameters", "attempt", "input"],
  completion: [
    "model",
    "response_id",
    "finish_reasons",
    "status",
    "error",
    "duration_ms",
    "duration_basis",
    "time_to_first_token_ms",
    "usage",
    "cost",
  ],
  tool_call: ["name", "call_id", "kind", "server", "executor", "same_as"],
  tool_result: [
    "name",
    "call_id",
    "status",
    "error",
    "error_basis",
    "exit_code",
    "duration_ms",
    "duration_basis",
    "permission",
    "result_bytes",
  ],
  agent_start: ["agent", "conversation_id", "call_id", "background"],
  agent_end: ["agent", "conversation_id", "call_id", "background", "status"],
  event: ["name"],
  decision: ["verdict", "basis", "subject", "confidence"],
  score: ["name", "value", "label", "subject"],
  amend: ["of"],
  gap: ["records", "bytes", "reason"],
  invocation_end: [
    "status",
    "exit_code",
    "signal",
    "duration_ms",
    "closed_by",
    "totals",
    "changes",
    "redactions",
    "losses",
  ],
};

/** Types whose fields are their own affair: an event's stand flat beside its name, an amendment's are another type's. */
const OPEN_TYPES: ReadonlySet<string> = new Set(["event", "amend"]);
const KNOWN_FIELDS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(HEAD_FIELDS).map(([type, own]) => [type, new Set([...ENVELOPE_FIELDS, ...own, "content"])]),
);

/** Whether a record has a field that this version of the format does not know. */
export function hasUnknownField(record: TraceRecord): boolean {
  const known = KNOWN_FIELDS.get(record.type);
  if (known === undefined || OPEN_TYPES.has(record.type)) return false;
  for (const field in record) if (!known.has(field)) return true;
  return false;
}
