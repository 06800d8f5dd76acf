/**
 * Turns a record into the one line that stands for it on disk.
 *
 * Three promises of docs/trace-format.md are kept here and nowhere else: the canonical key order with
 * `content` last (so that a reader can stop before it), the limits on size and depth (so that one tool output
 * cannot make a file unreadable), and a head without any key called `content`. Redaction comes before: a cut
 * secret would no longer be recognised.
 *
 * A record whose keys already stand in order, the usual case, is one JSON.stringify and a look at the result.
 */

import { ENVELOPE_FIELDS, HEAD_FIELDS, type TraceRecord } from "./record.ts";

/** Longest line, in bytes, newline included. */
export const MAX_LINE_BYTES: number = 1024 * 1024;
/** Longest head, in bytes. */
export const MAX_HEAD_BYTES: number = 16 * 1024;
/** Longest string inside `content`, in bytes, before its middle is cut out. */
export const MAX_STRING_BYTES: number = 256 * 1024;
/** Deepest nesting kept in a field; what lies below becomes a marker. jq 1.6 refuses a line of more than 256 levels. */
const MAX_DEPTH = 200;

export interface EncodedLine {
  /** With its newline. */
  line: string;
  /** How many values were cut to fit. */
  truncated: number;
}

type Fields = Readonly<Record<string, unknown>>;
/** How many values were cut so far. */
interface Tally {
  cut: number;
}

const CONTENT_KEY = ',"content":';
/** A UTF-16 unit becomes at most three bytes of UTF-8: lines and heads this short need not be measured. */
const SURELY_SHORT_LINE = Math.floor(MAX_STRING_BYTES / 3);
const SURELY_SHORT_HEAD = Math.floor(MAX_HEAD_BYTES / 3);

/** Encodes a record as one line within the limits. Never throws: what cannot be encoded is cut and counted. */
export function encodeLine(record: TraceRecord): EncodedLine {
  const tally: Tally = { cut: 0 };
  const given = record as unknown as Fields;
  const fields = isCanonical(given) ? given : canonical(given, tally);
  const json = stringify(fields, tally);
  // No head object has such a key, and inside a JSON string the quotes are escaped: the first one is the record's own.
  const contentAt = json.indexOf(CONTENT_KEY);
  const headLength = contentAt === -1 ? json.length - 1 : contentAt;
  if (json.length <= SURELY_SHORT_LINE && headLength <= SURELY_SHORT_HEAD)
    return { line: `${json}\n`, truncated: tally.cut };

  const head = fitHead(json.slice(0, headLength), tally);
  if (contentAt === -1) return { line: `${head}}\n`, truncated: tally.cut };
  const room = MAX_LINE_BYTES - Buffer.byteLength(head) - CONTENT_KEY.length - "}\n".length;
  const content = fitContent(fields["content"], json.slice(contentAt + CONTENT_KEY.length, -1), room, tally);
  return { line: `${head}${CONTENT_KEY}${content}}\n`, truncated: tally.cut };
}

// --- order -----------------------------------------------------------------------------------------------

/** The keys of a type in canonical order. */
interface Order {
  readonly fields: readonly string[];
  readonly known: ReadonlySet<string>;
}

function toOrder(own: readonly string[]): Order {
  const fields = [...ENVELOPE_FIELDS, ...own, "content"];
  return { fields, known: new Set(fields) };
}

const ORDERS: ReadonlyMap<unknown, Order> = new Map(
  Object.entries(HEAD_FIELDS).map(([type, own]) => [type, toOrder(own)]),
);
/** An amendment's own fields stand in the order of the record it amends. */
const AMEND_ORDERS: ReadonlyMap<unknown, Order> = new Map(
  Object.entries(HEAD_FIELDS).map(([type, own]) => [type, toOrder(["of", ...own])]),
);
const UNKNOWN_ORDER: Order = toOrder([]);

function orderOf(record: Fields): Order {
  const amended = record["type"] === "amend" ? AMEND_ORDERS.get(record["of"]) : undefined;
  return amended ?? ORDERS.get(record["type"]) ?? UNKNOWN_ORDER;
}

/** Whether JSON.stringify of the record as it is gives its line: known keys in order, no null, nothing unfit. */
function isCanonical(record: Fields): boolean {
  const { fields } = orderOf(record);
  let at = 0;
  for (const key in record) {
    const value = record[key];
    if (value === undefined) continue;
    while (at < fields.length && fields[at] !== key) at++;
    if (at === fields.length || value === null || !isFit(value, MAX_DEPTH, key !== "content")) return false;
  }
  return true;
}

/** Whether a value is shallow JSON; in a head also without any key `content`. */
function isFit(value: unknown, levels: number, inHead: boolean): boolean {
  if (typeof value !== "object") return typeof value !== "bigint" && typeof value !== "function";
  if (value === null) return true;
  if (levels === 0) return false;
  if (Array.isArray(value)) {
    for (const item of value) if (!isFit(item, levels - 1, inHead)) return false;
    return true;
  }
  for (const key in value) {
    if (inHead && key === "content") return false;
    if (!isFit((value as Fields)[key], levels - 1, inHead)) return false;
  }
  return true;
}

/** The record with its keys in order, the ones this version does not know before `content`, and its values made fit. */
function canonical(record: Fields, tally: Tally): Fields {
  const { fields, known } = orderOf(record);
  const ordered: Record<string, unknown> = {};
  let left = Object.keys(record).length;
  for (const field of fields) {
    const value = record[field];
    if (value === undefined) continue;
    left--;
    if (value !== null && field !== "content") ordered[field] = fit(value, true, tally);
  }
  if (left > 0) {
    for (const field in record) {
      const value = record[field] ?? undefined;
      if (value === undefined || known.has(field)) continue;
      // Not by assignment: a hostile key `__proto__` must become a key and nothing else.
      Object.defineProperty(ordered, field, { value: fit(value, true, tally), enumerable: true });
    }
  }
  const content = record["content"] ?? undefined;
  if (content !== undefined) ordered["content"] = fit(content, false, tally);
  return ordered;
}

/** Values a copy may have, so that a graph that shares or contains itself ends. */
const MAX_COPIED_VALUES = 50_000;

function fit(value: unknown, inHead: boolean, tally: Tally): unknown {
  return isFit(value, MAX_DEPTH, inHead) ? value : fitCopy(value, inHead, tally);
}

/** A copy that `isFit` accepts. */
function fitCopy(value: unknown, inHead: boolean, tally: Tally): unknown {
  let copied = 0;
  const copy = (inner: unknown, levels: number): unknown => {
    if (typeof inner === "bigint") return String(inner);
    if (typeof inner === "function") return undefined;
    if (inner === null || typeof inner !== "object") return inner;
    if (levels === 0 || ++copied > MAX_COPIED_VALUES) {
      tally.cut++;
      return "…[spoor: nested too deep]…";
    }
    if (Array.isArray(inner)) return inner.map((item) => copy(item, levels - 1));
    const entries = Object.entries(inner);
    const taken = new Set(inHead ? Object.keys(inner) : []);
    return Object.fromEntries(
      entries.map(([key, item]) => [inHead ? headKey(key, taken) : key, copy(item, levels - 1)]),
    );
  };
  return copy(value, MAX_DEPTH);
}

function headKey(key: string, taken: ReadonlySet<string>): string {
  if (key !== "content") return key;
  let renamed = "content_";
  while (taken.has(renamed)) renamed += "_";
  return renamed;
}

function stringify(fields: Fields, tally: Tally): string {
  try {
    return JSON.stringify(fields);
  } catch {
    // A toJSON of the host's own classes threw. Of such a value nothing is known that could be kept.
    const kept = Object.entries(fields).filter(([, value]) => typeof value !== "object");
    tally.cut++;
    return JSON.stringify(Object.fromEntries(kept));
  }
}

// --- the head --------------------------------------------------------------------------------------------

/** @param head The head's JSON without its closing brace; so is the result, within the limit. */
function fitHead(head: string, tally: Tally): string {
  if (head.length <= SURELY_SHORT_HEAD || Buffer.byteLength(head) <= MAX_HEAD_BYTES) return head;
  const whole = JSON.parse(`${head}}`) as Fields;
  for (let limit = 4096; limit >= 32; limit /= 2) {
    const attempt: Tally = { cut: 0 };
    const json = JSON.stringify(shorten(whole, limit, attempt));
    if (Buffer.byteLength(json) <= MAX_HEAD_BYTES) {
      tally.cut += attempt.cut;
      return json.slice(0, -1);
    }
  }
  // Thousands of keys: what places the record is kept.
  tally.cut++;
  const envelope = ENVELOPE_FIELDS.filter((field) => Object.hasOwn(whole, field)).map((field) => [
    field,
    shorten(whole[field], 128, tally),
  ]);
  return JSON.stringify(Object.fromEntries(envelope)).slice(0, -1);
}

/** Cuts strings to `limit` UTF-16 units and objects and lists to `limit / 16` entries, but not below 24. */
function shorten(value: unknown, limit: number, tally: Tally): unknown {
  if (typeof value === "string") {
    if (value.length <= limit) return value;
    tally.cut++;
    return `${startOf(value, limit)}…`;
  }
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value);
  const most = Math.max(limit / 16, 24);
  if (entries.length > most) tally.cut++;
  const kept = entries
    .slice(0, most)
    .map(([key, inner]) => [startOf(key, limit), shorten(inner, limit, tally)] as const);
  return Array.isArray(value) ? kept.map(([, inner]) => inner) : Object.fromEntries(kept);
}

/** The first `units` UTF-16 units, one less where that would split a character. */
function startOf(text: string, units: number): string {
  return text.slice(0, units).replace(/[\uD800-\uDBFF]$/, "");
}

// --- the content -----------------------------------------------------------------------------------------

/** A string shorter than this would not get shorter by a marker. */
const SHORTEST_CUT_BYTES = 128;

/** Cuts over-long strings, then the longest ones first, until the JSON has at most `room` bytes. */
function fitContent(content: unknown, json: string, room: number, tally: Tally): string {
  const wholeBytes = Buffer.byteLength(json);
  if (wholeBytes <= MAX_STRING_BYTES) return json;
  let limit = MAX_STRING_BYTES;
  while (limit >= SHORTEST_CUT_BYTES) {
    const attempt: Tally = { cut: 0 };
    const fitted = JSON.stringify(cutStrings(content, limit, attempt));
    const bytes = Buffer.byteLength(fitted);
    if (bytes <= room) {
      tally.cut += attempt.cut;
      return fitted;
    }
    limit = Math.floor(limit * Math.min(0.7, Math.max(0.1, room / bytes)));
  }
  // More short strings than fit in a line.
  tally.cut++;
  return JSON.stringify({ cut: marker(wholeBytes) });
}

function cutStrings(value: unknown, limitBytes: number, tally: Tally): unknown {
  if (typeof value === "string") {
    const short = cutString(value, limitBytes);
    if (short !== value) tally.cut++;
    return short;
  }
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((item) => cutStrings(item, limitBytes, tally));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      cutString(key, limitBytes),
      cutStrings(item, limitBytes, tally),
    ]),
  );
}

/** Keeps head and tail of a string of more than `limitBytes` bytes around a marker that says how much is gone. */
function cutString(text: string, limitBytes: number): string {
  if (text.length * 3 <= limitBytes) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= limitBytes) return text;
  const half = Math.floor((limitBytes - LONGEST_MARKER_BYTES) / 2);
  const headEnd = characterStart(bytes, half);
  const tailStart = characterStart(bytes, bytes.length - half);
  return bytes.toString("utf8", 0, headEnd) + marker(tailStart - headEnd) + bytes.toString("utf8", tailStart);
}

function marker(bytes: number): string {
  return `…[spoor: ${bytes} bytes cut]…`;
}
const LONGEST_MARKER_BYTES = Buffer.byteLength(marker(Number.MAX_SAFE_INTEGER));

/** The start of the UTF-8 character that the byte at `offset` belongs to. */
function characterStart(bytes: Buffer, offset: number): number {
  let start = offset;
  while (start > 0 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start--;
  return start;
}
