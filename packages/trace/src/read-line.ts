/**
 * One line of a trace file: from bytes to a record, or to the reason why it is none.
 *
 * A line is cut where the bytes `,"content":` first stand. That is safe: inside a JSON string quotes are
 * escaped, and no object of a head has such a key; where a foreign writer broke that rule, what stands before
 * the cut is no whole JSON object or no record, and the line is taken in one piece. Full and head-only
 * reading share this decision, so they agree on every line, foreign ones included: what stands before the cut
 * is the head, and a key that follows `content` belongs to neither.
 */

import { FORMAT_VERSION, type TraceRecord } from "./record.ts";

/** Where a line lies in the file, in bytes; `length` leaves out the newline. */
export interface Position {
  readonly offset: number;
  readonly length: number;
}

/** Why a line is no record of this version. */
export interface Fault {
  /** What it is counted as: no record at all, too long to be read, or of a newer format. */
  readonly loss: "malformed" | "overlong" | "unknown";
  readonly reason: string;
}

/** One line of a trace file: a record, a complete line that is not one, or a torn tail. */
export type Entry =
  | (Position & { readonly kind: "record"; readonly record: TraceRecord })
  | (Position & { readonly kind: "malformed" } & Fault)
  | (Position & { readonly kind: "torn" });

type Fields = Record<string, unknown>;

const CONTENT_KEY = Buffer.from(',"content":');
const COLON = 0x3a;
const BRACE_CLOSE = 0x7d;
const CARRIAGE_RETURN = 0x0d;

/**
 * Reads the line that begins at `from` and has its newline at `to`.
 *
 * @param chunk Written to while it is read, and restored.
 * @param base Offset of the chunk in the file, in bytes.
 * @returns undefined for a blank line.
 */
export function readLine(
  chunk: Buffer,
  from: number,
  to: number,
  base: number,
  headOnly: boolean,
): Entry | undefined {
  const end = to > from && chunk[to - 1] === CARRIAGE_RETURN ? to - 1 : to;
  const closed = end > from && chunk[end - 1] === BRACE_CLOSE;
  const offset = base + from;
  const length = to - from;

  const contentAt = findContent(chunk, from, end);
  const head =
    contentAt !== -1 || closed ? readHead(chunk, from, contentAt === -1 ? end - 1 : contentAt) : undefined;
  if (head !== undefined && contentAt !== -1 && !headOnly) {
    const content = closed
      ? parse(chunk.toString("utf8", contentAt + CONTENT_KEY.length, end - 1))
      : undefined;
    if (content === undefined) return readWhole(chunk, from, end, { offset, length }, head, headOnly);
    head["content"] = content;
  }
  if (head === undefined) return readWhole(chunk, from, end, { offset, length }, undefined, headOnly);
  if (headOnly && "content" in head) delete head["content"];
  return { kind: "record", record: head as unknown as TraceRecord, offset, length };
}

/** How far the key can be moved on when the byte under its last place, the colon, is another one (Horspool's search). */
const STEP = new Uint8Array(256).fill(CONTENT_KEY.length);
for (const [place, byte] of CONTENT_KEY.subarray(0, -1).entries())
  STEP[byte] = CONTENT_KEY.length - 1 - place;

/** Buffer.indexOf does the same in three times the time: a head is too short to pay for the call. */
function findContent(chunk: Buffer, from: number, end: number): number {
  const last = CONTENT_KEY.length - 1;
  for (let at = from + last; at < end;) {
    const byte = chunk[at] as number;
    if (byte !== COLON) {
      at += STEP[byte] as number;
      continue;
    }
    let matched = last - 1;
    while (matched >= 0 && chunk[at - last + matched] === CONTENT_KEY[matched]) matched--;
    if (matched < 0) return at - last;
    at += CONTENT_KEY.length;
  }
  return -1;
}

/** The record that stands before `cut`, where a brace closes it; undefined where that is none. */
function readHead(chunk: Buffer, from: number, cut: number): Fields | undefined {
  // The brace is put in place: joined to the string it would cost the parser another copy of the head.
  const atCut = chunk[cut] as number;
  chunk[cut] = BRACE_CLOSE;
  const head = parse(chunk.toString("utf8", from, cut + 1));
  chunk[cut] = atCut;
  return isRecord(head) ? head : undefined;
}

/** The line in one piece, with the head that stands before its content where there is one. */
function readWhole(
  chunk: Buffer,
  from: number,
  end: number,
  position: Position,
  head: Fields | undefined,
  headOnly: boolean,
): Entry | undefined {
  const text = chunk.toString("utf8", skipPadding(chunk, from, end), end);
  let whole: unknown;
  try {
    whole = JSON.parse(text);
  } catch (error) {
    if (text.trim() === "" && chunk[from] !== 0) return undefined;
    return { kind: "malformed", loss: "malformed", reason: (error as Error).message, ...position };
  }
  const fault = faultOf(whole);
  if (fault !== undefined) return { kind: "malformed", ...fault, ...position };
  const record = head === undefined ? (whole as Fields) : { ...head, content: (whole as Fields)["content"] };
  if (headOnly) delete record["content"];
  return { kind: "record", record: record as unknown as TraceRecord, ...position };
}

/** A power cut can leave zero pages before what was written after it; some tools begin a file with a byte order mark. */
function skipPadding(chunk: Buffer, from: number, end: number): number {
  let start = from;
  while (start < end && chunk[start] === 0) start++;
  return chunk[start] === 0xef && chunk[start + 1] === 0xbb && chunk[start + 2] === 0xbf ? start + 3 : start;
}

/** undefined for what is not JSON: whoever asks has another way to read it. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What `faultOf` finds no fault with, asked of every line. */
function isRecord(value: unknown): value is Fields {
  const record = value as Partial<TraceRecord> | null | undefined;
  return (
    record?.v === FORMAT_VERSION &&
    typeof record.type === "string" &&
    Number.isSafeInteger(record.seq) &&
    typeof record.time === "string" &&
    typeof record.invocation_id === "string" &&
    typeof record.span_id === "string"
  );
}

const STRINGS = ["type", "time", "invocation_id", "span_id"] as const;

function faultOf(value: unknown): Fault | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    const kind = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
    return { loss: "malformed", reason: `expected an object, got ${kind}` };
  }
  const record = value as Fields;
  const version = record["v"];
  if (version !== FORMAT_VERSION) {
    const newer = typeof version === "number" && version > FORMAT_VERSION;
    const advice = newer ? " (written by a newer spoor; update to read it)" : "";
    const reason = `v: expected ${FORMAT_VERSION}, got ${JSON.stringify(version)}${advice}`;
    return { loss: newer ? "unknown" : "malformed", reason };
  }
  for (const field of STRINGS)
    if (typeof record[field] !== "string")
      return { loss: "malformed", reason: `${field}: expected a string, got ${typeof record[field]}` };
  if (!Number.isSafeInteger(record["seq"]))
    return { loss: "malformed", reason: `seq: expected an integer, got ${JSON.stringify(record["seq"])}` };
  return undefined;
}

/**
 * Checks that a parsed line is a record this reader may interpret. Types and fields it does not know pass.
 *
 * @throws A TypeError that says which field is wrong, what was expected and what came.
 */
export function parseRecord(value: unknown): TraceRecord {
  const fault = faultOf(value);
  if (fault !== undefined) throw new TypeError(fault.reason);
  return value as TraceRecord;
}
