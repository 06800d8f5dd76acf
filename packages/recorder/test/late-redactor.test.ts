import { createRedactor } from "@spoor/redactor";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isPlain, LateRedactor } from "../src/late-redactor.ts";

/** Pieces that secrets are made of, and words between them. */
const piece = fc.oneof(
  fc.constantFrom(
    "password",
    "pass",
    "pwd",
    "token",
    "secret",
    "key",
    "api",
    "-p",
    "-u",
    "--user",
    "mysql",
    "curl",
    "is",
    "Basic",
    "AKIA",
    "xoxb-",
    "sk-",
  ),
  fc.constantFrom(" ", "/", ".", "-", "_", ",", ""),
  fc.string({ unit: fc.constantFrom(..."abcdefABCDEF0123456789"), maxLength: 45 }),
  fc.constantFrom("work", "main", "npm", "run", "fix-2.1", "home", "dev"),
);
const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));

test("what is plain, the redactor itself would leave as it is", () => {
  const redactor = createRedactor();
  let plain = 0;
  fc.assert(
    fc.property(text, text, (one, other) => {
      const value = { command: [one, other], [other]: one };
      if (!isPlain(value)) return;
      plain++;
      expect(redactor.redactValue(value)).toBe(value);
      expect(redactor.redactText(one)).toBe(one);
    }),
    { numRuns: 5000 },
  );
  expect(plain).toBeGreaterThan(100);
});

describe("a redactor that is loaded late", () => {
  test("does what the redactor does", () => {
    const token = `ghp_${"a1B2".repeat(9)}`;
    const late = new LateRedactor({});
    expect(late.redactValue({ command: ["true"], cwd: "/home/dev/shop" })).toEqual({
      command: ["true"],
      cwd: "/home/dev/shop",
    });
    expect(late.counts).toEqual({});
    expect(JSON.stringify(late.redactValue({ args: [token] }))).not.toContain(token);
    expect(Object.values(late.counts)).toEqual([1]);
    expect(late.redactText("plain")).toBe("plain");
  });

  test("knows the environment's values, however plain they look", () => {
    const late = new LateRedactor({ env: { DB_PASSWORD: "Tr0ub4dor" } });
    expect(late.redactText("say Tr0ub4dor")).not.toContain("Tr0ub4dor");
  });
});
