import { describe, expect, test } from "vitest";
import { parseLine, parseText } from "../src/source-text.ts";

describe("a line", () => {
  test.each(['{"a":1}', '{"a":1}\r', '\uFEFF{"a":1}', '\0\0{"a":1}', '{"a":1}\0\0', ' \0 {"a":1} \0 '])(
    "%j is its object",
    (text) => {
      expect(parseLine(text, 7)).toEqual({ kind: "object", line: 7, value: { a: 1 } });
    },
  );

  test.each(["", " ", "\r", "\0\0\0", "\uFEFF", " \0 \0 "])("%j is nothing", (text) => {
    expect(parseLine(text, 7)).toBeUndefined();
  });

  test.each(["{", '{"a":1', "[1]", "1", '"x"', "null", "hello", '{"a":1}}'])("%j is malformed", (text) => {
    expect(parseLine(text, 7)).toEqual({ kind: "malformed", line: 7 });
  });

  test("nested ten thousand deep is a value like any other, or malformed, but no exception", () => {
    const deep = `{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`;
    expect(parseLine(deep, 1)?.kind).toBe("object");
    expect(parseLine("[".repeat(10_000), 1)?.kind).toBe("malformed");
  });

  test("with a megabyte of blanks inside is read in one pass", () => {
    const blanks = " ".repeat(1_000_000);
    expect(parseLine(JSON.stringify({ a: `${blanks}x` }), 1)).toMatchObject({ value: { a: `${blanks}x` } });
    expect(parseLine(`${"\0 ".repeat(500_000)}{}`, 1)?.kind).toBe("object");
  });
});

describe("a text", () => {
  test("of JSON lines keeps their numbers, blank lines counted", () => {
    expect(parseText('{"a":1}\r\n\r\n{"a":2}\r\nno\r\n{"a":3')).toEqual([
      { kind: "object", line: 1, value: { a: 1 } },
      { kind: "object", line: 3, value: { a: 2 } },
      { kind: "malformed", line: 4 },
      { kind: "malformed", line: 5 },
    ]);
  });

  test("that is one list has its elements as lines", () => {
    expect(parseText('[\n  {"a":1},\n  2,\n  {"a":3}\n]')).toEqual([
      { kind: "object", line: 1, value: { a: 1 } },
      { kind: "malformed", line: 2 },
      { kind: "object", line: 3, value: { a: 3 } },
    ]);
    expect(parseText('[{"a":1},{"a":2}]').map(({ line }) => line)).toEqual([1, 2]);
  });

  test("that is one object, on one line or many, is one line", () => {
    const document = { a: 1, messages: [{ b: 2 }] };
    expect(parseText(JSON.stringify(document, undefined, 2))).toEqual([
      { kind: "object", line: 1, value: document },
    ]);
    expect(parseText(JSON.stringify(document))).toEqual([{ kind: "object", line: 1, value: document }]);
  });

  test("cut in the middle of a document is malformed, line for line, and no exception", () => {
    const text = JSON.stringify({ a: 1, messages: [{ b: 2 }] }, undefined, 2);
    for (let cut = 0; cut < text.length - 1; cut++)
      expect(parseText(text.slice(0, cut)).every(({ kind }) => kind === "malformed")).toBe(true);
  });

  test("that is empty has no lines", () => {
    expect(parseText("")).toEqual([]);
    expect(parseText("\n\n")).toEqual([]);
  });
});
