import { expect, test } from "vitest";
import { renderLine } from "../../src/terminal/screen.ts";
import { type Column, tableLines } from "../../src/terminal/table.ts";

interface Row {
  name: string;
  size: number;
  note?: string;
}
const COLUMNS: Column<Row>[] = [
  { title: "name", cell: ({ name }) => name },
  { title: "size", align: "right", cell: ({ size }) => String(size), dispensable: 2 },
  { title: "note", cell: ({ note }) => note ?? "", dispensable: 1 },
];

const draw = (rows: Row[], columns: number): string =>
  `\n${tableLines(rows, COLUMNS, columns)
    .map((line) => renderLine(line, { columns, colour: false }))
    .join("\n")}\n`;

test("columns are as wide as their widest cell, wide characters counted as two", () => {
  const rows = [
    { name: "日本", size: 5, note: "first" },
    { name: "a", size: 12_345, note: "second\u001b[31m" },
  ];
  expect(draw(rows, 80)).toMatchInlineSnapshot(`
    "
    name   size  note
    日本      5  first
    a     12345  second␛[31m
    "
  `);
});

test("a column without any word is left out", () => {
  expect(draw([{ name: "a", size: 1 }], 80)).toMatchInlineSnapshot(`
    "
    name  size
    a        1
    "
  `);
});

test("where the terminal is too narrow, the column one misses least goes first", () => {
  const rows = [{ name: "a-long-name", size: 1, note: "note" }];
  expect(draw(rows, 18)).toMatchInlineSnapshot(`
    "
    name         note
    a-long-name  note
    "
  `);
  expect(draw(rows, 8)).toMatchInlineSnapshot(`
    "
    name
    a-long-…
    "
  `);
});
