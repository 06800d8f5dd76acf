import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeLine, MAX_HEAD_BYTES, MAX_LINE_BYTES, MAX_STRING_BYTES } from "../src/encode-line.ts";
import { ENVELOPE_FIELDS, HEAD_FIELDS, type RecordType, type TraceRecord } from "../src/record.ts";
import { anyRecord, hostileText, hostileValue, record } from "./records.ts";

function encode(one: TraceRecord): { parsed: Record<string, unknown>; line: string; truncated: number } {
  const { line, truncated } = encodeLine(one);
  expect(line.endsWith("\n") && line.indexOf("\n") === line.length - 1).toBe(true);
  return { parsed: JSON.parse(line) as Record<string, unknown>, line, truncated };
}

function headOf(line: string): string {
  const contentAt = line.indexOf(',"content":');
  return contentAt === -1 ? line.slice(0, -2) : line.slice(0, contentAt);
}

function depthOf(value: unknown): number {
  let depth = 0;
  for (let level = [value]; level.length > 0; depth++)
    level = level.flatMap((one) => (one !== null && typeof one === "object" ? Object.values(one) : []));
  return depth;
}

const marker = /…\[spoor: (\d+) bytes cut\]…/;

describe("key order", () => {
  test("is the same whatever order the caller used", () => {
    const one = record("tool_result", 3, "a", {
      parent: "b",
      from: "0:7",
      name: "Bash",
      status: "error",
      exit_code: 1,
      content: { result: "no" },
    });
    const line = `{"v":1,"type":"tool_result","seq":3,"time":"2026-11-20T09:00:03.000Z","invocation_id":"019aa0c4-7a00-7abc-8def-0123456789ab","span_id":"000000000000000a","parent_span_id":"000000000000000b","from":"0:7","name":"Bash","status":"error","exit_code":1,"content":{"result":"no"}}\n`;
    expect(encodeLine(one)).toEqual({ line, truncated: 0 });
    const reversed = Object.fromEntries(Object.entries(one).toReversed()) as unknown as TraceRecord;
    expect(encodeLine(reversed)).toEqual({ line, truncated: 0 });
  });

  test("of an amendment is that of the record it amends", () => {
    const { parsed } = encode(
      record("amend", 1, "a", { cost: { usd: 1 }, usage: {}, model: "m", of: "completion" }),
    );
    expect(Object.keys(parsed).slice(6)).toEqual(["of", "model", "usage", "cost"]);
  });

  test.each(Object.keys(HEAD_FIELDS) as RecordType[])("of %s is envelope, own fields, content", (type) => {
    const fields = [...HEAD_FIELDS[type], "content"];
    const shuffled = Object.fromEntries(fields.toReversed().map((field) => [field, { a: 1 }]));
    const { parsed } = encode(record(type, 0, "a", { ...shuffled, parent: "b", from: "0:1" }));
    expect(Object.keys(parsed)).toEqual([...ENVELOPE_FIELDS, ...fields]);
  });

  test("keeps fields and types it does not know, before content", () => {
    const unknownField = encode(record("gap", 0, "a", { content: {}, later: 1, records: 2 }));
    expect(Object.keys(unknownField.parsed).slice(6)).toEqual(["records", "later", "content"]);
    const unknownType = encode(record("vote", 0, "a", { content: { why: "x" }, weight: 3 }));
    expect(unknownType.parsed).toMatchObject({ type: "vote", weight: 3, content: { why: "x" } });
  });

  test("leaves out what is null or undefined, at the top only", () => {
    const { parsed } = encode(
      record("completion", 0, "a", { model: undefined, error: null, cost: { usd: null }, content: null }),
    );
    expect(Object.keys(parsed).slice(6)).toEqual(["cost"]);
    expect(parsed["cost"]).toEqual({ usd: null });
  });
});

describe("a head", () => {
  test("has no key called content, at any depth", () => {
    const resource = { content: "a", nested: [{ content: { content: 1 }, content_: 2 }] };
    const { parsed, line } = encode(record("invocation_start", 0, "a", { resource, content: { cwd: "/" } }));
    expect(parsed["resource"]).toEqual({
      content_: "a",
      nested: [{ content__: { content_: 1 }, content_: 2 }],
    });
    expect(headOf(line)).not.toContain('"content":');
    expect(parsed["content"]).toEqual({ cwd: "/" });
  });

  test("may hold texts that look like the key", () => {
    const model = 'x","content":{"a":"';
    const { parsed } = encode(record("prompt", 0, "a", { model, content: { system: "s" } }));
    expect(parsed).toMatchObject({ model, content: { system: "s" } });
  });

  test("of more than 16 KiB has its longest texts and lists cut, and the envelope stays", () => {
    const one = record("invocation_start", 4, "a", {
      pointers: { ref_name: "r".repeat(100_000), change_id: "7" },
      instructions: Array.from({ length: 2000 }, (_, i) => ({
        path: `AGENTS-${i}.md`,
        sha256: "0".repeat(64),
      })),
      content: { cwd: "/work" },
    });
    const { parsed, line, truncated } = encode(one);
    expect(Buffer.byteLength(headOf(line))).toBeLessThanOrEqual(MAX_HEAD_BYTES);
    expect(truncated).toBeGreaterThan(0);
    expect(parsed).toMatchObject({ seq: 4, pointers: { change_id: "7" }, content: { cwd: "/work" } });
  });

  test("of thousands of keys is reduced to its envelope", () => {
    const fields = Object.fromEntries(
      Array.from({ length: 5000 }, (_, i) => [`key${i}`, { [`deep${i}`]: i }]),
    );
    const { parsed, line, truncated } = encode(record("event", 4, "a", { name: "plan", ...fields }));
    expect(Buffer.byteLength(headOf(line))).toBeLessThanOrEqual(MAX_HEAD_BYTES);
    expect(truncated).toBeGreaterThan(0);
    expect(parsed).toMatchObject({ type: "event", seq: 4 });
  });

  test("is not cut inside a surrogate pair", () => {
    const { line } = encode(record("tool_call", 0, "a", { name: `x${"👍".repeat(50_000)}` }));
    expect(line).not.toMatch(/\\ud[89a-f]/);
  });
});

describe("a text of more than 256 KiB", () => {
  const result = `START${"0123456789".repeat(40_000)}END`;
  const { parsed, truncated } = encode(record("tool_result", 0, "a", { content: { result, other: "kept" } }));
  const cut = (parsed["content"] as { result: string }).result;

  test("keeps its head and its tail around a marker", () => {
    expect(cut).toMatch(/^START012.*789END$/);
    expect(cut).toMatch(marker);
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(MAX_STRING_BYTES);
    expect(Buffer.byteLength(cut)).toBeGreaterThan(MAX_STRING_BYTES - 200);
    expect({ truncated, other: (parsed["content"] as { other: string }).other }).toEqual({
      truncated: 1,
      other: "kept",
    });
  });

  test("says in the marker how many bytes are gone", () => {
    const [text, bytes] = marker.exec(cut) ?? [];
    expect(Number(bytes) + Buffer.byteLength(cut) - Buffer.byteLength(text ?? "")).toBe(
      Buffer.byteLength(result),
    );
  });

  test.each(["é", "→", "👍"])("is never cut inside a character (%s)", (character) => {
    for (const shift of ["", "a", "ab", "abc"]) {
      const text = shift + character.repeat(150_000);
      const { parsed: encoded } = encode(record("tool_result", 0, "a", { content: { result: text } }));
      const back = (encoded["content"] as { result: string }).result;
      expect(back.replace(marker, "").replaceAll(character, "")).toBe(shift);
    }
  });

  test("of just 256 KiB is not cut", () => {
    const text = "x".repeat(MAX_STRING_BYTES);
    expect(encode(record("tool_result", 0, "a", { content: { result: text } })).truncated).toBe(0);
  });

  test("that is a key is cut too", () => {
    const content = { arguments: { ["k".repeat(300_000)]: 1 } };
    expect(encode(record("tool_call", 0, "a", { content })).truncated).toBe(0);
    const { line } = encode(record("tool_call", 0, "a", { content }));
    expect(line.length).toBeLessThan(MAX_STRING_BYTES + 1000);
  });
});

describe("a line of more than 1 MiB", () => {
  test("has its longest texts cut first", () => {
    const texts = [
      "a".repeat(250_000),
      "b".repeat(250_000),
      "\u0001".repeat(200_000),
      "short",
      "c".repeat(900),
    ];
    const { parsed, line, truncated } = encode(record("tool_result", 0, "a", { content: { result: texts } }));
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MAX_LINE_BYTES);
    const { result } = parsed["content"] as { result: string[] };
    expect(truncated).toBe(result.filter((text) => marker.test(text)).length);
    expect(result.slice(3)).toEqual(["short", "c".repeat(900)]);
  });

  test("made of more short texts than fit keeps only how much it was", () => {
    const parts = Array.from({ length: 100_000 }, () => "a text too short to be cut");
    const { parsed, line, truncated } = encode(record("tool_result", 0, "a", { content: { result: parts } }));
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MAX_LINE_BYTES);
    expect(parsed["content"]).toEqual({ cut: expect.stringMatching(marker) });
    expect(truncated).toBe(1);
  });
});

describe("a value that JSON or its readers cannot hold", () => {
  function nest(levels: number): unknown {
    let value: unknown = "bottom";
    for (let i = 0; i < levels; i++) value = i % 2 === 0 ? { a: value } : [value];
    return value;
  }

  test("nested 10 000 deep keeps its upper levels, in content and in the head", () => {
    for (const fields of [{ content: { arguments: nest(10_000) } }, { parameters: { a: nest(10_000) } }]) {
      const { parsed, line, truncated } = encode(record("prompt", 0, "a", fields));
      expect(truncated).toBe(1);
      expect(line).toContain("…[spoor: nested too deep]…");
      expect(depthOf(parsed)).toBeLessThanOrEqual(256);
    }
  });

  test("that contains itself ends", () => {
    const loop: Record<string, unknown> = { name: "loop" };
    loop["self"] = loop;
    loop["list"] = [loop, loop];
    const { parsed, truncated } = encode(
      record("tool_call", 0, "a", { name: "x", content: { arguments: loop } }),
    );
    expect(parsed).toMatchObject({ name: "x" });
    expect(truncated).toBeGreaterThan(0);
  });

  test("such as a bigint, a function or a throwing toJSON costs only itself", () => {
    const odd = { big: 12n, call: () => 1, kept: true };
    expect(encode(record("tool_call", 0, "a", { content: { arguments: odd } })).parsed["content"]).toEqual({
      arguments: { big: "12", kept: true },
    });
    class Thrower {
      toJSON(): never {
        throw new Error("no");
      }
    }
    const { parsed, truncated } = encode(
      record("tool_call", 0, "a", { name: "x", content: { arguments: new Thrower() } }),
    );
    expect(parsed).toMatchObject({ name: "x" });
    expect(truncated).toBe(1);
  });

  test("such as a lone surrogate is escaped and comes back", () => {
    const text = "\ud83d and \udc4d";
    const { parsed, line } = encode(record("tool_result", 0, "a", { content: { result: text } }));
    expect(parsed["content"]).toEqual({ result: text });
    expect(Buffer.from(line).toString()).toBe(line);
  });

  test("under a prototype's name is a key like any other", () => {
    const hostile = JSON.parse(
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    ) as object;
    const fields = { ...hostile, parameters: hostile, content: { arguments: hostile } };
    for (const type of ["prompt", "event", "constructor", "__proto__"]) {
      const { parsed } = encode({ ...record(type, 0, "a"), ...fields } as TraceRecord);
      expect(Object.hasOwn(parsed, "__proto__")).toBe(true);
      expect(JSON.stringify(parsed["content"])).toBe(JSON.stringify({ arguments: hostile }));
    }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe("whatever the record", () => {
  const bulky = fc.tuple(hostileText, fc.nat(2000)).map(([text, repeats]) => text.repeat(repeats));
  const withBulk = fc
    .tuple(anyRecord, fc.array(bulky, { maxLength: 4 }), hostileValue)
    .map(
      ([one, texts, value]) =>
        ({ ...one, bulk: value, content: { ...one.content, texts, value } }) as TraceRecord,
    );

  test("its line parses, keeps the limits and has content last and once", () => {
    fc.assert(
      fc.property(fc.oneof(anyRecord, withBulk), (one) => {
        const { parsed, line } = encode(one);
        expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MAX_LINE_BYTES);
        expect(Buffer.byteLength(headOf(line))).toBeLessThanOrEqual(MAX_HEAD_BYTES);
        const content = Object.keys(parsed).indexOf("content");
        expect([-1, Object.keys(parsed).length - 1]).toContain(content);
        if (content !== -1) expect(JSON.parse(`${headOf(line)}}`)).toEqual(withoutContent(parsed));
      }),
      { numRuns: 400 },
    );
  });

  test("encoding what was read back gives the same line", () => {
    fc.assert(
      fc.property(anyRecord, (one) => {
        const { line } = encode(one);
        expect(encodeLine(JSON.parse(line) as TraceRecord)).toEqual({ line, truncated: 0 });
      }),
      { numRuns: 300 },
    );
  });
});

function withoutContent(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => key !== "content"));
}
