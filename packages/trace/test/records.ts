/** Records for the tests: a terse way to write them down, and arbitrary ones. */

import * as fc from "fast-check";
import { encodeLine } from "../src/encode-line.ts";
import type { Entry } from "../src/read-line.ts";
import { HEAD_FIELDS, type RecordType, type TraceRecord } from "../src/record.ts";

export const INVOCATION = "019aa0c4-7a00-7abc-8def-0123456789ab";

/** A time on the tests' day: seconds and milliseconds after 09:00. */
export function at(seconds: number): string {
  return new Date(Date.UTC(2026, 10, 20, 9) + Math.round(seconds * 1000)).toISOString();
}

/** 16 hex digits of a short name, so that a test can speak of span "a1". */
export function span(name: string): string {
  return name.padStart(16, "0");
}

/** A record with the envelope filled in; `time` may be given as seconds after 09:00. */
export function record(
  type: string,
  seq: number,
  spanName: string,
  fields: { at?: number; parent?: string; [field: string]: unknown } = {},
): TraceRecord {
  const { at: seconds = seq, parent, ...own } = fields;
  return {
    v: 1,
    type,
    seq,
    time: at(seconds),
    invocation_id: INVOCATION,
    span_id: span(spanName),
    ...(parent === undefined ? {} : { parent_span_id: span(parent) }),
    ...own,
  } as unknown as TraceRecord;
}

export function toEntries(records: readonly TraceRecord[]): Entry[] {
  let offset = 0;
  return records.map((one) => {
    const length = Buffer.byteLength(encodeLine(one).line) - 1;
    const entry: Entry = { kind: "record", record: one, offset, length };
    offset += length + 1;
    return entry;
  });
}

// --- arbitrary records -------------------------------------------------------------------------------------

/** Text that has deceived parsers: the format's own marks, escapes, lone surrogates, control characters. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc
    .array(
      fc.constantFrom(
        ',"content":',
        '"content":',
        "content",
        '{"v":1,',
        "}}",
        '"',
        "\\",
        "\n",
        "\r\n",
        "\u0000",
        "\u2028",
        "\ud83d",
        "\udc4d",
        "👍",
        "é",
        "\u001b[2J",
        "__proto__",
      ),
    )
    .map((parts) => parts.join("")),
);

const hostileKey: fc.Arbitrary<string> = fc.oneof(
  hostileText,
  fc.constantFrom("content", "content_", "__proto__", "constructor", "toString", "7", "v", "type", "seq"),
);

export const hostileValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    hostileText,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    fc
      .array(fc.tuple(hostileKey, tie("value")), { maxLength: 4 })
      .map((entries) => Object.fromEntries(entries)),
  ),
})).value;

const types = [...(Object.keys(HEAD_FIELDS) as RecordType[]), "score_v2", "constructor", "__proto__"];

/** Any type, known or not, with any of its fields, unknown ones too, in any order, with or without content. */
export const anyRecord: fc.Arbitrary<TraceRecord> = fc
  .record({
    type: fc.constantFrom(...types),
    seq: fc.nat(),
    spanName: fc.constantFrom("a", "b", "c"),
    own: fc.array(fc.tuple(fc.nat(20), hostileValue), { maxLength: 6 }),
    unknown: fc.array(fc.tuple(hostileKey, hostileValue), { maxLength: 3 }),
    content: fc.option(fc.array(fc.tuple(hostileKey, hostileValue), { maxLength: 4 }), { nil: undefined }),
    shuffle: fc.boolean(),
  })
  .map(({ type, seq, spanName, own, unknown, content, shuffle }) => {
    const fields: readonly string[] = Object.hasOwn(HEAD_FIELDS, type) ? HEAD_FIELDS[type as RecordType] : [];
    const entries = Object.entries(record(type, seq, spanName));
    const envelope = new Set([...entries.map(([key]) => key), "parent_span_id", "from", "content"]);
    for (const [index, value] of own) {
      const field = fields[index % Math.max(1, fields.length)];
      if (field !== undefined) entries.push([field, value]);
    }
    entries.push(...unknown.filter(([key]) => !envelope.has(key)));
    if (content !== undefined) entries.push(["content", Object.fromEntries(content)]);
    return Object.fromEntries(shuffle ? entries.toReversed() : entries) as unknown as TraceRecord;
  });
