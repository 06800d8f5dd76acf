import { describe, expect, test } from "vitest";
import { redact } from "../src/index.ts";
import { TOKEN_RULES } from "../src/rules.ts";

/** Examples are stored with a "·" inside, so that other scanners stay quiet. */
const joined = (example: string): string => example.replace("·", "");

describe.each(TOKEN_RULES.map((rule) => [rule.name, rule] as const))("the rule %s", (_, rule) => {
  const token = joined(rule.is);
  const secret = rule.pattern.exec(token)?.groups?.["secret"] ?? token;

  test("finds its example alone, in prose, in JSON and right after an escaped line end", () => {
    for (const text of [token, `see ${token} there`, JSON.stringify({ a: token }), `ok\\n${token}\\n`]) {
      expect(redact(text), text).not.toContain(secret);
    }
  });

  test("leaves its near miss alone", () => {
    expect(joined(rule.isNot)).not.toMatch(rule.pattern);
    expect(redact(`see ${joined(rule.isNot)} there`)).not.toContain(`REDACTED:${rule.name}`);
  });

  test("has a name that fits a placeholder, anchors that every match contains, and a source", () => {
    expect(rule.name).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
    expect(rule.name.length).toBeLessThanOrEqual(40);
    expect(
      rule.anchors.some((anchor) => token.indexOf(anchor) <= (rule.reach ?? 0) && token.includes(anchor)),
    ).toBe(true);
    expect(rule.anchors.join("")).toMatch(/^[\x20-\x7e]+$/);
    expect(rule.source).toMatch(/^https:/);
  });

  test("repeats nothing without a bound, so that no text can make it slow", () => {
    expect(rule.pattern.source.replace(/\\.|\[(?:\\.|[^\]])*\]/g, "x")).not.toMatch(/[*+]|\{\d+,\}/);
  });
});

test("rule names are unique", () => {
  const names = TOKEN_RULES.map(({ name }) => name);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test("an identifier of capitals is found though chance made it look like a word", () => {
  const identifier = `AK${"IA"}SSXEAAAXOUVOOPVS`;
  expect(redact(`deployed as ${identifier}.`)).toBe("deployed as [REDACTED:aws-access-key#1].");
});
