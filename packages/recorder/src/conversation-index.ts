/**
 * Which traces of a store belong to which conversation, and what they already hold.
 *
 * An import writes only what no trace has, so it must know what the traces have: by record type and span.
 * Only heads are read, and only of the conversations asked for.
 */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import {
  foldTrace,
  type InvocationStart,
  type Link,
  listTraceFiles,
  readEntries,
  type Trace,
  type TraceRecord,
} from "@spoor/trace";
import { boundedId } from "./conversation-id.ts";

/** One stored trace of a conversation. */
export interface StoredTrace {
  path: string;
  trace: Trace;
  /** Its records with their amendments applied, by `<type> <span_id>`. */
  records: Map<string, TraceRecord>;
}

export function recordKey(type: string, spanId: string): string {
  return `${type} ${spanId}`;
}

/** Reads a whole trace; its content only where asked. */
export function readStoredTrace(path: string, headOnly: boolean): StoredTrace {
  const trace = foldTrace(readEntries(path, { headOnly }));
  const records = new Map<string, TraceRecord>();
  const add = (record: TraceRecord | undefined): void => {
    if (record !== undefined) records.set(recordKey(record.type, record.span_id), record);
  };
  for (const span of trace.spans) {
    add(span.start);
    add(span.end);
    for (const point of span.points) add(point);
  }
  for (const point of trace.looseEvents) add(point);
  return { path, trace, records };
}

/** What a trace says of itself in its first records. */
interface Told {
  path: string;
  agent: string;
  conversationId: string;
  firstTime: string;
  root: Pick<Link, "trace_id" | "span_id">;
}

interface Listed extends Told {
  lastTime: string;
}

/**
 * Links to the traces of a conversation, newest first; none where the store cannot be read.
 *
 * @param newest How many of the store's traces are looked at: an agent may be running meanwhile.
 */
export function linksTo(
  directory: string,
  { agent, conversationId, kind }: { agent: string; conversationId: string; kind: Link["kind"] },
  newest: number,
): Link[] {
  const id = boundedId(conversationId);
  const linkTo = (path: string): Link[] => {
    const told = readTold(path);
    return told?.agent === agent && told.conversationId === id ? [{ ...told.root, kind }] : [];
  };
  try {
    return listTraceFiles(directory).slice(0, newest).flatMap(linkTo);
  } catch {
    // A folder in it is not ours to read: a link less is no reason to lose the lines.
    return [];
  }
}

export class ConversationIndex {
  readonly #traces: Listed[] = [];

  constructor(directory: string) {
    for (const path of listTraceFiles(directory)) {
      const listed = list(path);
      if (listed !== undefined) this.#traces.push(listed);
    }
  }

  /** A trace that was written meanwhile. */
  add(path: string): void {
    const listed = list(path);
    if (listed !== undefined) this.#traces.push(listed);
  }

  /** The traces of a conversation, in no particular order. */
  tracesOf(agent: string, conversationId: string): string[] {
    const id = boundedId(conversationId);
    return this.#traces.flatMap((one) =>
      one.agent === agent && one.conversationId === id ? [one.path] : [],
    );
  }

  /**
   * Traces of the agent's other conversations that were going on at some moment of the given time: a
   * conversation can hold copies of their lines only if it begins before they end.
   */
  tracesAround(agent: string, conversationId: string, firstTime: string, lastTime: string): string[] {
    return this.#traces.flatMap((one) =>
      one.agent === agent &&
      one.conversationId !== conversationId &&
      one.firstTime <= lastTime &&
      one.lastTime >= firstTime
        ? [one.path]
        : [],
    );
  }
}

function list(path: string): Listed | undefined {
  try {
    const told = readTold(path);
    return told && { ...told, lastTime: lastTimeOf(path) };
  } catch {
    // Gone meanwhile: it cannot tell, and an import must not fail for it.
    return undefined;
  }
}

/** A recorded trace learns its conversation by an amendment, so its first line may not tell. */
function readTold(path: string): Told | undefined {
  let agent: string | undefined;
  let conversationId: string | undefined;
  let firstTime: string | undefined;
  let root: Told["root"] | undefined;
  try {
    for (const entry of readEntries(path, { headOnly: true })) {
      if (entry.kind !== "record") continue;
      const { record } = entry;
      firstTime ??= record.time;
      if (record.type === "invocation_start") root = { trace_id: record.trace_id, span_id: record.span_id };
      else if (record.type !== "amend" || record.of !== "invocation_start") continue;
      const start = record as unknown as Partial<InvocationStart>;
      agent = start.agent?.name ?? agent;
      conversationId = start.conversation_id ?? conversationId;
      if (root !== undefined && agent !== undefined && agent !== "plain" && conversationId !== undefined)
        return { path, agent, conversationId, firstTime, root };
    }
  } catch {
    // Unreadable or gone meanwhile: it cannot tell, and nobody must fail for it.
  }
  return undefined;
}

/** A little more than the longest line of heads; the last of the times in it is late enough for a comparison. */
const TAIL_BYTES = 64 * 1024;

function lastTimeOf(path: string): string {
  const descriptor = openSync(path, "r");
  try {
    const { size } = fstatSync(descriptor);
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(descriptor, tail, 0, tail.length, size - tail.length);
    const times = tail.toString("latin1").match(/"time":"\d{4}-[^"]{15,22}"/g) ?? [];
    return (
      times
        .map((time) => time.slice(8, -1))
        .sort()
        .at(-1) ?? "9999"
    );
  } finally {
    closeSync(descriptor);
  }
}
