import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject, SourceLine } from "../../src/adapter.ts";
import { codex } from "../../src/codex/index.ts";
import { parseText } from "../../src/source-text.ts";
import {
  expectOneRecordPerSpan,
  expectPromptsToExtend,
  expectStrictlyIncremental,
  expectToSurvive,
} from "./properties.ts";
import { filesBelow, fixture, FIXTURES, linesOf, readAll } from "./read.ts";

const files = filesBelow(FIXTURES);

describe.each(files)("%s", (name) => {
  const lines = fixture(name);

  test("gives for any first lines the first events of all", () => {
    expectStrictlyIncremental(lines, [...lines.keys()]);
  });

  test("starts and ends each span once", () => {
    expectOneRecordPerSpan(lines);
  });

  test("has prompts that extend one another, each message once", () => {
    expectPromptsToExtend(lines);
  });

  test("holds no line type that is not known", () => {
    const parser = codex.createParser();
    readAll(lines, parser);
    expect(parser.facts.unknownTypes).toEqual({});
  });
});

const all: SourceLine[] = files.flatMap((name) => fixture(name));

/** Values that no field expects: wrong types, prototype keys, nesting, terminal escapes, times out of range. */
const hostile: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    1e308,
    "",
    "__proto__",
    "\u001b[2J",
    "../../etc",
    "9999-99-99T99:99:99Z",
    [],
    {},
  ),
  fc.constant(
    JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1, "type": "message"}') as unknown,
  ),
  fc.integer({ min: 1, max: 3_000 }).map((depth) => {
    let value: unknown = "deep";
    for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { content: value };
    return value;
  }),
  fc.jsonValue(),
);

/** The value with one place in it replaced. */
function replaceAt(value: unknown, path: readonly number[], by: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined || value === null || typeof value !== "object") return by;
  const keys = Object.keys(value);
  const key = keys[step % Math.max(1, keys.length)];
  if (key === undefined) return by;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value)
    ? [...(value as unknown[])]
    : { ...value };
  Object.defineProperty(copy, key, {
    value: replaceAt((value as Record<string, unknown>)[key], rest, by),
    enumerable: true,
    configurable: true,
    writable: true,
  });
  return copy;
}

describe("hostile lines", () => {
  const mutated = fc
    .record({
      at: fc.nat(all.length - 1),
      path: fc.array(fc.nat(20), { minLength: 1, maxLength: 5 }),
      by: hostile,
    })
    .map(({ at, path, by }): SourceLine => {
      const line = all[at] as SourceLine;
      const value = replaceAt(line.value, path, by);
      return { ...line, value: (typeof value === "object" && value !== null ? value : {}) as JsonObject };
    });

  test("never make the parser throw", () => {
    fc.assert(
      fc.property(fc.array(mutated, { minLength: 1, maxLength: 40 }), (lines) => {
        expectToSurvive(lines);
        expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  test("in the middle of a genuine file leave it strictly incremental, one record per span", () => {
    const names = files.filter((name) => name.includes("0.169.0/rollout"));
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.array(fc.record({ at: fc.nat(40), line: mutated }), { maxLength: 6 }),
        (name, changes) => {
          const lines = fixture(name);
          for (const { at, line } of changes) lines.splice(at % lines.length, 1, line);
          const numbered = lines.map((line, index) => ({ ...line, sourceName: "f", line: index + 1 }));
          expectStrictlyIncremental(numbered, [5, 10, 15, 20, 30]);
          expectOneRecordPerSpan(numbered);
        },
      ),
      { numRuns: 100 },
    );
  });

  test("and files that are empty, cut, or of another kind give nothing and no error", () => {
    for (const text of ["", "\n\n", '{"type":"session_meta","payl', "\0\0\0", "[1,2,3]", '"a"', "{}"]) {
      const lines = linesOf(text, "transcript", "rollout-x.jsonl");
      expect(readAll(lines)).toEqual([]);
      expect(
        codex.detectFile(
          "x",
          parseText(text).flatMap((line) => (line.kind === "object" ? [line.value] : [])),
        ),
      ).toBeUndefined();
    }
  });
});
