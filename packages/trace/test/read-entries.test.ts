import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeLine } from "../src/encode-line.ts";
import { MAX_READ_LINE_BYTES, readEntries } from "../src/read-entries.ts";
import type { Entry } from "../src/read-line.ts";
import type { TraceRecord } from "../src/record.ts";
import { anyRecord, hostileValue, record } from "./records.ts";

let folder: string;
let path: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "read-entries-"));
  path = join(folder, "trace.jsonl");
});
afterAll(() => rmSync(folder, { recursive: true }));

const called = record("tool_call", 0, "a", {
  name: "Bash",
  kind: "shell",
  content: { arguments: { a: "{}}" } },
});
const answered = record("tool_result", 1, "a", {
  name: "Bash",
  status: "ok",
  content: { result: "naïve café 👍" },
});
const line = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value)}\n`);
const whole = Buffer.concat([line(called), line(answered)]);

function read(contents: Buffer | string, headOnly = false): Entry[] {
  writeFileSync(path, contents);
  return [...readEntries(path, { headOnly })];
}

function withoutContent(entries: Entry[]): unknown[] {
  return entries.map((entry) => {
    if (entry.kind !== "record") return entry;
    const { content: _, ...head } = entry.record;
    return { ...entry, record: head };
  });
}

function expectHeadsToAgree(contents: Buffer | string): void {
  const full = read(contents);
  expect(read(contents, true)).toEqual(withoutContent(full));
}

describe("a whole file", () => {
  test("yields its records in order", () => {
    expect(read(whole)).toMatchObject([{ record: called }, { record: answered }]);
  });

  test("gives each line's place in bytes, not characters", () => {
    const third = record("gap", 2, "b");
    expect(read(Buffer.concat([whole, line(third)]))[2]).toMatchObject({
      offset: whole.length,
      length: line(third).length - 1,
    });
  });

  test("yields nothing when empty", () => {
    expect(read("")).toEqual([]);
  });

  test("may hold lines longer than one read, cut inside a character by each read", () => {
    const records = [300_000, 1, 700_001, 2].map((repeats, seq) =>
      record("tool_result", seq, "a", { content: { result: `.${"é👍".repeat(repeats)}` } }),
    );
    expect(read(Buffer.concat(records.map(line)))).toMatchObject(records.map((one) => ({ record: one })));
    expectHeadsToAgree(Buffer.concat(records.map(line)));
  });

  test("leaves out content where only heads are asked for", () => {
    const [first] = read(whole, true);
    expect(first).toMatchObject({ kind: "record", record: { type: "tool_call", name: "Bash" } });
    expect((first as { record: object }).record).not.toHaveProperty("content");
  });

  test("closes its file when the caller stops early", () => {
    writeFileSync(path, whole);
    for (const _ of readEntries(path)) break;
    for (const _ of readEntries(path, { headOnly: true })) break;
    rmSync(path);
  });
});

test("a file cut at any byte keeps the records before the cut and can be resumed", () => {
  const boundary = line(called).length;
  for (let cut = 0; cut < whole.length; cut++) {
    const offset = cut < boundary ? 0 : boundary;
    const kept = offset === 0 ? [] : [{ kind: "record", record: called }];
    const torn = cut === offset ? [] : [{ kind: "torn", offset, length: cut - offset }];
    expect(read(whole.subarray(0, cut)), `cut at ${cut}`).toMatchObject([...kept, ...torn]);

    appendFileSync(path, whole.subarray(cut));
    const [resumed] = readEntries(path, { start: offset });
    expect(resumed, `resumed after ${cut}`).toMatchObject({
      record: offset === 0 ? called : answered,
      offset,
    });
  }
});

test("a line torn at any byte and mended with a newline hides nothing, and head-only reading sees the same", () => {
  const torn = line(called);
  // Whoever goes on after a torn line takes its number again.
  const next = line({ ...answered, seq: called.seq });
  for (let cut = 1; cut < torn.length - 1; cut++) {
    const mended = Buffer.concat([torn.subarray(0, cut), Buffer.from("\n"), next]);
    expect(read(mended), `cut at ${cut}`).toMatchObject([
      { kind: "malformed", loss: "malformed", offset: 0, length: cut },
      { kind: "record", record: { type: "tool_result" } },
    ]);
    expectHeadsToAgree(mended);
    expectHeadsToAgree(Buffer.concat([torn.subarray(0, cut), Buffer.from("\n")]));
    // The same writer went on: it tells of the gap first.
    expectHeadsToAgree(
      Buffer.concat([
        torn.subarray(0, cut),
        Buffer.from("\n"),
        line(record("gap", called.seq + 1, "b", { records: 1 })),
      ]),
    );
  }
});

test.each([
  ["not JSON", Buffer.from("{oops}\n"), "malformed", /JSON/],
  ["nothing but zero bytes", Buffer.from("\0\0\0\n"), "malformed", /JSON/],
  ["a list", Buffer.from("[1]\n"), "malformed", /expected an object, got array/],
  ["null", Buffer.from("null\n"), "malformed", /expected an object, got null/],
  ["without a version", line({ type: "gap" }), "malformed", /v: expected 1, got undefined/],
  ["of a later version", line({ ...called, v: 2 }), "unknown", /v: expected 1, got 2 .*update/],
  ["missing a field", line({ ...called, span_id: undefined }), "malformed", /span_id: expected a string/],
  [
    "with a seq that is no integer",
    line({ ...called, seq: "0" }),
    "malformed",
    /seq: expected an integer, got "0"/,
  ],
  ["with something after its last brace", Buffer.from(`${JSON.stringify(called)}x\n`), "malformed", /JSON/],
  [
    "with content that is no JSON",
    Buffer.from(`${JSON.stringify({ ...called, content: undefined }).slice(0, -1)},"content":{oops}}\n`),
    "malformed",
    /JSON/,
  ],
])("a line that is %s is reported and hides nothing after it", (_, bad, loss, reason) => {
  const contents = Buffer.concat([bad, line({ ...answered, seq: 0 })]);
  expect(read(contents)).toMatchObject([
    { kind: "malformed", loss, reason: expect.stringMatching(reason), offset: 0, length: bad.length - 1 },
    { kind: "record", record: { type: "tool_result" } },
  ]);
  expectHeadsToAgree(contents);
});

test.each([
  ["carriage returns before newlines", `${JSON.stringify(called)}\r\n${JSON.stringify(answered)}\r\n`],
  ["blank lines", `\n\r\n  \n${JSON.stringify(called)}\n\n${JSON.stringify(answered)}\n\n`],
  ["a byte order mark", `\ufeff${JSON.stringify(called)}\n${JSON.stringify(answered)}\n`],
  [
    "zero bytes that a power cut left before a line",
    `\0\0\0${JSON.stringify(called)}\n\0${JSON.stringify(answered)}\n`,
  ],
  [
    "spaces around its values",
    `${JSON.stringify(called, null, 1).replaceAll("\n", " ")}\n${JSON.stringify(answered)}\n`,
  ],
])("a file with %s gives the same records", (_, contents) => {
  expect(read(contents)).toMatchObject([{ record: called }, { record: answered }]);
  expectHeadsToAgree(contents);
});

test("bytes that are not UTF-8 become replacement characters and cost nothing else", () => {
  const bytes = line(answered);
  bytes[bytes.indexOf("👍") + 2] = 0xff;
  expect(read(bytes)).toMatchObject([
    { record: { content: { result: expect.stringMatching(/^naïve café �+/) } } },
  ]);
  expectHeadsToAgree(bytes);
});

test("a line of 20 MB is passed over, counted, and hides nothing after it", () => {
  const huge = Buffer.alloc(20_000_000, "x");
  const contents = Buffer.concat([line(called), huge, Buffer.from("\n"), line(answered)]);
  const offset = line(called).length;
  expect(read(contents)).toMatchObject([
    { record: called },
    { kind: "malformed", loss: "overlong", offset, length: huge.length },
    { record: answered, offset: offset + huge.length + 1 },
  ]);
  expectHeadsToAgree(contents);
  expect(read(huge)).toEqual([{ kind: "torn", offset: 0, length: huge.length }]);
});

test("a line of just the length that is still read is read", () => {
  const bytes = line({ ...answered, content: { result: "x".repeat(MAX_READ_LINE_BYTES - 1000) } });
  expect(read(Buffer.concat([bytes, line(called)]))).toMatchObject([{ kind: "record" }, { record: called }]);
});

test("a line nested 10 000 deep is read or reported, never thrown over", () => {
  const nested = `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`;
  const contents = `${JSON.stringify(called).slice(0, -1)},"deep":${nested}}\n`;
  expect(read(contents)).toHaveLength(1);
});

test("types and fields of later minor versions are kept", () => {
  const later = { ...record("vote", 0, "a"), weight: 3, content: { why: "because" } };
  expect(read(line(later))).toMatchObject([{ kind: "record", record: later }]);
});

test("what a foreign writer put after content is in neither reading", () => {
  const contents = `${JSON.stringify(called).slice(0, -1)},"seq":9,"extra":1}\n`;
  const [entry] = read(contents);
  expect(entry).toMatchObject({ record: { seq: 0, content: called.content } });
  expect((entry as { record: object }).record).not.toHaveProperty("extra");
  expectHeadsToAgree(contents);
});

test("a record whose keys were sorted, content first, is read whole", () => {
  const sorted = Object.fromEntries(Object.entries(called).sort(([a], [b]) => (a < b ? -1 : 1)));
  expect(read(line(sorted))).toMatchObject([{ record: called }]);
  expectHeadsToAgree(line(sorted));
});

test("an unreadable path throws the file system's own error", () => {
  expect(() => [...readEntries(join(folder, "missing"))]).toThrow(
    expect.objectContaining({ code: "ENOENT" }),
  );
});

describe("head-only reading agrees with full reading", () => {
  test("on every line that encodeLine makes", () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 5 }), (records) => {
        expectHeadsToAgree(records.map((one) => encodeLine(one).line).join(""));
      }),
      { numRuns: 300 },
    );
  });

  test("on every line that another writer makes, in any key order", () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 5 }), (records) => {
        expectHeadsToAgree(records.map((one) => `${JSON.stringify(one)}\n`).join(""));
      }),
      { numRuns: 300 },
    );
  });

  test("on lines of any JSON, and on keys that stand twice", () => {
    fc.assert(
      fc.property(hostileValue, hostileValue, fc.constantFrom("content", "seq", "v", "x"), (a, b, key) => {
        const twice = `${JSON.stringify(called).slice(0, -1)},"${key}":${JSON.stringify(a)}}`;
        expectHeadsToAgree(`${JSON.stringify(a)}\n${twice}\n${JSON.stringify({ ...called, content: b })}\n`);
      }),
      { numRuns: 300 },
    );
  });
});

test("every record that is written is read back", () => {
  fc.assert(
    fc.property(anyRecord, (one) => {
      const [entry] = read(encodeLine(one).line);
      expect(entry?.kind).toBe("record");
      const { record: back } = entry as { record: TraceRecord };
      expect([back.type, back.seq, back.time]).toEqual([one.type, one.seq, one.time]);
    }),
    { numRuns: 200 },
  );
});
