/** A table of which each column is as wide as its widest cell, and the last one takes what is left. */

import type { Line, Style } from "./screen.ts";
import { styled } from "./screen.ts";
import { displayWidth, padTo } from "./width.ts";
import { visible } from "./visible.ts";

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly style?: (row: Row) => Style | undefined;
  /** @default "left" */
  readonly align?: "left" | "right";
  /** Left out, highest number first, when the terminal is too narrow for all. @default never left out */
  readonly dispensable?: number;
}

const GAP = "  ";

/** Columns that have nothing to say in any row are left out. */
export function tableLines<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  terminalColumns: number,
): Line[] {
  const filled = columns
    .map((column) => measure(column, rows))
    .filter(({ cells }) => cells.some((cell) => cell !== ""));
  const shown = fitting(filled, terminalColumns);
  const last = shown.length - 1;
  const line = (
    textOf: (one: Measured<Row>) => string,
    styleOf: (one: Measured<Row>) => Style | undefined,
  ): Line =>
    shown.flatMap((one, index) => {
      const { align = "left" } = one.column;
      const text = index === last && align === "left" ? textOf(one) : padTo(textOf(one), one.width, align);
      return [styled(text, styleOf(one)), ...(index === last ? [] : [GAP])];
    });
  return [
    line(
      ({ column }) => column.title,
      () => "dim",
    ),
    ...rows.map((row, index) =>
      line(
        ({ cells }) => cells[index] ?? "",
        ({ column }) => column.style?.(row),
      ),
    ),
  ];
}

interface Measured<Row> {
  column: Column<Row>;
  cells: string[];
  width: number;
}

function measure<Row>(column: Column<Row>, rows: readonly Row[]): Measured<Row> {
  const cells = rows.map((row) => visible(column.cell(row)));
  const width = cells.reduce((most, cell) => Math.max(most, displayWidth(cell)), column.title.length);
  return { column, cells, width };
}

function fitting<Row>(columns: Measured<Row>[], terminalColumns: number): Measured<Row>[] {
  const width = columns.reduce((sum, column) => sum + column.width + GAP.length, -GAP.length);
  if (width <= terminalColumns) return columns;
  const first = columns.reduce<Measured<Row> | undefined>(
    (most, one) => ((one.column.dispensable ?? 0) > (most?.column.dispensable ?? 0) ? one : most),
    undefined,
  );
  return first === undefined
    ? columns
    : fitting(
        columns.filter((one) => one !== first),
        terminalColumns,
      );
}
