/**
 * What an agent can tell us: the records of a trace before they have ids.
 *
 * An event names its span by what the agent's own line carries (a message id, a call id), never by a span
 * id: the same line must become the same event whether it is recorded live, imported, or imported again, and
 * only the recorder knows which invocation it belongs to.
 */

import type {
  AgentEnd,
  AgentStart,
  AmendableType,
  Completion,
  Decision,
  Envelope,
  Prompt,
  PromptInput,
  Score,
  SpanKind,
  Timestamp,
  ToolCall,
  ToolResult,
  TurnEnd,
  TurnStart,
} from "@spoor/trace";

/** A span by its native key; see `spanIdOf` in @spoor/trace. */
export interface SpanKey {
  kind: SpanKind;
  key: string;
}

/** The root of the trace. */
export const INVOCATION: SpanKey = { kind: "invocation", key: "" };

/** Where an event was read: a line (1-based) of a source, both as the parser was given them. */
export interface From {
  source: number;
  line: number;
}

interface Placed {
  span: SpanKey;
  /** Absent: the invocation. */
  parent?: SpanKey;
  time: Timestamp;
  from?: From;
}

/** `base` stands for `base_span_id` until ids are known. */
export type EventInput = Omit<PromptInput, "base_span_id"> & { base?: SpanKey };

type Bare<T> = Omit<T, keyof Envelope> & Pick<T, Extract<keyof T, "content">>;

export type TurnStartEvent = Placed & { type: "turn_start" } & Bare<TurnStart>;
export type TurnEndEvent = Placed & { type: "turn_end" } & Bare<TurnEnd>;
export type PromptEvent = Placed & { type: "prompt" } & Omit<Bare<Prompt>, "input"> & { input: EventInput };
export type CompletionEvent = Placed & { type: "completion" } & Bare<Completion>;
/** `same_as` is found by the recorder, which sees the whole run. */
export type ToolCallEvent = Placed & { type: "tool_call" } & Omit<Bare<ToolCall>, "same_as">;
export type ToolResultEvent = Placed & { type: "tool_result" } & Bare<ToolResult>;
export type AgentStartEvent = Placed & { type: "agent_start" } & Bare<AgentStart>;
export type AgentEndEvent = Placed & { type: "agent_end" } & Bare<AgentEnd>;
/** An event's own fields stand in `fields`, and are flat on disk. */
export type PointEvent = Placed & {
  type: "event";
  name: string;
  fields?: Record<string, unknown>;
  content?: Record<string, unknown>;
};
export type DecisionEvent = Placed & { type: "decision" } & Bare<Decision>;
export type ScoreEvent = Placed & { type: "score" } & Bare<Score>;
/** What became known later about a record of type `of` on the same span. */
export type AmendEvent = Placed & {
  type: "amend";
  of: AmendableType;
  fields: Record<string, unknown>;
  content?: Record<string, unknown>;
};

export type Event =
  | TurnStartEvent
  | TurnEndEvent
  | PromptEvent
  | CompletionEvent
  | ToolCallEvent
  | ToolResultEvent
  | AgentStartEvent
  | AgentEndEvent
  | PointEvent
  | DecisionEvent
  | ScoreEvent
  | AmendEvent;
