import { expect, test } from "vitest";
import { redact } from "../src/index.ts";
import { CARRIERS, PASSWORDS_ONLY, TOKENS_ONLY } from "./carriers.ts";
import { isGone } from "./corpus.ts";

/** The same numbers on each run, so that a failure can be repeated (Lehmer's generator). */
let state = 20261120;
const below = (limit: number): number => (state = (state * 48271) % 0x7fffffff) % limit;
const draw = (alphabet: string, length: number): string =>
  Array.from({ length }, () => alphabet[below(alphabet.length)]).join("");

const HEX = "0123456789abcdef";
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

const tokens: readonly (() => string)[] = [
  () => draw(LETTERS, 24),
  () => draw(LETTERS, 40),
  () => draw(HEX, 32),
  () => draw(HEX, 40),
  () => [8, 4, 4, 4, 12].map((length) => draw(HEX, length)).join("-"),
  () => draw(`${LETTERS}-_`, 43),
];
const passwords: readonly (() => string)[] = [
  () => `${draw(LETTERS, 9)}${draw("!#%*+~?=^", 1)}${draw(LETTERS, 5)}7`,
  () => `${draw(LETTERS, 11)}4${draw(LETTERS, 4)}`,
];

test.each(Object.entries(CARRIERS))("a value written as %s is found", (carrier, write) => {
  const cases = [
    ...(PASSWORDS_ONLY.has(carrier) ? [] : tokens.map((make) => ["ACME_API_KEY", make] as const)),
    ...(TOKENS_ONLY.has(carrier) ? [] : passwords.map((make) => ["DB_PASSWORD", make] as const)),
  ];
  for (const [name, make] of cases) {
    for (let i = 0; i < 5; i++) {
      const value = make();
      const text = write(name, value);
      // In base64 the value is not to be seen in the text; then the text must have changed.
      if (text.includes(value)) expect(isGone(redact(text), value), text).toBe(true);
      else expect(redact(text)).not.toBe(text);
    }
  }
});
