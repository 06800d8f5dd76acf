/**
 * One invocation being recorded: its trace from the first record to the last.
 *
 * A recorded command has one of these, and so has every further conversation that it starts, and so has a
 * program that uses the library. What differs is who tells it events; what they become is decided here.
 */

import type { ConversationFacts, Event } from "@spoor/adapters";
import type { Redactor } from "@spoor/redactor";
import {
  type Agent,
  type Changes,
  foldTrace,
  type Invocation,
  type InvocationEnd,
  type InvocationId,
  type InvocationStart,
  type Link,
  type LossKind,
  type Pointers,
  readEntries,
  type Source,
  type SpanId,
  type Timestamp,
  toInvocation,
  traceFilePath,
  type TraceId,
} from "@spoor/trace";
import { ChangeWatch } from "./change-watch.ts";
import { boundedId } from "./conversation-id.ts";
import { admitPointers, sessionId } from "./pointers/index.ts";
import { RecordMaker } from "./to-record.ts";
import { reportedTotals } from "./totals.ts";
import { type Draft, TraceFile } from "./trace-file.ts";
import { type Level, TraceWriter } from "./trace-writer.ts";
import { RECORDER } from "./version.ts";

/** What the recorder does when it finds a secret; see docs/privacy.md. */
export type OnSecret = "redact" | "suppress" | "fail";

/** What is known when an invocation begins; more is added by `amendStart`. */
export interface RecordingStart
  extends
    Pick<InvocationStart, "agent" | "origin">,
    Partial<
      Pick<
        InvocationStart,
        | "conversation_id"
        | "resumed"
        | "instructions"
        | "pointers"
        | "links"
        | "writer"
        | "resource"
        | "content"
      >
    > {
  invocationId: InvocationId;
  traceId: TraceId;
  /** The span it was started in. */
  parentSpanId?: SpanId | undefined;
  time: Timestamp;
  /** What the file is named by; a later finding changes the record, not the name. */
  fileAgent: string;
}

export interface RecordingOptions {
  directory: string;
  level: Level;
  onSecret: OnSecret;
  redactor: Redactor;
  nowMs: () => number;
}

export interface RecordingEnd extends Pick<InvocationEnd, "status"> {
  time: Timestamp;
  exitCode?: number | undefined;
  signal?: string | undefined;
  closedBy?: string | undefined;
  changes?: Changes | undefined;
}

export type Began = { kind: "recording"; recording: Recording } | { kind: "refused"; reason: string };

export class Recording {
  readonly maker: RecordMaker;
  readonly traceId: TraceId;
  readonly #writer: TraceWriter;
  readonly #options: RecordingOptions;
  readonly #startTime: Timestamp;
  readonly #changeWatch = new ChangeWatch();
  /** What the start record and its amendments say so far. */
  #told: Partial<Omit<InvocationStart, "type">>;
  #facts: Pick<ConversationFacts, "reportedCostUsd" | "reportedUsage"> = {};
  /** What the last record says, whether or not it could be written. */
  #end: Pick<Invocation, "status" | "duration_ms" | "losses"> | undefined;

  private constructor(file: TraceFile, start: RecordingStart, options: RecordingOptions) {
    this.maker = new RecordMaker(start.invocationId, start.parentSpanId);
    this.traceId = start.traceId;
    this.#writer = new TraceWriter(file, options.redactor, options.level);
    this.#options = options;
    this.#startTime = start.time;
    this.#told = {};
  }

  /** Creates the file and writes its first record. */
  static begin(start: RecordingStart, options: RecordingOptions): Began {
    const path = traceFilePath(options.directory, start.time, start.fileAgent, start.invocationId);
    const created = TraceFile.create(options.directory, path);
    if (created.kind === "refused") return created;
    const recording = new Recording(created.file, start, options);
    recording.#writeStart(start);
    return { kind: "recording", recording };
  }

  get path(): string {
    return this.#writer.file.path;
  }

  get rootSpanId(): SpanId {
    return this.maker.root().span_id;
  }

  get pointers(): Pointers {
    return this.#told.pointers ?? {};
  }

  /** What is also true of a conversation that runs in the same place. */
  get surroundings(): Pick<RecordingStart, "pointers" | "instructions"> {
    const { pointers, instructions } = this.#told;
    return {
      ...(pointers === undefined ? {} : { pointers }),
      ...(instructions === undefined ? {} : { instructions }),
    };
  }

  /** Another agent in the same role and team. */
  agentLike(name: string): Agent {
    const { role, team, attempt } = this.#told.agent ?? {};
    return {
      name,
      ...(role === undefined ? {} : { role }),
      ...(team === undefined ? {} : { team }),
      ...(attempt === undefined ? {} : { attempt }),
    };
  }

  /** Secrets removed so far, by rule. */
  get redactions(): Readonly<Record<string, number>> {
    return this.#writer.redactions;
  }

  /** Whether a secret was found so far. */
  get foundSecret(): boolean {
    return Object.keys(this.redactions).length > 0;
  }

  write(event: Event): void {
    const created = this.#changeWatch.see(event);
    this.#put(this.maker.toRecord(event));
    if (created !== undefined) this.amendStart(event.time, { pointers: admitPointers(created) });
  }

  lose(kind: LossKind, count = 1): void {
    this.#writer.lose(kind, count);
  }

  /** Tells what became known of the invocation; what is told already is not repeated. */
  amendStart(time: Timestamp, known: Partial<Omit<InvocationStart, "type">>): void {
    const fields: Record<string, unknown> = {};
    const told = this.#told as Record<string, unknown>;
    for (const [field, value] of Object.entries(known)) {
      const merged = isObject(value) && isObject(told[field]) ? { ...told[field], ...value } : value;
      if (value === undefined || JSON.stringify(told[field]) === JSON.stringify(merged)) continue;
      fields[field] = value;
      told[field] = merged;
    }
    const session = sessionId(this.#told.pointers ?? {}, this.#told.conversation_id);
    if (session !== undefined && session !== this.#told.session_id)
      fields["session_id"] = this.#told.session_id = session;
    if (Object.keys(fields).length === 0) return;
    this.#put({ type: "amend", time, ...this.maker.root(), of: "invocation_start", ...fields } as Draft);
  }

  /** Other traces that hold what came before; each is told once. */
  link(links: readonly Link[], time: Timestamp): void {
    const told = this.#told.links ?? [];
    const added = links.filter(
      ({ trace_id, span_id }) =>
        span_id !== this.rootSpanId &&
        !told.some((link) => link.trace_id === trace_id && link.span_id === span_id),
    );
    if (added.length > 0) this.amendStart(time, { links: [...told, ...added] });
  }

  /** What a conversation says about itself, as it becomes known. */
  learn(facts: ConversationFacts, sources: Source[] | undefined, time: Timestamp): void {
    this.#facts = facts;
    const { conversationId, parentConversationId, agentVersion, resumed, cwd } = facts;
    // Git and the CI know the branch better than a transcript does; a change is known only here.
    const { change_url, change_id, ...said } = admitPointers(facts.pointers);
    const unknown = Object.entries({ ...said }).filter(
      ([field]) => this.pointers[field as keyof Pointers] === undefined,
    );
    const pointers = {
      ...Object.fromEntries(unknown),
      ...(change_url === undefined ? {} : { change_url, ...(change_id === undefined ? {} : { change_id }) }),
    };
    this.amendStart(time, {
      ...(agentVersion === undefined ? {} : { agent: { version: agentVersion } as InvocationStart["agent"] }),
      ...(conversationId === undefined ? {} : { conversation_id: boundedId(conversationId) }),
      ...(parentConversationId === undefined
        ? {}
        : { parent_conversation_id: boundedId(parentConversationId) }),
      ...(resumed === true ? { resumed } : {}),
      ...(Object.keys(pointers).length === 0 ? {} : { pointers }),
      ...(sources === undefined ? {} : { capture: { level: this.#writer.level, sources } }),
      ...(cwd === undefined || this.#told.content !== undefined ? {} : { content: { cwd } }),
    });
  }

  /** Writes the last record and closes the file; resolves when it would survive a power cut. */
  async end({ status, time, exitCode, signal, closedBy, changes }: RecordingEnd): Promise<void> {
    if (this.#end !== undefined) return;
    const writer = this.#writer;
    const trace = foldTrace(this.#entries());
    const { lost } = writer.file;
    const losses = { ...writer.losses, ...(lost.records > 0 ? { gaps: lost.records } : {}) };
    const durationMs = Math.max(0, Date.parse(time) - Date.parse(this.#startTime));
    this.#end = { status, duration_ms: durationMs, losses };
    this.#put({
      type: "invocation_end",
      time,
      ...this.maker.root(),
      status,
      ...(exitCode === undefined ? {} : { exit_code: exitCode }),
      ...(signal === undefined ? {} : { signal }),
      duration_ms: durationMs,
      ...(closedBy === undefined ? {} : { closed_by: closedBy }),
      totals: reportedTotals(trace, this.#facts),
      ...(changes === undefined ? {} : { changes }),
      ...(this.foundSecret ? { redactions: { ...this.redactions } } : {}),
      ...(Object.keys(losses).length === 0 ? {} : { losses }),
    });
    await writer.file.close();
  }

  /** The invocation object, read back from what is on disk; undefined where that is nothing. */
  summary(): Invocation | undefined {
    const trace = foldTrace(this.#entries());
    if (trace.records === 0) return undefined;
    const end = this.#end;
    const invocation = toInvocation(trace, this.path, () => (end === undefined ? "alive" : "gone"));
    // A full disk may have refused the last record; what it says is true all the same.
    if (end === undefined || trace.invocation?.end !== undefined) return invocation;
    return { ...invocation, ...end, losses: { ...invocation.losses, ...end.losses } };
  }

  #entries(): ReturnType<typeof readEntries> {
    return readEntries(this.path, { headOnly: true });
  }

  #writeStart(start: RecordingStart): void {
    const {
      invocationId: _id,
      traceId,
      parentSpanId: _parent,
      time,
      fileAgent: _name,
      origin,
      agent,
      writer,
      ...known
    } = start;
    const session = sessionId(known.pointers ?? {}, known.conversation_id);
    this.#told = { ...known, agent, ...(session === undefined ? {} : { session_id: session }) };
    this.#put({
      type: "invocation_start",
      time,
      ...this.maker.root(),
      trace_id: traceId,
      origin,
      ...this.#told,
      capture: { level: this.#writer.level },
      ...(writer === undefined ? {} : { writer }),
      recorder: RECORDER,
    } as Draft);
  }

  #put(draft: Draft): void {
    const before = this.foundSecret;
    this.#writer.write(draft);
    if (before || !this.foundSecret || this.#options.onSecret === "redact") return;
    this.#writer.write({
      type: "event",
      time: draft.time,
      invocation_id: draft.invocation_id,
      span_id: this.maker.spanId({ kind: "point", key: "secret" }),
      parent_span_id: this.rootSpanId,
      name: "secret",
      rule: Object.keys(this.redactions).join(","),
    });
    if (this.#options.onSecret === "suppress") this.#writer.suppressContent();
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
