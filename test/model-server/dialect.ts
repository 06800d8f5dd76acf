/** What the server needs to know about one provider's API; one module per provider implements it. */

import type { Step, Usage } from "./script.ts";

/** One server-sent event; `event` is absent where the API sends bare `data:` lines. */
export interface ServerSentEvent {
  readonly event?: string;
  readonly data: unknown;
}

/** A step with everything decided that an answer shows. */
export interface Answer {
  readonly step: Step;
  readonly usage: Usage;
  readonly model: string;
  /** Unique per answer; the provider's message and tool call ids are made of it. */
  readonly id: string;
}

/** A request that one provider's API understands as a model call. */
export interface ModelRequest {
  readonly model: string;
  readonly stream: boolean;
  /** Texts of the user's messages, oldest first; tool results are not among them. */
  readonly userTexts: readonly string[];
  /** A request the agent makes for itself (a title, a summary) that must not use up a step. */
  readonly aside: boolean;
}

export interface Dialect {
  readonly name: "openai" | "anthropic" | "gemini";
  /** The model call in this request, or undefined when the path is none of this API's. */
  read(path: string, body: unknown): ModelRequest | undefined;
  /** Answers to the API's lesser endpoints (token counting, model lists), or undefined. */
  lesser(path: string, body: unknown): unknown;
  /** The id that the tool call at `index` of an answer gets; undefined when the API gives none. */
  toolCallId(answerId: string, index: number): string | undefined;
  /** The whole answer as one JSON document. */
  message(answer: Answer): unknown;
  /** The same answer as the events of a stream; a pause falls after `pauseAfter` of them. */
  events(answer: Answer): { readonly events: readonly ServerSentEvent[]; readonly pauseAfter: number };
}

/** Narrows JSON of unknown shape to an object, or to an empty one. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** Narrows JSON of unknown shape to an array, or to an empty one. */
export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Narrows JSON of unknown shape to a string, or to an empty one. */
export function asString(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A rough token count, for the endpoints that ask for one; about four bytes of JSON each. */
export function roughTokens(body: unknown): number {
  return Math.ceil(JSON.stringify(body ?? "").length / 4);
}
