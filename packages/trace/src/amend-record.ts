/** How an amendment changes the record it is about: docs/trace-format.md, "Amendments". */

import { joinMessages, messagesOf } from "./messages.ts";
import type { Amend, TraceRecord } from "./record.ts";

type Fields = Record<string, unknown>;

/** These say where and when the amendment itself was written. */
const ITS_OWN: ReadonlySet<string> = new Set([
  "v",
  "type",
  "seq",
  "time",
  "invocation_id",
  "span_id",
  "parent_span_id",
  "from",
  "of",
]);

/**
 * One amendment applied: objects merge by key, other values replace, and the messages of `content` append.
 * Returns a new record; neither argument is changed.
 */
export function amendRecord(record: TraceRecord, amend: Amend): TraceRecord {
  const { content, ...head } = amend as unknown as Fields;
  const changes = Object.fromEntries(Object.entries(head).filter(([field]) => !ITS_OWN.has(field)));
  const amended = mergeObjects(record as unknown as Fields, changes);
  if (isObject(content)) amended["content"] = amendContent(amended["content"], content);
  return amended as unknown as TraceRecord;
}

function amendContent(old: unknown, changes: Fields): Fields {
  const before = isObject(old) ? old : {};
  const amended = mergeObjects(before, changes);
  if (Array.isArray(changes["messages"]))
    amended["messages"] = joinMessages([
      ...messagesOf(before["messages"]),
      ...messagesOf(changes["messages"]),
    ]);
  return amended;
}

/** Built from entries, not by assignment: a hostile key `__proto__` must become a key and nothing else. */
function mergeObjects(old: Fields, changes: Fields): Fields {
  const merged = new Map(Object.entries(old));
  for (const [key, value] of Object.entries(changes)) {
    const before = merged.get(key);
    // Lower bounds that became final: as in a record that never had any.
    if (key === "partial" && Array.isArray(value) && value.length === 0) merged.delete(key);
    else merged.set(key, isObject(before) && isObject(value) ? mergeObjects(before, value) : value);
  }
  return Object.fromEntries(merged);
}

function isObject(value: unknown): value is Fields {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
