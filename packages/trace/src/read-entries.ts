/**
 * Reads a trace file that its writer may have left unfinished.
 *
 * The writer appends whole lines and a line counts once its "\n" is on disk, so a crash or a full disk can
 * damage only the end of the file, or, when another writer went on after it, one line within. The reader
 * therefore never throws for what a file contains: it yields every line, says what each one is, and leaves
 * the policy (skip, warn, fail) to the caller.
 *
 * Head-only reading stops before `content`, which holds nearly all the bytes. It is safe to search for the
 * bytes `,"content":` because inside a JSON string quotes are escaped, and because no object of a head has
 * such a key; where a foreign writer broke that rule the slice does not parse, and the whole line decides.
 */

import { closeSync, openSync, readSync } from "node:fs";
import { FORMAT_VERSION, type TraceRecord } from "./record.ts";

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const CONTENT_KEY = Buffer.from(',"content":');
const CHUNK_BYTES = 1024 * 1024;

/** A line longer than this is passed over: no writer of ours makes one (1 MiB is the limit). */
export const MAX_READ_LINE_BYTES: number = 16 * 1024 * 1024;

/** Where a line lies in the file, in bytes; `length` leaves out the newline. */
export interface Position {
  readonly offset: number;
  readonly length: number;
}

/** One line of a trace file: a record, a complete line that is not one, or a torn tail. */
export type Entry =
  | (Position & { readonly kind: "record"; readonly record: TraceRecord })
  | (Position & { readonly kind: "malformed"; readonly reason: string })
  | (Position & { readonly kind: "torn" });

export interface ReadOptions {
  /** Byte offset of the first line to read; it must be the start of a line. @default 0 */
  start?: number;
  /** Leave out `content`: several times less work. @default false */
  headOnly?: boolean;
}

/**
 * Yields the lines of `path` in file order, holding one chunk and one line in memory at a time. Blank lines
 * are passed over. A torn tail comes last, if at all; its `offset` is where to resume once the writer has
 * gone on: `readEntries(path, { start: offset })` yields exactly what this call could not.
 *
 * @throws The `node:fs` error if the file cannot be opened or read.
 */
export function* readEntries(path: string, options: ReadOptions = {}): Generator<Entry, void, undefined> {
  const headOnly = options.headOnly ?? false;
  const descriptor = openSync(path, "r");
  try {
    let buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let base = options.start ?? 0; // offset in the file of buffer[0]
    let filled = 0; // bytes of the buffer that hold file content
    let skipped = 0; // bytes of an over-long line that were let go
    for (;;) {
      if (filled === buffer.length) {
        if (filled >= MAX_READ_LINE_BYTES) {
          skipped += filled;
          base += filled;
          filled = 0;
        } else {
          const larger = Buffer.allocUnsafe(buffer.length * 2);
          buffer.copy(larger, 0, 0, filled);
          buffer = larger;
        }
      }
      const read = readSync(descriptor, buffer, filled, buffer.length - filled, base + filled);
      if (read === 0) break;
      filled += read;

      let from = 0;
      const chunk = buffer.subarray(0, filled);
      let content = -2; // position of the next `,"content":`; -1: none in this chunk, -2: not searched yet
      for (let to = chunk.indexOf(NEWLINE, 0); to !== -1; to = chunk.indexOf(NEWLINE, from)) {
        if (skipped > 0) {
          yield {
            kind: "malformed",
            reason: `line longer than ${MAX_READ_LINE_BYTES} bytes`,
            offset: base + from - skipped,
            length: skipped + to - from,
          };
          skipped = 0;
        } else {
          if (headOnly && (content === -2 || (content !== -1 && content < from)))
            content = chunk.indexOf(CONTENT_KEY, from);
          const cut = headOnly && content !== -1 && content < to ? content : -1;
          const entry = decode(chunk, from, to, cut, base, headOnly);
          if (entry !== undefined) yield entry;
        }
        from = to + 1;
      }
      if (from > 0) {
        buffer.copyWithin(0, from, filled);
        base += from;
        filled -= from;
      }
    }
    if (skipped + filled > 0) yield { kind: "torn", offset: base - skipped, length: skipped + filled };
  } finally {
    closeSync(descriptor);
  }
}

/** @param cut Where `,"content":` stands in the line, or -1 to parse all of it. */
function decode(
  chunk: Buffer,
  from: number,
  end: number,
  cut: number,
  base: number,
  headOnly: boolean,
): Entry | undefined {
  const to = end > from && chunk[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
  const offset = base + from;
  const length = end - from;
  if (to === from) return undefined;
  if (cut !== -1) {
    const record = parseHead(chunk, from, cut);
    if (record !== undefined) return { kind: "record", record, offset, length };
  }
  try {
    const record = parseRecord(JSON.parse(chunk.toString("utf8", skipNuls(chunk, from, to), to)));
    if (headOnly) delete record.content;
    return { kind: "record", record, offset, length };
  } catch (error) {
    return { kind: "malformed", reason: (error as Error).message, offset, length };
  }
}

function parseHead(chunk: Buffer, from: number, cut: number): TraceRecord | undefined {
  try {
    return parseRecord(JSON.parse(`${chunk.toString("utf8", from, cut)}}`));
  } catch {
    // A foreign head with a `content` of its own, or a damaged line: the whole line decides.
    return undefined;
  }
}

/** A power cut can leave zero pages before the first byte that was written after it. */
function skipNuls(chunk: Buffer, from: number, to: number): number {
  let start = from;
  while (start < to && chunk[start] === 0) start++;
  return start;
}

/**
 * Checks that a parsed line is a record this reader may interpret. Types and fields it does not know pass.
 * What a foreign writer put after `content` is not read, so that both ways of reading agree.
 *
 * @throws An error that says which field is wrong, what was expected and what came.
 */
export function parseRecord(value: unknown): TraceRecord {
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw new TypeError(
      `expected an object, got ${value === null ? "null" : Array.isArray(value) ? "array" : typeof value}`,
    );
  const record = value as Record<string, unknown>;
  if (record["v"] !== FORMAT_VERSION) {
    const newer = typeof record["v"] === "number" && record["v"] > FORMAT_VERSION;
    throw new TypeError(
      `v: expected ${FORMAT_VERSION}, got ${JSON.stringify(record["v"])}${newer ? " (written by a newer spoor; update to read it)" : ""}`,
    );
  }
  for (const field of ["type", "time", "invocation_id", "span_id"])
    if (typeof record[field] !== "string")
      throw new TypeError(`${field}: expected a string, got ${typeof record[field]}`);
  if (!Number.isSafeInteger(record["seq"]))
    throw new TypeError(`seq: expected an integer, got ${JSON.stringify(record["seq"])}`);
  if ("content" in record) {
    const keys = Object.keys(record);
    for (let i = keys.indexOf("content") + 1; i < keys.length; i++) delete record[keys[i] as string];
  }
  return record as unknown as TraceRecord;
}
