/** JSON of what a trace holds. Our writers nest no deeper than the format allows; a hostile file may nest without end. */

import type { Output } from "./io.ts";

/** As deep as the format goes (docs/trace-format.md, "Limits"), and the levels that our own shapes put around it. */
const DEEPEST = 220;

/** @param indent Spaces per level; without it all is one line. */
export function jsonText(value: unknown, indent?: number): string {
  try {
    return JSON.stringify(value, undefined, indent);
  } catch (error) {
    // The engine's own way down ended: its stack is full.
    if (!(error instanceof RangeError)) throw error;
    return JSON.stringify(cutBelow(value, DEEPEST), undefined, indent);
  }
}

function cutBelow(value: unknown, levels: number): unknown {
  if (value === null || typeof value !== "object") return value;
  if (levels === 0) return "…[spoor: nested too deep]…";
  if (Array.isArray(value)) return value.map((item) => cutBelow(item, levels - 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, cutBelow(item, levels - 1)]));
}

/** Writes `value` as one line of JSON. */
export function writeJson(value: unknown, stdout: Pick<Output, "write">): void {
  stdout.write(`${jsonText(value)}\n`);
}
