/** What every adapter must do with every fixture of its agent, and with what chance makes of them. */

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject, SourceLine } from "../src/adapter.ts";
import { ADAPTERS } from "../src/index.ts";
import { fixturesOf, linesOf, readAll, recordsOf } from "./conversations.ts";
import {
  expectOneRecordPerSpan,
  expectPromptsToExtend,
  expectStartsBeforeEnds,
  expectStrictlyIncremental,
  expectToSurvive,
} from "./properties.ts";

/** Line types that no version of the agent writes. */
const UNKNOWN: Record<string, Record<string, number>> = {
  // Made anonymous by hand.
  "transcripts-genuine/gemini-cli/agentsessions-large.json": { model: 2 },
};

describe.each(ADAPTERS.map((adapter) => [adapter.name, adapter] as const))("%s", (_name, adapter) => {
  const conversations = fixturesOf(adapter);

  describe.each(conversations.map(({ name, lines }) => [name, lines] as const))("%s", (path, lines) => {
    test("gives for any first lines the first events of all", () => {
      expectStrictlyIncremental(adapter, lines, [...lines.keys()]);
    });

    test("starts and ends each span once", () => {
      expectOneRecordPerSpan(adapter, lines);
      expectStartsBeforeEnds(adapter, lines);
    });

    test("has prompts that extend one another, each message once", () => {
      expectPromptsToExtend(adapter, lines);
    });

    test("holds no line type that is not known", () => {
      const parser = adapter.createParser();
      readAll(parser, lines);
      expect(parser.facts.unknownTypes).toEqual(UNKNOWN[path] ?? {});
    });
  });

  describe("hostile lines", () => {
    const all = conversations.flatMap(({ lines }) => lines);
    const mutated = mutationsOf(all);

    test("never make the parser throw", () => {
      fc.assert(
        fc.property(fc.array(mutated, { minLength: 1, maxLength: 40 }), (lines) => {
          expectToSurvive(adapter, lines);
          expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
        }),
        { numRuns: 300 },
      );
    });

    test("in the middle of a genuine file leave it strictly incremental, one record per span", () => {
      fc.assert(
        fc.property(
          fc.constantFrom(...conversations.filter(({ lines }) => lines.length > 10)),
          fc.array(fc.record({ at: fc.nat(40), line: mutated }), { maxLength: 6 }),
          ({ lines: genuine }, changes) => {
            const lines = [...genuine];
            const [{ source, sourceName, kind }] = genuine as [SourceLine];
            for (const { at, line } of changes)
              lines.splice(at % lines.length, 1, { ...line, source, sourceName, kind });
            const numbered = lines.map((line, index) => ({ ...line, line: index + 1 }));
            expectStrictlyIncremental(adapter, numbered, [5, 10, 15, 20, 30]);
            expectOneRecordPerSpan(adapter, numbered);
          },
        ),
        { numRuns: 100 },
      );
    });

    test("and files that are empty, cut, or of another kind give nothing and no error", () => {
      for (const text of ["", "\n\n", '{"type":"session_meta","payl', "\0\0\0", "[1,2,3]", '"a"', "{}"]) {
        const lines = linesOf(text, { source: 0, sourceName: "x.jsonl", kind: "transcript" });
        expect(readAll(adapter.createParser(), lines)).toEqual([]);
        expect(adapter.detectFile("x", recordsOf(text))).toBeUndefined();
      }
    });
  });
});

test("no fixture is taken for another agent's", () => {
  for (const adapter of ADAPTERS)
    for (const { name, lines } of fixturesOf(adapter)) {
      const first = lines.filter(({ source }) => source === 0).slice(0, 64);
      const takers = ADAPTERS.filter(
        (other) =>
          other.detectFile(
            "x",
            first.map(({ value }) => value),
          ) !== undefined,
      );
      expect(
        takers.map((taker) => taker.name),
        name,
      ).toEqual([adapter.name]);
    }
});

/** Values that no field expects: wrong types, prototype keys, nesting, terminal escapes, times out of range. */
function hostileValues(): fc.Arbitrary<unknown> {
  return fc.oneof(
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
}

/** One of these lines with one place in it replaced. */
function mutationsOf(lines: readonly SourceLine[]): fc.Arbitrary<SourceLine> {
  return fc
    .record({
      at: fc.nat(lines.length - 1),
      path: fc.array(fc.nat(20), { minLength: 1, maxLength: 5 }),
      by: hostileValues(),
    })
    .map(({ at, path, by }): SourceLine => {
      const line = lines[at] as SourceLine;
      const value = replaceAt(line.value, path, by);
      return { ...line, value: (typeof value === "object" && value !== null ? value : {}) as JsonObject };
    });
}

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
