/** The lines of a file with their numbers, one in memory at a time. */

import { closeSync, openSync, readSync } from "node:fs";

export interface NumberedLine {
  /** 1-based. */
  number: number;
  /** Without the newline; valid until the next line is asked for. */
  bytes: Buffer;
  /** Whole length in bytes; more than `bytes` has where the line was too long to be kept. */
  length: number;
  /** Whether its newline is there. */
  ended: boolean;
}

const NEWLINE = 0x0a;
const CHUNK_BYTES = 1024 * 1024;

/** @param mostBytes What is kept of a longer line is its beginning. */
export function* numberedLines(path: string, mostBytes: number): Generator<NumberedLine> {
  const descriptor = openSync(path, "r");
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let pieces: Buffer[] = [];
    let kept = 0;
    let length = 0;
    let number = 1;
    const keep = (piece: Buffer): void => {
      length += piece.length;
      const part = piece.subarray(0, Math.max(0, mostBytes - kept));
      if (part.length > 0) pieces.push(Buffer.from(part));
      kept += part.length;
    };
    for (let read = readSync(descriptor, chunk); read > 0; read = readSync(descriptor, chunk)) {
      const filled = chunk.subarray(0, read);
      let from = 0;
      for (let to = filled.indexOf(NEWLINE); to !== -1; to = filled.indexOf(NEWLINE, from)) {
        keep(filled.subarray(from, to));
        yield { number: number++, bytes: Buffer.concat(pieces), length, ended: true };
        pieces = [];
        kept = length = 0;
        from = to + 1;
      }
      keep(filled.subarray(from));
    }
    if (length > 0) yield { number, bytes: Buffer.concat(pieces), length, ended: false };
  } finally {
    closeSync(descriptor);
  }
}
