/**
 * Reads a transcript or a stored stream from disk as the parsed lines its adapter wants.
 */

import { readFileSync, statSync } from "node:fs";
import { type ParsedLine, parseLine, parseText } from "@spoor/adapters";

/** A document (one JSON array or object) above this size is not tried; JSON lines have no limit. */
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;

export interface SourceText {
  lines: Iterable<ParsedLine>;
  /** The file's last change, in milliseconds since 1970. */
  modifiedMs: number;
  bytes: number;
}

/** @throws The `node:fs` error where the file cannot be read. */
export function readSource(path: string): SourceText {
  const data = readFileSync(path);
  const { mtimeMs } = statSync(path);
  const start = firstByte(data);
  const isDocument =
    (start === 0x5b || (start === 0x7b && !endsAnObject(data))) && data.length <= MAX_DOCUMENT_BYTES;
  return {
    lines: isDocument ? parseText(data.toString("utf8")) : linesOf(data),
    modifiedMs: mtimeMs,
    bytes: data.length,
  };
}

/** The lines of a file as they come; what stands after the last newline is read too where it is whole. */
function* linesOf(data: Buffer, firstLine = 1): Generator<ParsedLine, void, undefined> {
  let from = 0;
  let line = firstLine;
  while (from < data.length) {
    const newline = data.indexOf(0x0a, from);
    const to = newline === -1 ? data.length : newline;
    const parsed = parseLine(data.toString("utf8", from, to), line);
    if (parsed !== undefined)
      yield parsed.kind === "malformed" && newline === -1 ? { kind: "torn", line } : parsed;
    from = to + 1;
    line++;
  }
}

function firstByte(data: Buffer): number {
  for (const byte of data.subarray(0, 4096))
    if (byte > 0x20 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf) return byte;
  return 0;
}

/** Whether the first line is an object by itself, as in JSON lines. */
function endsAnObject(data: Buffer): boolean {
  const newline = data.indexOf(0x0a);
  if (newline === -1) return true;
  return parseLine(data.toString("utf8", 0, newline), 1)?.kind === "object";
}
