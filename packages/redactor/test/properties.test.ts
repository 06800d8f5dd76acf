import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRedactor, createStreamRedactor, findSecrets, redact } from "../src/index.ts";
import { TOKEN_RULES } from "../src/rules.ts";
import { isTokenStart } from "../src/scan.ts";
import { isHarmless, isWords } from "../src/shape.ts";
import { readCorpus } from "./corpus.ts";

const corpus = readCorpus();

/** Texts made of what the detectors look for, in any order, so that they meet in ways nobody thought of. */
const pieces = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...corpus.map(({ text }) => text)) },
  { weight: 2, arbitrary: fc.constantFrom(...TOKEN_RULES.map(({ is }) => is.replace("·", ""))) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...'password= token: "secret":" API_KEY= Authorization: Bearer |://user: |@host |[REDACTED:token#1] |-----BEGIN PRIVATE KEY-----\n|\\n|\\"|"|\'|\n| |%22|&quot;|\\u0022|\u001b[31m|\u200b|sk-|eyJ|=|,|(|)|\u{1f600}|é'.split(
        "|",
      ),
    ),
  },
  { weight: 2, arbitrary: fc.string({ unit: "grapheme-ascii", maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
);
const texts = fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join(""));

describe("for any text", () => {
  test("redacting twice changes nothing more", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const once = redact(text);
        expect(redact(once)).toBe(once);
      }),
      { numRuns: 1500 },
    );
  });

  test("what each rule's pattern matches by itself is found behind the prefilter", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const found = findSecrets(text);
        for (const { name, pattern } of TOKEN_RULES) {
          for (const match of text.matchAll(new RegExp(pattern.source, "g"))) {
            if (!isTokenStart(text, match.index) || isHarmless(match[0]) || isWords(match[0])) continue;
            const secret = match.groups?.["secret"] ?? match[0];
            const start = match.index + match[0].indexOf(secret);
            const covered = found.some((span) => span.start <= start && span.end > start);
            expect(covered, `${name}: ${match[0]}`).toBe(true);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test("a stream gives the same, however the text is cut into pieces", () => {
    const long = fc.array(texts, { minLength: 20, maxLength: 400 }).map((parts) => parts.join("\n"));
    fc.assert(
      fc.property(long, fc.array(fc.nat({ max: 9000 }), { minLength: 1, maxLength: 20 }), (text, sizes) => {
        const whole = createStreamRedactor(createRedactor());
        const expected = whole.push(text) + whole.end();
        const cut = createStreamRedactor(createRedactor());
        let output = "";
        for (let at = 0, i = 0; at < text.length; i++) {
          const size = 1 + sizes[i % sizes.length]!;
          output += cut.push(text.slice(at, at + size));
          at += size;
        }
        expect(output + cut.end()).toBe(expected);
      }),
      { numRuns: 40 },
    );
  });
});

describe("for any JSON value", () => {
  test("a redacted copy is of the same shape and survives JSON", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), texts, (json, text) => {
        const redacted = createRedactor().redactValue({ value: JSON.parse(json) as unknown, text });
        expect(JSON.parse(JSON.stringify(redacted))).toEqual(redacted);
        expect(Object.keys(redacted as object)).toEqual(["value", "text"]);
      }),
    );
  });

  test("JSON text stays JSON, also when it holds JSON", () => {
    fc.assert(
      fc.property(texts, fc.nat({ max: 2 }), (text, depth) => {
        let json = JSON.stringify({ text, [text]: 1, password: 12345678 });
        for (let i = 0; i < depth; i++) json = JSON.stringify({ inner: json });
        expect(() => JSON.parse(redact(json)) as unknown).not.toThrow();
      }),
      { numRuns: 1500 },
    );
  });

  test("a value without secrets is the same object", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("build", "step", "while", 1, null, true)), (value) => {
        const wrapped = { wrapped: { value } };
        expect(createRedactor().redactValue(wrapped)).toBe(wrapped);
      }),
    );
  });
});
