import { describe, expect, test } from "vitest";
import { asCount, asNumber, asText, asTime, at, present } from "../src/json.ts";

describe("a time", () => {
  test.each([
    ["2026-11-20T14:40:51.196Z", "2026-11-20T14:40:51.196Z"],
    ["2026-11-20T14:40:51Z", "2026-11-20T14:40:51.000Z"],
    ["2026-11-20T14:40:51.196482Z", "2026-11-20T14:40:51.196Z"],
    ["2026-11-20T16:40:51+02:00", "2026-11-20T14:40:51.000Z"],
    // Without a zone: UTC, wherever the file is read.
    ["2026-11-20T14:40:51.196", "2026-11-20T14:40:51.196Z"],
    [1_795_185_651_196, "2026-11-20T14:40:51.196Z"],
    [0, "1970-01-01T00:00:00.000Z"],
  ])("%s is %s", (value, expected) => {
    expect(asTime(value)).toBe(expected);
  });

  test.each([
    "2026-11-20",
    "20 November 2026",
    "9999-99-99T00:00:00Z",
    "2026-11-20T",
    "",
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e300,
    null,
    {},
    ["2026-11-20T14:40:51Z"],
  ])("%j is none", (value) => {
    expect(asTime(value)).toBeUndefined();
  });
});

test("a path into an object sees own keys only", () => {
  expect(at({ a: { b: 1 } }, "a", "b")).toBe(1);
  expect(at({ a: [1] }, "a", "0")).toBeUndefined();
  expect(at({}, "constructor")).toBeUndefined();
  expect(at(null, "a")).toBeUndefined();
  expect(at(JSON.parse('{"__proto__":{"a":1}}'), "a")).toBeUndefined();
});

test("numbers and texts are what they are, and nothing else", () => {
  expect([asCount(3), asCount(0), asCount(-1), asCount(1.5), asCount("3"), asCount(2 ** 53)]).toEqual([
    3,
    0,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect([asNumber(1.5), asNumber(Number.NaN), asNumber("1")]).toEqual([1.5, undefined, undefined]);
  expect([asText("a"), asText(""), asText(1)]).toEqual(["a", undefined, undefined]);
});

test("what is undefined is absent", () => {
  expect(Object.keys(present({ a: 1, b: undefined, c: null }))).toEqual(["a", "c"]);
});
