import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readSource } from "../src/read-source.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spoor-source-"));
  path = join(folder, "source.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What a file of these bytes is read as: each line by its number, and its value or why it has none. */
function read(bytes: string | Buffer): unknown[] {
  writeFileSync(path, bytes);
  return [...readSource(path).lines].map((line) => [
    line.line,
    line.kind === "object" ? line.value : line.kind,
  ]);
}

describe("JSON lines", () => {
  test.each([
    [
      "are read with their numbers, blank ones counted",
      '{"a":1}\n\n{"a":2}\n',
      [
        [1, { a: 1 }],
        [3, { a: 2 }],
      ],
    ],
    [
      "may end in carriage returns",
      '{"a":1}\r\n{"a":2}\r\n',
      [
        [1, { a: 1 }],
        [2, { a: 2 }],
      ],
    ],
    ["may begin with a byte order mark", '\uFEFF{"a":1}\n', [[1, { a: 1 }]]],
    [
      "may hold the zeros of a power cut",
      `{"a":1}\n${"\0".repeat(9)}\n{"a":2}\n`,
      [
        [1, { a: 1 }],
        [3, { a: 2 }],
      ],
    ],
    [
      "may lack the last newline",
      '{"a":1}\n{"a":2}',
      [
        [1, { a: 1 }],
        [2, { a: 2 }],
      ],
    ],
    [
      "may be cut in the last line",
      '{"a":1}\n{"a":',
      [
        [1, { a: 1 }],
        [2, "torn"],
      ],
    ],
    ["may be cut in the only line", '{"a":', [[1, "torn"]]],
    [
      "may have others among them",
      '{"a":1}\nnonsense\n7\n{"a":2}\n',
      [
        [1, { a: 1 }],
        [2, "malformed"],
        [3, "malformed"],
        [4, { a: 2 }],
      ],
    ],
    ["may be none at all", "", []],
  ])("%s", (_, text, lines) => {
    expect(read(text)).toEqual(lines);
  });

  test("may be cut within a character", () => {
    const whole = Buffer.from('{"a":"é"}\n{"a":"é"}\n');
    expect(read(whole.subarray(0, -5))).toEqual([
      [1, { a: "é" }],
      [2, "torn"],
    ]);
  });
});

describe("a document", () => {
  test.each([
    [
      "that is an array is its elements",
      '[{"a":1},\n 7,\n {"a":2}]',
      [
        [1, { a: 1 }],
        [2, "malformed"],
        [3, { a: 2 }],
      ],
    ],
    ["that is an object over several lines is that object", '{\n "a": 1\n}\n', [[1, { a: 1 }]]],
  ])("%s", (_, text, lines) => {
    expect(read(text)).toEqual(lines);
  });
});

test("a source tells its size and when it was last changed", () => {
  read('{"a":1}\n');
  utimesSync(path, 1_700_000_000, 1_700_000_000);
  expect(readSource(path)).toMatchObject({ bytes: 8, modifiedMs: 1_700_000_000_000 });
});

test("a file that is not there is the reader's to handle", () => {
  expect(() => readSource(join(folder, "none"))).toThrow(/ENOENT/);
});
