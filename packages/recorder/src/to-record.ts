/**
 * From an agent's event to the record on disk: native keys become span ids, `from` becomes text, and equal
 * tool calls find their first.
 */

import type { Event, SpanKey } from "@spoor/adapters";
import { type InvocationId, sha256, type SpanId, spanIdOf } from "@spoor/trace";
import type { Draft } from "./trace-file.ts";

export class RecordMaker {
  readonly invocationId: InvocationId;
  readonly #parentOfRoot: SpanId | undefined;
  readonly #ids = new Map<string, SpanId>();
  /** Name and arguments of a tool call, hashed, to the span of the first call that had them. */
  readonly #firstCalls = new Map<string, SpanId>();

  /** @param parentOfRoot The span this invocation was started in (`TRACEPARENT`). */
  constructor(invocationId: InvocationId, parentOfRoot?: SpanId) {
    this.invocationId = invocationId;
    this.#parentOfRoot = parentOfRoot;
  }

  spanId({ kind, key }: SpanKey): SpanId {
    const name = `${kind}\n${key}`;
    let id = this.#ids.get(name);
    if (id === undefined) {
      id = spanIdOf(this.invocationId, kind, key);
      this.#ids.set(name, id);
    }
    return id;
  }

  /** The root's own records have the parent that the run was started in. */
  root(): { invocation_id: InvocationId; span_id: SpanId; parent_span_id?: SpanId } {
    return {
      invocation_id: this.invocationId,
      span_id: this.spanId(ROOT),
      ...(this.#parentOfRoot === undefined ? {} : { parent_span_id: this.#parentOfRoot }),
    };
  }

  toRecord(event: Event): Draft {
    const { type, span, parent, time, from, ...own } = event;
    const record: Record<string, unknown> = {
      type,
      time,
      invocation_id: this.invocationId,
      span_id: this.spanId(span),
    };
    if (span.kind === "invocation") Object.assign(record, this.root());
    else record["parent_span_id"] = this.spanId(parent ?? ROOT);
    if (from !== undefined) record["from"] = `${from.source}:${from.line}`;
    Object.assign(record, own);
    if ("fields" in own) {
      delete record["fields"];
      for (const [field, value] of Object.entries(own.fields ?? {}))
        record[ENVELOPE.has(field) || (type === "event" && field === "name") ? `${field}_` : field] = value;
    }
    if (event.type === "prompt") record["input"] = this.#input(event.input);
    if (event.type === "tool_call") {
      const first = this.#firstCall(event.name, event.content?.arguments, this.spanId(span));
      if (first !== undefined) record["same_as"] = first;
    }
    return record as unknown as Draft;
  }

  #input({ base, ...input }: Extract<Event, { type: "prompt" }>["input"]): object {
    return base === undefined ? input : { ...input, base_span_id: this.spanId(base) };
  }

  #firstCall(name: string, args: unknown, id: SpanId): SpanId | undefined {
    let key: string;
    try {
      key = sha256(`${name}\n${JSON.stringify(args) ?? ""}`);
    } catch {
      // Nested too deep to compare.
      return undefined;
    }
    const first = this.#firstCalls.get(key);
    if (first === undefined) this.#firstCalls.set(key, id);
    return first === id ? undefined : first;
  }
}

/** An event's own fields stand beside these, and none may pass itself off as one of them. */
const ENVELOPE: ReadonlySet<string> = new Set([
  "v",
  "type",
  "seq",
  "time",
  "invocation_id",
  "span_id",
  "parent_span_id",
  "from",
  "of",
  "content",
]);

const ROOT: SpanKey = { kind: "invocation", key: "" };
