/**
 * Follows one file that somebody else writes, giving each line once and as soon as it is whole.
 *
 * Works on bytes, so that a character cut in two by a read does no harm. A line without its newline waits, and
 * is not held in memory meanwhile. A file that was shortened or replaced is read again, and gives only the lines
 * it had not given before.
 */

import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  type Stats,
} from "node:fs";
import { type JsonObject, type ParsedLine, parseLine, parseText } from "@spoor/adapters";
import { sha256 } from "@spoor/trace";

const NEWLINE = 0x0a;
const CHUNK_BYTES = 256 * 1024;
/** A longer line is counted as overlong: V8 holds no string much above 512 MiB. */
const MAX_LINE_BYTES = 256 * 1024 * 1024;

/** `line` counts in the file as it is now. */
export type LiveLine = Extract<ParsedLine, { kind: "object" }>;

export interface TailRead {
  readonly lines: LiveLine[];
  /** How many lines could not be read, by why. `torn`: only at the last read. */
  malformed: number;
  overlong: number;
  torn: number;
}

export interface Follower {
  /** What stood in the file before it was followed; to be asked for once, at any time. */
  history(): Iterable<LiveLine>;
  /**
   * What has come since the last call; a file that is not there (yet) gives nothing.
   *
   * @param last Nothing will follow: a last line without a newline is given where it is whole, else counted.
   */
  read(last?: boolean): TailRead;
}

/** @param priorBytes How much of the file is history. */
export function follow(path: string, priorBytes: number): Follower {
  return path.endsWith(".json") ? new FollowedDocument(path, priorBytes > 0) : new Tail(path, priorBytes);
}

/** Follows a file of JSON lines. */
export class Tail implements Follower {
  readonly #path: string;
  readonly #priorBytes: number;
  /** Lines that start before this byte are history. */
  #newFrom: number;
  /** Where the next line starts, and its number. */
  #offset = 0;
  #line = 1;
  /** There is no newline between `#offset` and here. */
  #scanned = 0;
  #inode: number | undefined;
  /** Hashes of all lines read so far, and the byte up to which a line may be one of them again. */
  readonly #seen = new Set<string>();
  #repeatsUntil = 0;

  constructor(path: string, priorBytes = 0) {
    this.#path = path;
    this.#priorBytes = priorBytes;
    this.#newFrom = priorBytes;
  }

  *history(): Generator<LiveLine, void, undefined> {
    if (this.#priorBytes === 0) return;
    const fd = open(this.#path);
    if (fd === undefined) return;
    try {
      let number = 1;
      for (const { data, start } of rawLines(fd, 0, fstatSync(fd).size)) {
        if (start >= this.#priorBytes) return;
        // A last line that the new ones were appended to is history as far as it goes.
        const parsed = parse(data?.subarray(0, this.#priorBytes - start), number++);
        if (parsed?.kind === "object") yield parsed;
      }
    } finally {
      closeSync(fd);
    }
  }

  read(last = false): TailRead {
    const result = nothingRead();
    const stats = stat(this.#path);
    if (stats === undefined || (!last && stats.ino === this.#inode && stats.size === this.#scanned))
      return result;
    const fd = open(this.#path);
    if (fd === undefined) return result;
    try {
      const { ino, size } = fstatSync(fd);
      if (this.#isAnother(fd, ino, size)) this.#startAgain(size);
      this.#inode = ino;
      if (last || this.#hasNewline(fd, size)) this.#readLines(fd, size, last, result);
      this.#scanned = size;
    } finally {
      closeSync(fd);
    }
    return result;
  }

  /** Whether what we have read is not what stands there now. */
  #isAnother(fd: number, inode: number, size: number): boolean {
    if (this.#inode === undefined) return size < this.#newFrom;
    if (inode !== this.#inode || size < this.#offset) return true;
    const before = Buffer.alloc(1);
    return this.#offset > 0 && readSync(fd, before, 0, 1, this.#offset - 1) === 1 && before[0] !== NEWLINE;
  }

  #startAgain(size: number): void {
    this.#offset = 0;
    this.#line = 1;
    this.#scanned = 0;
    this.#newFrom = 0;
    this.#repeatsUntil = size;
  }

  #hasNewline(fd: number, size: number): boolean {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(0, size - this.#scanned)));
    for (let at = this.#scanned; at < size;) {
      const bytes = readSync(fd, chunk, 0, Math.min(chunk.length, size - at), at);
      if (bytes === 0) return false;
      if (chunk.subarray(0, bytes).includes(NEWLINE)) return true;
      at += bytes;
    }
    return false;
  }

  #readLines(fd: number, size: number, last: boolean, result: TailRead): void {
    for (const { data, start, whole, bytes } of rawLines(fd, this.#offset, size)) {
      const line = this.#line;
      if (!whole) {
        const parsed = last && start >= this.#newFrom ? parse(data, line) : undefined;
        if (parsed?.kind === "object") this.#give(data, start, parsed, result);
        else if (parsed !== undefined) result.torn++;
        if (parsed?.kind !== "object") return;
      } else if (start >= this.#newFrom) {
        this.#give(data, start, parse(data, line), result);
      } else {
        this.#passHistory(data, start, bytes, line, result);
      }
      this.#offset = start + bytes + (whole ? 1 : 0);
      this.#line++;
    }
  }

  /** Remembers an old line; one that was unfinished may have had a new one written right behind it. */
  #passHistory(data: Buffer | undefined, start: number, bytes: number, line: number, result: TailRead): void {
    if (data !== undefined) this.#seen.add(sha256(data));
    if (start + bytes <= this.#newFrom) return;
    const behind = parse(data?.subarray(this.#newFrom - start), line);
    if (behind?.kind === "object") result.lines.push(behind);
  }

  #give(data: Buffer | undefined, start: number, parsed: ParsedLine | undefined, result: TailRead): void {
    if (data === undefined) {
      result.overlong++;
      return;
    }
    const key = sha256(data);
    const repeated = start < this.#repeatsUntil && this.#seen.has(key);
    this.#seen.add(key);
    if (repeated || parsed === undefined) return;
    if (parsed.kind === "object") result.lines.push(parsed);
    else result.malformed++;
  }
}

/** A file that is one JSON document, rewritten as a whole: given anew each time it has changed and parses. */
class FollowedDocument implements Follower {
  readonly #path: string;
  #isOld: boolean;
  /** Size and time of what was given last. */
  #given: string | undefined;

  constructor(path: string, isOld: boolean) {
    this.#path = path;
    this.#isOld = isOld;
    if (isOld) this.#given = stampOf(stat(path));
  }

  history(): LiveLine[] {
    if (!this.#isOld) return [];
    this.#isOld = false;
    return this.#lines() ?? [];
  }

  read(): TailRead {
    const stamp = stampOf(stat(this.#path));
    if (stamp === this.#given) return nothingRead();
    const lines = this.#lines();
    if (lines !== undefined) this.#given = stamp;
    return { ...nothingRead(), lines: lines ?? [] };
  }

  /** undefined where it is not whole yet. */
  #lines(): LiveLine[] | undefined {
    const fd = open(this.#path);
    if (fd === undefined) return undefined;
    let text: string;
    try {
      text = readFileSync(fd, "utf8");
    } catch {
      return undefined; // an input/output error: as good as not whole
    } finally {
      closeSync(fd);
    }
    const parsed = parseText(text);
    const lines = parsed.filter((line) => line.kind === "object");
    return lines.length > 0 && lines.length === parsed.length ? lines : undefined;
  }
}

/** The first lines of a file from byte `from` on, at most `maxLines` and about `maxBytes`; torn ones left out. */
export function peekLines(path: string, from: number, maxLines: number, maxBytes: number): JsonObject[] {
  const fd = open(path);
  if (fd === undefined) return [];
  const values: JsonObject[] = [];
  try {
    for (const { data } of rawLines(fd, from, Math.min(fstatSync(fd).size, from + maxBytes))) {
      const parsed = parse(data, 1);
      if (parsed?.kind === "object") values.push(parsed.value);
      if (values.length >= maxLines) break;
    }
  } finally {
    closeSync(fd);
  }
  return values;
}

interface RawLine {
  /** Without the newline; undefined where it is too long to be read. */
  data: Buffer | undefined;
  start: number;
  bytes: number;
  /** Its newline is there. */
  whole: boolean;
}

function* rawLines(fd: number, from: number, to: number): Generator<RawLine, void, undefined> {
  let start = from; // of the line being gathered
  let pieces: Buffer[] = []; // of that line, its newline not seen yet
  const line = (end: number, whole: boolean): RawLine => {
    const bytes = end - start;
    const [only] = pieces;
    const data =
      bytes > MAX_LINE_BYTES ? undefined : pieces.length === 1 ? only : Buffer.concat(pieces, bytes);
    return { data, start, bytes, whole };
  };
  for (let at = from; at < to;) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, to - at));
    const length = readSync(fd, chunk, 0, chunk.length, at);
    if (length === 0) break;
    let begin = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1 && end < length; end = chunk.indexOf(NEWLINE, begin)) {
      pieces.push(chunk.subarray(begin, end));
      yield line(at + end, true);
      start = at + end + 1;
      pieces = [];
      begin = end + 1;
    }
    if (at + length - start <= MAX_LINE_BYTES) pieces.push(chunk.subarray(begin, length));
    else pieces = [];
    at += length;
    if (at >= to && start < at) yield line(at, false);
  }
}

function parse(data: Buffer | undefined, line: number): ParsedLine | undefined {
  return data === undefined ? undefined : parseLine(data.toString("utf8"), line);
}

function nothingRead(): TailRead {
  return { lines: [], malformed: 0, overlong: 0, torn: 0 };
}

function stampOf(stats: Stats | undefined): string | undefined {
  return stats && `${stats.ino}:${stats.size}:${stats.mtimeMs}`;
}

function stat(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // not ours to look at: as if it were not there
  }
}

/** Absent on Windows. */
const NONBLOCK: number = constants.O_NONBLOCK ?? 0;

/** Only a regular file: a pipe of that name would have us wait for its writer, and a device never ends. */
function open(path: string): number | undefined {
  try {
    const fd = openSync(path, constants.O_RDONLY | NONBLOCK);
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
  } catch {
    // Gone, or not ours to read.
  }
  return undefined;
}
