import * as fc from "fast-check";
import { expect, test } from "vitest";
import { LineSplitter } from "../src/line-splitter.ts";

test("lines come out the same however the bytes are cut, also within a character", () => {
  const lines = fc.array(fc.string({ unit: "binary" }).map((text) => text.replaceAll("\n", "")));
  fc.assert(
    fc.property(lines, fc.string(), fc.array(fc.nat(64)), (whole, tail, cuts) => {
      const last = tail.replaceAll("\n", "");
      const bytes = Buffer.from([...whole, last].join("\n"));
      const splitter = new LineSplitter();
      const found: string[] = [];
      let from = 0;
      for (const cut of cuts) {
        const chunk = Buffer.from(bytes.subarray(from, from + cut));
        found.push(...splitter.push(chunk));
        chunk.fill(0); // whoever gave it may use it again
        from += cut;
      }
      found.push(...splitter.push(bytes.subarray(from)), ...splitter.end());
      expect(found).toEqual(
        [...whole, ...(last === "" ? [] : [last])].map((line) => Buffer.from(line).toString()),
      );
      expect(splitter.lost).toBe(0);
    }),
  );
});

test("a line that is longer than any event is let go and counted, and the next one is whole", () => {
  const splitter = new LineSplitter();
  const megabyte = Buffer.alloc(1024 * 1024, "x");
  for (let n = 0; n < 65; n++) expect(splitter.push(megabyte)).toEqual([]);
  expect(splitter.push(Buffer.from("x\nnext\n"))).toEqual(["next"]);
  expect(splitter.lost).toBe(1);
  expect(splitter.end()).toEqual([]);
});
