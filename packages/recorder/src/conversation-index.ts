/**
 * Which traces of a store belong to which conversation, and what they already hold.
 *
 * An import writes only what no trace has, so it must know what the traces have: by record type and span.
 * Only heads are read, and only of the conversations asked for.
 */

import {
  foldTrace,
  type InvocationStart,
  listTraceFiles,
  readEntries,
  type Trace,
  type TraceRecord,
} from "@spoor/trace";

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

export class ConversationIndex {
  readonly #paths = new Map<string, string[]>();

  constructor(directory: string) {
    for (const path of listTraceFiles(directory)) {
      const identity = conversationOf(path);
      if (identity !== undefined) this.add(identity.agent, identity.conversationId, path);
    }
  }

  add(agent: string, conversationId: string, path: string): void {
    const key = `${agent}\n${conversationId}`;
    const paths = this.#paths.get(key);
    if (paths === undefined) this.#paths.set(key, [path]);
    else paths.push(path);
  }

  /** The traces of a conversation, in no particular order. */
  tracesOf(agent: string, conversationId: string): string[] {
    return this.#paths.get(`${agent}\n${conversationId}`) ?? [];
  }
}

/** A recorded trace learns its conversation by an amendment, so its first line may not tell. */
function conversationOf(path: string): { agent: string; conversationId: string } | undefined {
  let agent: string | undefined;
  let conversationId: string | undefined;
  try {
    for (const entry of readEntries(path, { headOnly: true })) {
      if (entry.kind !== "record") continue;
      const { record } = entry;
      const describes =
        record.type === "invocation_start" || (record.type === "amend" && record.of === "invocation_start");
      if (!describes) continue;
      const start = record as unknown as Partial<InvocationStart>;
      agent = start.agent?.name ?? agent;
      conversationId = start.conversation_id ?? conversationId;
      if (agent !== undefined && agent !== "plain" && conversationId !== undefined)
        return { agent, conversationId };
    }
  } catch {
    // Unreadable or gone meanwhile: it cannot tell, and an import must not fail for it.
  }
  return agent === undefined || conversationId === undefined ? undefined : { agent, conversationId };
}
