/**
 * Reads a trace file that its writer may have left unfinished.
 *
 * The writer appends whole lines and a line counts once its "\n" is on disk, so a crash or a full disk can
 * damage only the end of the file, or, when another writer went on after it, one line within. The reader
 * therefore never throws for what a file contains: it yields every line, says what each one is, and leaves
 * the policy (skip, warn, fail) to the caller.
 *
 * Head-only reading stops before `content`, which holds nearly all the bytes. Two things keep it equal to
 * full reading. Both cut a line at the same place, see read-line.ts. And a line that was torn inside its
 * content looks whole from its head, but it cannot be followed by the next `seq`: whoever went on after the
 * tear took the same number again or told of a gap. So a head is believed once its successor is seen, and
 * the few others are read again in full.
 */

import { closeSync, openSync, readSync } from "node:fs";
import { type Entry, type Position, readLine } from "./read-line.ts";

const NEWLINE = 0x0a;
/** Small enough to stay in the processor's cache from the read to the parse. */
const CHUNK_BYTES = 128 * 1024;

/** A line longer than this is passed over: no writer of ours makes one (1 MiB is the limit). */
export const MAX_READ_LINE_BYTES: number = 16 * 1024 * 1024;

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
  const { start = 0, headOnly = false } = options;
  const descriptor = openSync(path, "r");
  try {
    let buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let base = start; // offset in the file of buffer[0]
    let filled = 0; // bytes of the buffer that hold file content
    let passed = 0; // bytes of an over-long line that were let go
    let held: RecordEntry | undefined; // a head that waits for the next line to vouch for it
    for (;;) {
      if (filled >= MAX_READ_LINE_BYTES) {
        passed += filled;
        base += filled;
        filled = 0;
      }
      if (filled === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2);
      const read = readSync(descriptor, buffer, filled, buffer.length - filled, base + filled);
      if (read === 0) break;

      const chunk = buffer.subarray(0, filled + read);
      let from = 0; // start of the line
      for (let to = chunk.indexOf(NEWLINE, filled); to !== -1; to = chunk.indexOf(NEWLINE, from)) {
        const entry =
          passed > 0 ? overlong(base - passed, passed + to) : readLine(chunk, from, to, base, headOnly);
        passed = 0;
        from = to + 1;
        if (entry === undefined) continue;
        if (held !== undefined) yield isSuccessor(entry, held) ? held : readAgain(descriptor, held);
        held = undefined;
        if (headOnly && entry.kind === "record") held = entry;
        else yield entry;
      }
      filled = chunk.length - from;
      base += from;
      if (from > 0) buffer.copyWithin(0, from, chunk.length);
    }
    if (held !== undefined) yield readAgain(descriptor, held);
    if (passed + filled > 0) yield { kind: "torn", offset: base - passed, length: passed + filled };
  } finally {
    closeSync(descriptor);
  }
}

type RecordEntry = Entry & { kind: "record" };

function overlong(offset: number, length: number): Entry {
  return {
    kind: "malformed",
    loss: "overlong",
    reason: `line of ${length} bytes: longer than ${MAX_READ_LINE_BYTES}`,
    offset,
    length,
  };
}

function isSuccessor(entry: Entry, before: RecordEntry): boolean {
  return entry.kind === "record" && entry.record.seq === before.record.seq + 1 && entry.record.type !== "gap";
}

/** The head of a line again, if the whole line is a record. */
function readAgain(descriptor: number, { offset, length }: Position): Entry {
  const line = Buffer.alloc(length);
  const read = readSync(descriptor, line, 0, length, offset);
  const whole = readLine(line, 0, read, offset, false);
  if (whole?.kind === "record") delete whole.record.content;
  return whole ?? { kind: "torn", offset, length };
}
