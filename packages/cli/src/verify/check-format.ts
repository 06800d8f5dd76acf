/**
 * Whether a file keeps the promises of docs/trace-format.md: each line a record, keys in canonical order,
 * sizes within the limits, no hole in `seq`, a head without content.
 */

import { encodeLine, MAX_HEAD_BYTES, MAX_LINE_BYTES, parseRecord, type TraceRecord } from "@spoor/trace";
import type { LineFinding } from "./finding.ts";
import { numberedLines, type NumberedLine } from "./lines.ts";

/** Longer lines are reported and not read. */
const MOST_READ_BYTES = 16 * 1024 * 1024;
const CONTENT_KEY = ',"content":';

export interface FormatCheck {
  findings: LineFinding[];
  records: number;
}

export function checkFormat(path: string): FormatCheck {
  const findings: LineFinding[] = [];
  const sequence = new Sequence();
  let records = 0;
  for (const line of numberedLines(path, MOST_READ_BYTES)) {
    const found = (rule: string, message: string): void => {
      findings.push({ line: line.number, kind: "format", rule, message });
    };
    if (!line.ended) {
      found("torn", "the last line has no newline: its writer was stopped within it, or is still writing");
      continue;
    }
    if (line.length === 0) continue;
    const record = parseLine(line, found);
    if (record === undefined) {
      sequence.skip();
      continue;
    }
    records++;
    checkRecord(record, line, found);
    sequence.take(record.seq, found);
  }
  if (records === 0) findings.push({ kind: "format", rule: "empty", message: "no record in it" });
  return { findings, records };
}

type Found = (rule: string, message: string) => void;

function parseLine({ bytes, length }: NumberedLine, found: Found): TraceRecord | undefined {
  if (length > MOST_READ_BYTES) {
    found("size", `a line of ${length} bytes; expected at most ${MAX_LINE_BYTES}`);
    return undefined;
  }
  try {
    return parseRecord(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch (error) {
    // A parser quotes what it stumbled over, which may be content.
    const reason = error instanceof SyntaxError ? "not JSON" : (error as Error).message;
    const rule = /newer spoor/.test(reason) ? "newer_version" : "malformed";
    found(rule, error instanceof SyntaxError ? "the line is no JSON; expected a record" : reason);
    return undefined;
  }
}

function checkRecord(record: TraceRecord, { bytes, length }: NumberedLine, found: Found): void {
  if (length + 1 > MAX_LINE_BYTES)
    found("size", `a line of ${length + 1} bytes; expected at most ${MAX_LINE_BYTES}`);
  const text = bytes.toString();
  const cut = text.indexOf(CONTENT_KEY);
  const head = cut === -1 ? text.slice(0, text.lastIndexOf("}")) : text.slice(0, cut);
  if (Buffer.byteLength(head) > MAX_HEAD_BYTES)
    found("size", `a head of ${Buffer.byteLength(head)} bytes; expected at most ${MAX_HEAD_BYTES}`);
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/.test(record.time))
    found("field", "time: expected YYYY-MM-DDTHH:MM:SS.sssZ");
  if (!/^[0-9a-f]{16}$/.test(record.span_id)) found("field", "span_id: expected 16 lower-case hex digits");
  if (record.type === "gap") found("gap", `${String(record.records)} records could not be written`);

  if (
    cut !== -1 &&
    !(isJson(`${head}}`) && isJson(text.slice(cut + CONTENT_KEY.length, text.lastIndexOf("}"))))
  ) {
    const inHead = !isJson(`${head}}`);
    found(
      "head_content",
      inHead ? "an object of the head has a key `content`" : "`content` is not the last key",
    );
  } else if (!isCanonical(record)) found("key_order", "keys are not in canonical order, or one is null");
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Compared with what our own writer would make of the record. */
function isCanonical(record: TraceRecord): boolean {
  const { content: _content, ...head } = record;
  const written = JSON.parse(encodeLine(head as TraceRecord).line) as object;
  return Object.keys(head).join() === Object.keys(written).join();
}

/** Watches that `seq` counts 0, 1, 2 …; a line that is no record has taken one. */
class Sequence {
  #next = 0;
  #skipped = 0;

  skip(): void {
    this.#skipped++;
  }

  take(seq: number, found: Found): void {
    const missing = seq - this.#next;
    if (missing < 0) found("seq", `seq ${seq} after ${this.#next - 1}; expected ${this.#next}`);
    else if (missing > this.#skipped)
      found("seq", `seq ${seq}; expected ${this.#next}: ${missing - this.#skipped} records are missing`);
    this.#next = Math.max(this.#next, seq + 1);
    this.#skipped = 0;
  }
}
