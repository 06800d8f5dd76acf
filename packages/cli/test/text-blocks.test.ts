import { expect, test } from "vitest";
import { textBlocks } from "../src/text-blocks.ts";

async function blocks(chunks: readonly (Buffer | string)[], length: number): Promise<[number, string][]> {
  const found: [number, string][] = [];
  for await (const { text, firstLine } of textBlocks(chunks, length)) found.push([firstLine, text]);
  return found;
}

const lines = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}\n`).join("");

test("a short text is one block", async () => {
  expect(await blocks(["line 1\nli", "ne 2"], 100)).toEqual([[1, "line 1\nline 2"]]);
  expect(await blocks([], 100)).toEqual([]);
});

test("a long one is cut behind a line, and blocks know their first line", async () => {
  const found = await blocks([lines(1, 3), lines(4, 6), lines(7, 8)], 20);
  expect(found).toEqual([
    [1, lines(1, 3)],
    [4, lines(4, 6)],
    [7, lines(7, 8)],
  ]);
});

test("a line that is longer than a block is not cut", async () => {
  const long = "x".repeat(50);
  expect(await blocks([long, long, "\nrest"], 20)).toEqual([
    [1, `${long}${long}\n`],
    [2, "rest"],
  ]);
});

test("a key is never cut", async () => {
  const key = `-----BEGIN KEY-----\n${"AAAA\n".repeat(10)}-----END KEY-----\n`;
  const found = await blocks([`before\n${key.slice(0, 30)}`, key.slice(30), "after\n"], 20);
  expect(found).toEqual([
    [1, "before\n"],
    [2, key],
    [14, "after\n"],
  ]);
});

test("a character cut in two by a chunk does no harm, and a broken one is replaced", async () => {
  const text = Buffer.from("café\n");
  expect(await blocks([text.subarray(0, 4), text.subarray(4)], 100)).toEqual([[1, "café\n"]]);
  expect(await blocks([Buffer.from([0x61, 0xff])], 100)).toEqual([[1, "a\ufffd"]]);
});
