/**
 * Entries with their contents cut to what one line of a tree can show, so that a trace of a gigabyte is shown
 * in the memory of its heads.
 */

import type { Entry } from "@spoor/trace";

const LONGEST_TEXT = 240;
const MOST_ITEMS = 8;
const DEEPEST = 6;

export function* briefEntries(entries: Iterable<Entry>): Generator<Entry> {
  for (const entry of entries) {
    if (entry.kind === "record" && entry.record.content !== undefined)
      entry.record.content = brief(entry.record.content, DEEPEST) as object;
    yield entry;
  }
}

function brief(value: unknown, levels: number): unknown {
  if (typeof value === "string") return copyOfStart(value);
  if (value === null || typeof value !== "object") return value;
  if (levels === 0) return "…";
  if (Array.isArray(value)) return value.slice(0, MOST_ITEMS).map((item) => brief(item, levels - 1));
  const entries = Object.entries(value).slice(0, MOST_ITEMS * 2);
  return Object.fromEntries(
    entries.map(([key, item]) => [key.slice(0, LONGEST_TEXT), brief(item, levels - 1)]),
  );
}

/** A slice of a string keeps all of it in memory; a copy does not. */
function copyOfStart(text: string): string {
  return text.length <= LONGEST_TEXT ? text : Buffer.from(text.slice(0, LONGEST_TEXT)).toString();
}
