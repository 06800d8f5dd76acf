/** What must hold for any lines at all, tried on genuine ones and on what chance makes of them. */

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SourceLine } from "../../src/adapter.ts";
import { FIXTURES, linesOfFile, read, readAll } from "./read-source.ts";

const FILES = [
  "0.61.0/session-2026-11-20T14-40-f5e25011.jsonl",
  "0.61.0/stream.jsonl",
  "agentsessions-jsonl_v040.jsonl",
  "agentsessions-large.json",
];
const SOURCES = FILES.map((file) => linesOfFile(FIXTURES + file));

/** Values that stand where the CLI would never put them. */
const ODD = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(
    null,
    "",
    "__proto__",
    -1,
    1e308,
    "9999-99-99T00:00:00Z",
    [],
    {},
    [null],
    "user",
    "gemini",
  ),
);

/** A line with some of its values replaced, removed or moved. */
function mutated(line: SourceLine): fc.Arbitrary<SourceLine> {
  const paths = pathsOf(line.value);
  return fc
    .array(fc.tuple(fc.constantFrom(...paths), fc.oneof(ODD, fc.constant(undefined))), { maxLength: 4 })
    .map((changes) => {
      const value = structuredClone(line.value);
      for (const [path, replacement] of changes) replaceAt(value, path, replacement);
      return { ...line, value };
    });
}

function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, inner]) => [[...path, key], ...pathsOf(inner, [...path, key])]);
}

function replaceAt(root: object, path: readonly string[], replacement: unknown): void {
  let target = root as Record<string, unknown>;
  for (const key of path.slice(0, -1)) {
    const next = target[key];
    if (next === null || typeof next !== "object") return;
    target = next as Record<string, unknown>;
  }
  const last = path.at(-1) ?? "";
  if (replacement === undefined) delete target[last];
  else target[last] = replacement;
}

/** Lines of one source, mutated, repeated, reordered and left out; with ids that other lines also have. */
const HOSTILE = fc.constantFrom(...SOURCES).chain((lines) =>
  fc
    .array(
      fc.oneof(
        fc.constantFrom(...lines).chain(mutated),
        fc.constantFrom(...lines),
        fc
          .constantFrom(...lines)
          .chain((line) =>
            fc.constantFrom(...idsIn(lines)).map((id) => ({ ...line, value: { $rewindTo: id } })),
          ),
      ),
      { maxLength: 24 },
    )
    .map((shuffled) => shuffled.map((line, index) => ({ ...line, line: index + 1 }))),
);

function idsIn(lines: readonly SourceLine[]): string[] {
  const ids = lines.flatMap(({ value }) => (typeof value["id"] === "string" ? [value["id"]] : []));
  return ids.length === 0 ? ["none"] : ids;
}

test("no line makes the parser throw, and no span begins or ends twice", () => {
  fc.assert(
    fc.property(HOSTILE, (lines) => {
      const seen = new Set<string>();
      for (const event of readAll(lines)) {
        if (event.type === "amend" || event.type === "event" || event.type === "decision") continue;
        const key = `${event.type} ${event.span.kind} ${event.span.key}`;
        expect(seen).not.toContain(key);
        seen.add(key);
      }
    }),
    { numRuns: 400 },
  );
});

test("the events of any first lines are the first events of all lines", () => {
  fc.assert(
    fc.property(HOSTILE, fc.integer({ min: 0, max: 24 }), (lines, cut) => {
      const whole = read(lines);
      const part = read(lines.slice(0, cut));
      expect(whole.slice(0, part.length)).toEqual(part);
    }),
    { numRuns: 200 },
  );
});

describe("a genuine source", () => {
  test.each(FILES)("%s: the events of every prefix are the first events of the whole", (file) => {
    const lines = linesOfFile(FIXTURES + file);
    const whole = read(lines);
    for (let cut = 0; cut <= lines.length; cut++) {
      const part = read(lines.slice(0, cut));
      expect(whole.slice(0, part.length)).toEqual(part);
    }
  });

  test("that is one document, written anew with every message, gives only what is new", () => {
    const [whole] = linesOfFile(`${FIXTURES}agentsessions-large.json`);
    if (whole === undefined) throw new Error("the fixture is empty");
    const messages = whole.value["messages"] as unknown[];
    const growing = messages.map((_, index) => ({
      ...whole,
      value: { ...whole.value, messages: messages.slice(0, index + 1) },
    }));
    expect(readAll(growing)).toEqual(readAll([whole]));
  });
});
