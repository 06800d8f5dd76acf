/**
 * What must be told of a stored record so that it says what is known now.
 */

import { isDeepStrictEqual } from "node:util";
import { type AmendableType, encodeLine, joinMessages, type Message, type TraceRecord } from "@spoor/trace";
import type { Draft } from "./trace-file.ts";

/** Fields that say who wrote the record or where, not what happened. */
const NOT_COMPARED = new Set([
  "v",
  "type",
  "seq",
  "time",
  "invocation_id",
  "span_id",
  "parent_span_id",
  "from",
  "writer",
  "recorder",
  "content",
]);

/** The amendment that turns what is stored into what is known now; none where they agree. */
export function difference(stored: TraceRecord | undefined, draft: Draft, time: string): Draft[] {
  if (stored === undefined) return [];
  // As it would stand on disk: cut to size, and without what JSON cannot hold.
  const now = JSON.parse(encodeLine({ v: 1, seq: 0, ...draft } as TraceRecord).line) as Record<
    string,
    unknown
  >;
  const before = stored as unknown as Record<string, unknown>;
  const fields: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(now))
    if (!NOT_COMPARED.has(field) && !agree(before[field], value))
      fields[field] = withoutVanished(before[field], value);
  for (const field of ["losses", "redactions"])
    if (now[field] === undefined && !agree(before[field], {}))
      fields[field] = withoutVanished(before[field], {});
  const content = contentDifference(before["content"], now["content"]);
  if (Object.keys(fields).length === 0 && content === undefined) return [];
  const { type, invocation_id, span_id, parent_span_id } = draft;
  return [
    {
      type: "amend",
      time,
      invocation_id,
      span_id,
      ...(parent_span_id === undefined ? {} : { parent_span_id }),
      of: type as AmendableType,
      ...fields,
      ...(content === undefined ? {} : { content }),
    } as Draft,
  ];
}

function agree(before: unknown, now: unknown): boolean {
  return isDeepStrictEqual(withoutGone(before ?? {}), withoutGone(now ?? {}));
}

/**
 * Objects merge by key, so what is no more must be told: a count as zero (a torn line that is whole by now), a
 * list as empty (fields that were partial).
 */
function withoutVanished(before: unknown, value: unknown): unknown {
  if (!isObject(before) || !isObject(value)) return value;
  const told: Record<string, unknown> = {};
  for (const [key, old] of Object.entries(before)) {
    if (Object.hasOwn(value, key)) told[key] = withoutVanished(old, value[key]);
    else if (typeof old === "number") told[key] = 0;
    else if (Array.isArray(old)) told[key] = [];
  }
  return { ...value, ...told };
}

/** Without zeros and empty lists: what an amendment of ours told as gone. */
function withoutGone(value: unknown): unknown {
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(
    ([, one]) => one !== 0 && !(Array.isArray(one) && one.length === 0),
  );
  return Object.fromEntries(kept.map(([key, one]) => [key, withoutGone(one)]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function contentDifference(before: unknown, now: unknown): Record<string, unknown> | undefined {
  if (now === undefined || now === null) return undefined;
  const old = (before ?? {}) as Record<string, unknown>;
  const changed: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(now)) {
    if (isDeepStrictEqual(old[key], value)) continue;
    if (key !== "messages") changed[key] = value;
    else {
      const added = addedMessages((old[key] as Message[] | undefined) ?? [], value as Message[]);
      if (added.length > 0) changed[key] = added;
    }
  }
  return Object.keys(changed).length === 0 ? undefined : changed;
}

/** Messages append: what the new ones have beyond the stored ones, part by part. */
function addedMessages(before: readonly Message[], now: readonly Message[]): Message[] {
  const flat = (messages: readonly Message[]): Message[] =>
    messages.flatMap((message) => message.parts.map((part): Message => ({ ...message, parts: [part] })));
  const old = flat(before);
  const all = flat(now);
  const extends_ = old.every((message, index) => isDeepStrictEqual(message, all[index]));
  return extends_ ? joinMessages(all.slice(old.length)) : [];
}
