/**
 * The records that a parsed conversation would be in some trace, each with the amendments it got later.
 */

import type { Event } from "@spoor/adapters";
import { type Amend, amendRecord, type TraceRecord } from "@spoor/trace";
import { recordKey } from "./conversation-index.ts";
import type { RecordMaker } from "./to-record.ts";
import type { Draft } from "./trace-file.ts";

/** One record of the conversation, its own amendments, and where it came from. */
export interface Planned {
  event: Event;
  draft: Draft;
  amends: Draft[];
}

export function plan(events: readonly Event[], maker: RecordMaker): Planned[] {
  const planned = new Map<string, Planned>();
  for (const event of events) {
    const draft = maker.toRecord(event);
    if (event.type === "amend") planned.get(recordKey(event.of, draft.span_id))?.amends.push(draft);
    else if (!planned.has(keyOf(draft))) planned.set(keyOf(draft), { event, draft, amends: [] });
  }
  return [...planned.values()];
}

export function keyOf(draft: { type: string; span_id: string }): string {
  return recordKey(draft.type, draft.span_id);
}

export function merged(draft: Draft, amends: readonly Draft[]): Draft {
  let record = { v: 1, seq: 0, ...draft } as TraceRecord;
  for (const amend of amends) record = amendRecord(record, { v: 1, seq: 0, ...amend } as Amend);
  return record as unknown as Draft;
}

export function latestTime(draft: Draft, amends: readonly Draft[]): string {
  return amends.reduce((latest, amend) => (amend.time > latest ? amend.time : latest), draft.time);
}
