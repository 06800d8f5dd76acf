/**
 * What a trace means once starts are paired with ends: the spans a reader shows, sums and exports.
 */

import type { SpanKind } from "./ids.ts";
import type {
  AgentEnd,
  AgentStart,
  Completion,
  Decision,
  EventRecord,
  InvocationEnd,
  InvocationId,
  InvocationStart,
  Losses,
  Prompt,
  Score,
  SpanId,
  Timestamp,
  ToolCall,
  ToolResult,
  TurnEnd,
  TurnStart,
} from "./record.ts";

/** Something at one instant on its parent span. */
export type Point = EventRecord | Decision | Score;

interface SpanOf<Kind extends SpanKind, Start, End> {
  kind: Kind;
  span_id: SpanId;
  parent_span_id?: SpanId;
  /** For people: the model, the tool, the agent; never content. */
  name: string;
  /** The end's own word; `interrupted` where it never ended. */
  status: string;
  start_time: Timestamp;
  /** Where it never ended: the invocation's end, or the last record's time. */
  end_time: Timestamp;
  /** Whether an end was recorded. */
  ended: boolean;
  /** Amendments applied. Absent where only the end was found (an orphan) or never came. */
  start?: Start;
  end?: End;
  /** By time, then by writing order. */
  points: Point[];
}

export type InvocationSpan = SpanOf<"invocation", InvocationStart, InvocationEnd>;
export type TurnSpan = SpanOf<"turn", TurnStart, TurnEnd>;
export type ModelSpan = SpanOf<"model", Prompt, Completion>;
export type ToolSpan = SpanOf<"tool", ToolCall, ToolResult>;
export type AgentSpan = SpanOf<"agent", AgentStart, AgentEnd>;
export type Span = InvocationSpan | TurnSpan | ModelSpan | ToolSpan | AgentSpan;

/** A whole trace file, folded. */
export interface Trace {
  invocation_id: InvocationId | undefined;
  /** The root span; absent where the file holds neither its start nor its end. */
  invocation: InvocationSpan | undefined;
  /** The root first, then by start time. */
  spans: Span[];
  /** Points whose parent span is not in the file. */
  looseEvents: Point[];
  /** What this reading lost, and what the writer says it lost. */
  losses: Losses;
  /** Whole records read. */
  records: number;
  /** Time of the latest record; absent in an empty file. */
  lastTime: Timestamp | undefined;
}
