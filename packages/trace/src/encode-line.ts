/**
 * Turns a record into the one line that stands for it on disk.
 *
 * Three promises of docs/trace-format.md are kept here and nowhere else: the canonical key order with
 * `content` last (so that a reader can stop before it), the size limits (so that one tool output cannot make
 * a file unreadable), and a head without any key called `content`. Redaction comes before: a cut secret would
 * no longer be recognised.
 */

import { ENVELOPE_FIELDS, HEAD_FIELDS, type RecordType, type TraceRecord } from "./record.ts";

/** Longest line, in bytes, newline included. */
export const MAX_LINE_BYTES: number = 1024 * 1024;
/** Longest head, in bytes. */
export const MAX_HEAD_BYTES: number = 16 * 1024;
/** Longest string inside `content`, in bytes, before its middle is cut out. */
export const MAX_STRING_BYTES: number = 256 * 1024;
/** Deepest nesting kept; what lies below becomes a marker. V8's JSON.stringify overflows the stack at some thousands. */
export const MAX_DEPTH = 200;

export interface EncodedLine {
  /** With its newline. */
  line: string;
  /** How many values were cut to fit. */
  truncated: number;
}

/** A line of UTF-8 is at most three times as many bytes as its UTF-16 string has units. */
const SURELY_SHORT = Math.floor(MAX_STRING_BYTES / 3);

/** Encodes a record as one line within the limits. Never throws: what cannot be encoded is cut and counted. */
export function encodeLine(record: TraceRecord): EncodedLine {
  const head = encodeHead(record);
  let { content } = record;
  if (content === undefined) return { line: `${head.json}}\n`, truncated: head.truncated };

  let truncated = head.truncated;
  let json: string;
  try {
    json = JSON.stringify(content);
  } catch {
    // Nested too deep for JSON.stringify (or a value with a throwing toJSON): keep the upper levels.
    const shallow = limitDepth(content, MAX_DEPTH);
    content = shallow.value;
    truncated += shallow.cut;
    json = JSON.stringify(content);
  }
  if (json.length > SURELY_SHORT) {
    const room = MAX_LINE_BYTES - Buffer.byteLength(head.json) - ',"content":}\n'.length;
    const fitted = fitContent(content, json, room);
    json = fitted.json;
    truncated += fitted.cut;
  }
  return { line: `${head.json},"content":${json}}\n`, truncated };
}

// --- the head --------------------------------------------------------------------------------------------

/** The head's JSON without its closing brace. */
function encodeHead(record: TraceRecord): { json: string; truncated: number } {
  const source = record as unknown as Record<string, unknown>;
  const head: Record<string, unknown> = {};
  for (const field of ENVELOPE_FIELDS) if (source[field] !== undefined) head[field] = source[field];
  for (const field of HEAD_FIELDS[record.type as RecordType] ?? [])
    if (source[field] !== undefined) head[field] = source[field];
  if (record.type === "event" || record.type === "amend" || !(record.type in HEAD_FIELDS))
    for (const field in source)
      if (field !== "content" && source[field] !== undefined && !(field in head)) head[field] = source[field];

  let json = stringifyHead(head);
  let truncated = 0;
  // `"content":` can only be a key: inside a JSON string its quotes would be escaped.
  if (json.includes('"content":')) json = JSON.stringify(renameContent(head));
  for (
    let limit = 4096;
    json.length * 3 > MAX_HEAD_BYTES && Buffer.byteLength(json) > MAX_HEAD_BYTES;
    limit /= 2
  ) {
    if (limit < 16) {
      json = JSON.stringify(
        Object.fromEntries(ENVELOPE_FIELDS.filter((f) => f in head).map((f) => [f, head[f]])),
      );
      truncated++;
      break;
    }
    const short = shorten(JSON.parse(json), limit);
    json = JSON.stringify(short.value);
    truncated += short.cut;
  }
  return { json: json.slice(0, -1), truncated };
}

function stringifyHead(head: Record<string, unknown>): string {
  try {
    return JSON.stringify(head);
  } catch {
    return JSON.stringify(limitDepth(head, 20).value);
  }
}

/** No object in a head has a key `content`: the first one a reader meets must be the record's own. */
function renameContent(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renameContent);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key === "content" ? "content_" : key, renameContent(inner)]),
  );
}

/** Cuts strings to `limit` units and lists to `limit / 16` entries. */
function shorten(value: unknown, limit: number): { value: unknown; cut: number } {
  if (typeof value === "string")
    return value.length <= limit ? { value, cut: 0 } : { value: `${value.slice(0, limit)}…`, cut: 1 };
  if (value === null || typeof value !== "object") return { value, cut: 0 };
  const entries = Object.entries(value);
  const most = Math.max(Math.floor(limit / 16), 24);
  let cut = entries.length > most ? 1 : 0;
  const kept = entries.slice(0, most).map(([key, inner]) => {
    const short = shorten(inner, limit);
    cut += short.cut;
    return [key.slice(0, 256), short.value] as const;
  });
  return { value: Array.isArray(value) ? kept.map(([, inner]) => inner) : Object.fromEntries(kept), cut };
}

// --- the content -----------------------------------------------------------------------------------------

/** Cuts over-long strings, then the longest ones first, until the JSON has at most `room` bytes. */
function fitContent(content: unknown, json: string, room: number): { json: string; cut: number } {
  let bytes = Buffer.byteLength(json);
  if (bytes <= MAX_STRING_BYTES) return { json, cut: 0 };
  let fitted = json;
  let cut = 0;
  for (let limit = MAX_STRING_BYTES; limit >= 64; limit = Math.floor(limit * 0.7)) {
    const short = cutStrings(content, limit);
    if (short.cut > 0) {
      fitted = JSON.stringify(short.value);
      bytes = Buffer.byteLength(fitted);
      cut = short.cut;
    }
    if (bytes <= room) return { json: fitted, cut };
  }
  return { json: JSON.stringify({ cut: marker(Buffer.byteLength(json)) }), cut: cut + 1 };
}

function cutStrings(value: unknown, limitBytes: number): { value: unknown; cut: number } {
  if (typeof value === "string") {
    const short = cutString(value, limitBytes);
    return { value: short, cut: short === value ? 0 : 1 };
  }
  if (value === null || typeof value !== "object") return { value, cut: 0 };
  let cut = 0;
  const visit = (inner: unknown): unknown => {
    const short = cutStrings(inner, limitBytes);
    cut += short.cut;
    return short.value;
  };
  const copy = Array.isArray(value)
    ? value.map(visit)
    : Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [cutString(key, limitBytes), visit(inner)]),
      );
  return { value: copy, cut };
}

/** Keeps head and tail of a string of more than `limitBytes` bytes around a marker that says how much is gone. */
function cutString(text: string, limitBytes: number): string {
  if (text.length * 3 <= limitBytes) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= limitBytes) return text;
  const half = Math.max(16, Math.floor((limitBytes - 48) / 2));
  const headEnd = characterStart(bytes, half);
  const tailStart = characterStart(bytes, bytes.length - half);
  return bytes.toString("utf8", 0, headEnd) + marker(tailStart - headEnd) + bytes.toString("utf8", tailStart);
}

function marker(bytes: number): string {
  return `…[spoor: ${bytes} bytes cut]…`;
}

/** The start of the UTF-8 character that the byte at `offset` belongs to. */
function characterStart(bytes: Buffer, offset: number): number {
  let start = offset;
  while (start > 0 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start--;
  return start;
}

/** Replaces what lies deeper than `depth` levels; the recursion itself is bounded by it. */
function limitDepth(value: unknown, depth: number): { value: unknown; cut: number } {
  if (value === null || typeof value !== "object") return { value, cut: 0 };
  if (depth === 0) return { value: "…[spoor: nested too deep]…", cut: 1 };
  let cut = 0;
  const visit = (inner: unknown): unknown => {
    const limited = limitDepth(inner, depth - 1);
    cut += limited.cut;
    return limited.value;
  };
  const copy = Array.isArray(value)
    ? value.map(visit)
    : Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, visit(inner)]));
  return { value: copy, cut };
}
