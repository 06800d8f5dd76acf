/**
 * Writes for people. Every line passes `visible`, is cut to the terminal's width and gets its colours here, so
 * that nothing a trace says reaches the terminal any other way.
 */

import { styleText } from "node:util";
import type { Output } from "../io.ts";
import { cutToWidth, displayWidth } from "./width.ts";
import { visible } from "./visible.ts";

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";
/** A text, or one in a style. */
export type Piece = string | { readonly text: string; readonly style: Style | undefined };
export type Line = readonly Piece[];

export interface Look {
  /** Lines are cut to so many columns. Infinity where nobody's terminal has to hold them. */
  readonly columns: number;
  readonly colour: boolean;
}

/** Lines gathered before they are written, in UTF-16 units: ten thousand lines need not be as many calls. */
const BATCH = 16 * 1024;

/** Colour only on a terminal that has any, and not against the user's wish (https://no-color.org). */
export function lookOf(output: Output, env: Readonly<NodeJS.ProcessEnv>): Look {
  if (!output.isTTY) return { columns: Infinity, colour: false };
  return { columns: output.columns, colour: !env["NO_COLOR"] && env["TERM"] !== "dumb" };
}

export function styled(text: string, style: Style | undefined): Piece {
  return { text, style };
}

/** Writes lines, cut to the width of the terminal. */
export function printLines(lines: Iterable<Line>, output: Output, look: Look): void {
  let batch = "";
  for (const line of lines) {
    batch += `${renderLine(line, look)}\n`;
    if (batch.length < BATCH) continue;
    output.write(batch);
    batch = "";
  }
  if (batch !== "") output.write(batch);
}

export function renderLine(line: Line, { columns, colour }: Look): string {
  let room = columns;
  let rendered = "";
  for (const piece of line) {
    if (room <= 0) break;
    const { text, style } = typeof piece === "string" ? { text: piece, style: undefined } : piece;
    const shown = cutToWidth(visible(text), room);
    room -= displayWidth(shown);
    rendered +=
      colour && style !== undefined && shown !== ""
        ? styleText(style, shown, { validateStream: false })
        : shown;
  }
  return rendered.trimEnd();
}

/** The lines of a text of many, for `printLines`. */
export function linesOf(text: string, style?: Style): Line[] {
  return text.split(/\r?\n/).map((line) => [styled(line, style)]);
}
