/**
 * Writes a parsed conversation into the store: what is new, once; what changed, as amendments.
 */

import { statSync } from "node:fs";
import type { Event } from "@spoor/adapters";
import type { Redactor } from "@spoor/redactor";
import {
  encodeLine,
  foldTrace,
  importedInvocationId,
  type Link,
  type Losses,
  readEntries,
  spanIdOf,
  type Totals,
  type TraceRecord,
  traceFilePath,
  traceIdOf,
  type Writer,
  writerState,
} from "@spoor/trace";
import { boundedId } from "./conversation-id.ts";
import {
  type ConversationIndex,
  readStoredTrace,
  recordKey,
  type StoredTrace,
} from "./conversation-index.ts";
import { completeCrashed } from "./complete-crashed.ts";
import { difference } from "./difference.ts";
import type { FoundConversation } from "./find-conversations.ts";
import type { ParsedConversation } from "./parse-conversation.ts";
import { keyOf, latestTime, merged, plan, type Planned } from "./planned.ts";
import { admitPointers, sessionId } from "./pointers/index.ts";
import { reportedTotals } from "./totals.ts";
import { RecordMaker } from "./to-record.ts";
import { type Draft, TraceFile } from "./trace-file.ts";
import { type Level, levelOf, TraceWriter } from "./trace-writer.ts";
import { statusOfLastTurn } from "./turn-status.ts";
import { RECORDER } from "./version.ts";

export interface StoreOptions {
  directory: string;
  level: Level;
  /** Makes a fresh one: its numbers must come out the same when the conversation is stored again. */
  redactor: () => Redactor;
  writer: Writer;
}

export type StoreOutcome =
  /** `paths`: traces that were made or grew. */
  | { kind: "stored"; paths: string[] }
  | { kind: "unchanged" }
  | { kind: "empty"; reason: string }
  | { kind: "failed"; reason: string };

export function storeConversation(
  { adapter, identity }: FoundConversation,
  parsed: ParsedConversation,
  index: ConversationIndex,
  options: StoreOptions,
): StoreOutcome {
  const { facts, events } = parsed;
  if (facts.firstTime === undefined || events.length === 0)
    return { kind: "empty", reason: "no conversation in it: no line with a time" };
  const agent = adapter.name;
  const conversationId = boundedId(facts.conversationId ?? identity.conversationId ?? "unknown");
  const stored = index.tracesOf(agent, conversationId).map((path) => readStoredTrace(path, false));
  const own = stored.find(({ trace }) => trace.invocation?.start?.origin === "imported");
  const others = stored.filter((one) => one !== own);
  // What its recorder has not written yet, it will.
  if (others.some((one) => isBeingRecorded(one, options.writer))) return { kind: "unchanged" };
  // Streams repeat what the transcript says, with keys of their own where the agent gives none.
  if (identity.kind === "stream" && stored.some(hasTranscript)) return { kind: "unchanged" };

  const invocationId =
    own?.trace.invocation_id ?? importedInvocationId(Date.parse(facts.firstTime), agent, conversationId);
  const maker = new RecordMaker(invocationId);
  const planned = plan(events, maker);
  const lastTime = planned
    .map(({ draft, amends }) => latestTime(draft, amends))
    .reduce((latest, time) => (time > latest ? time : latest), facts.lastTime ?? facts.firstTime);
  const parents = index
    .tracesAround(agent, conversationId, facts.firstTime, facts.lastTime ?? facts.firstTime)
    .map((path) => readStoredTrace(path, true));
  const known = new Presence(others, parents);
  const missing = planned.filter(
    (one) => own?.records.has(keyOf(one.draft)) !== true && !known.has(one.event),
  );
  const completed = others
    .filter((one) => completeCrashed(one, events, options.redactor()))
    .map(({ path }) => path);
  if (own === undefined && missing.length === 0) return storedIn(completed);

  const opened =
    own === undefined
      ? TraceFile.create(
          options.directory,
          traceFilePath(options.directory, facts.firstTime, agent, invocationId),
        )
      : TraceFile.reopen(own.path);
  if (opened.kind === "refused") return { kind: "failed", reason: opened.reason };
  const { file } = opened;
  const writer = new TraceWriter(
    file,
    options.redactor(),
    // What one run of the conversation was not to store, its import does not store either.
    [...others, ...(own === undefined ? [] : [own])].some(({ trace }) => levelOf(trace) === "metadata")
      ? "metadata"
      : options.level,
  );

  let wrote = 0;
  const put = (draft: Draft): void => {
    file.append(draft);
    wrote++;
  };
  const start = startDraft(maker, parsed, {
    agent,
    conversationId,
    level: writer.level,
    writer: options.writer,
    links: [
      ...linksOf(others, "continues"),
      ...linksOf(known.copiedFrom, "resumes"),
      // What it resumed it goes on from, though it holds none of its lines; what it did not has asked for it.
      ...linksOf(
        parentsOf(facts, agent, index, known.copiedFrom),
        facts.resumed === true ? "resumes" : "spawned_by",
      ),
    ],
  });
  const preparedStart = writer.prepare(start);
  if (own === undefined) put(preparedStart);
  else for (const amend of difference(own.records.get(keyOf(start)), preparedStart, lastTime)) put(amend);

  // A turn begun in another trace is begun again here, where its new records need it.
  const turnsNeeded = turnsOf(missing);
  const present = new Set(own?.records.keys());
  let truncated = cutsIn(preparedStart);
  for (const one of planned) {
    const key = keyOf(one.draft);
    const ownRecord = own?.records.get(key);
    // Redaction numbers what it finds: every record passes it, in order, whether or not it is written.
    const draft = writer.prepare(detached(one.draft, present));
    const amends = one.amends.map((amend) => writer.prepare(amend));
    const whole = merged(draft, amends);
    if (ownRecord !== undefined) {
      for (const amend of difference(ownRecord, whole, latestTime(draft, amends))) put(amend);
    } else if (
      !known.has(one.event) ||
      (one.draft.type === "turn_start" && turnsNeeded.has(one.draft.span_id))
    ) {
      put(draft);
      present.add(key);
      for (const amend of amends) put(amend);
    }
    if (present.has(key)) truncated += cutsIn(whole);
  }
  const gaps = (own?.trace.losses.gaps ?? 0) + file.lost.records;
  const end = writer.prepare(
    endDraft(maker, parsed, {
      lastTime,
      totals: reportedTotals(foldTrace(readEntries(file.path, { headOnly: true })), facts),
      redactions: writer.redactions,
      losses: { ...parsed.losses, ...writer.losses, truncated, gaps },
    }),
  );
  const storedEnd = own?.records.get(keyOf(end));
  if (storedEnd === undefined) put(end);
  else for (const amend of difference(storedEnd, end, end.time)) put(amend);

  void file.close();
  if (own === undefined) index.add(file.path);
  return storedIn(wrote === 0 ? completed : [file.path, ...completed]);
}

function storedIn(paths: string[]): StoreOutcome {
  return paths.length === 0 ? { kind: "unchanged" } : { kind: "stored", paths };
}

function isBeingRecorded({ path, trace: { invocation } }: StoredTrace, here: Writer): boolean {
  if (invocation?.start === undefined || invocation.end !== undefined) return false;
  return writerState(invocation.start.writer, here, Date.now() - statSync(path).mtimeMs) !== "gone";
}

function hasTranscript({ trace }: StoredTrace): boolean {
  return trace.invocation?.start?.capture.sources?.some((source) => source.kind === "transcript") === true;
}

/**
 * What other traces hold already, asked by native key: their span ids are of other invocations.
 *
 * In the same conversation an equal key is the same thing. In another one it is a copy only if it also
 * happened at the same time, with the same model or tool: agents that fork or resume copy old lines.
 */
class Presence {
  readonly #same: readonly StoredTrace[];
  readonly #around: readonly StoredTrace[];
  /** Traces that copies were found of. */
  readonly copiedFrom = new Set<StoredTrace>();

  constructor(same: readonly StoredTrace[], around: readonly StoredTrace[]) {
    this.#same = same;
    this.#around = around;
  }

  has(event: Event): boolean {
    if (this.#same.some((stored) => find(stored, event) !== undefined)) return true;
    const original = this.#around.find((stored) => {
      const record = find(stored, event);
      return record !== undefined && record.time === event.time && namesOf(record) === namesOf(event);
    });
    if (original !== undefined) this.copiedFrom.add(original);
    return original !== undefined;
  }
}

function find({ trace, records }: StoredTrace, { type, span }: Event): TraceRecord | undefined {
  return records.get(recordKey(type, spanIdOf(trace.invocation_id ?? "", span.kind, span.key)));
}

function namesOf(record: object): string {
  const { name, model } = record as { name?: string; model?: string };
  return `${name ?? ""} ${model ?? ""}`;
}

/** A prompt whose base stands in another trace extends nothing that a reader of this file could follow. */
function detached(draft: Draft, present: ReadonlySet<string>): Draft {
  if (draft.type !== "prompt") return draft;
  const base = draft.input.base_span_id;
  if (base === undefined || present.has(recordKey("prompt", base))) return draft;
  const { base_span_id: _base, base_messages: _kept, ...input } = draft.input;
  return { ...draft, input: { ...input, reason: "resume", complete: false } };
}

/** How many of its values are cut when it is stored. */
function cutsIn(draft: Draft): number {
  return encodeLine({ v: 1, seq: 0, ...draft } as TraceRecord).truncated;
}

function turnsOf(missing: readonly Planned[]): Set<string> {
  return new Set(
    missing.flatMap(({ draft, event }) =>
      event.parent?.kind === "turn" ? [draft.parent_span_id ?? ""] : [],
    ),
  );
}

/** The conversation that this one names as its parent, unless copies of its lines have shown it already. */
function parentsOf(
  { parentConversationId }: ParsedConversation["facts"],
  agent: string,
  index: ConversationIndex,
  copiedFrom: ReadonlySet<StoredTrace>,
): StoredTrace[] {
  if (parentConversationId === undefined) return [];
  const copied = new Set([...copiedFrom].map(({ path }) => path));
  return index
    .tracesOf(agent, parentConversationId)
    .filter((path) => !copied.has(path))
    .map((path) => readStoredTrace(path, true));
}

function linksOf(stored: Iterable<StoredTrace>, kind: Link["kind"]): Link[] {
  return [...stored].flatMap(({ trace }) => {
    const start = trace.invocation?.start;
    return start === undefined ? [] : [{ trace_id: start.trace_id, span_id: start.span_id, kind }];
  });
}

// --- the invocation's own records ---------------------------------------------------------------------------

interface StartFacts {
  agent: string;
  conversationId: string;
  level: Level;
  writer: Writer;
  links: Link[];
}

function startDraft(
  maker: RecordMaker,
  { facts, sources }: ParsedConversation,
  { agent, conversationId, level, writer, links }: StartFacts,
): Draft {
  const pointers = admitPointers(facts.pointers);
  const session = sessionId(pointers, conversationId);
  return {
    type: "invocation_start",
    time: facts.firstTime ?? "",
    ...maker.root(),
    trace_id: traceIdOf(maker.invocationId),
    origin: "imported",
    ...(session === undefined ? {} : { session_id: session }),
    agent: { name: agent, ...(facts.agentVersion === undefined ? {} : { version: facts.agentVersion }) },
    conversation_id: conversationId,
    ...(facts.parentConversationId === undefined
      ? {}
      : { parent_conversation_id: boundedId(facts.parentConversationId) }),
    ...(facts.resumed === true ? { resumed: true } : {}),
    ...(Object.keys(pointers).length === 0 ? {} : { pointers }),
    ...(links.length === 0 ? {} : { links }),
    capture: { level, sources },
    writer,
    recorder: RECORDER,
    ...(facts.cwd === undefined ? {} : { content: { cwd: facts.cwd } }),
  };
}

interface EndFacts {
  lastTime: string;
  totals: Totals;
  redactions: Readonly<Record<string, number>>;
  /** Of the whole trace, not of what this import added to it: an import that adds nothing finds the same. */
  losses: Losses;
}

function endDraft(
  maker: RecordMaker,
  { facts }: ParsedConversation,
  { lastTime, totals, redactions, losses }: EndFacts,
): Draft {
  const lost = Object.entries(losses).filter(([, count]) => count > 0);
  return {
    type: "invocation_end",
    time: lastTime,
    ...maker.root(),
    status: statusOfLastTurn(facts.lastTurnStatus),
    duration_ms: Math.max(0, Date.parse(lastTime) - Date.parse(facts.firstTime ?? lastTime)),
    closed_by: "import",
    totals,
    ...(Object.keys(redactions).length === 0 ? {} : { redactions: { ...redactions } }),
    ...(lost.length === 0 ? {} : { losses: Object.fromEntries(lost) }),
  };
}
