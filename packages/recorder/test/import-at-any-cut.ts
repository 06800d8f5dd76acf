/** The property that importing rests on; for fixtures, and for the samples beside the checkout. */

import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect } from "vitest";
import { importConversations, type ImportResult } from "../src/import.ts";
import { foldedView } from "./folded-view.ts";

/**
 * Cuts the source at `cuts` places within lines and at as many between them; imports the part, then the whole,
 * then the whole once more, and compares the folded trace with that of the whole alone.
 */
export function expectAnyPrefixThenWhole(source: string, work: string, cuts: number): void {
  const data = readFileSync(source);
  const file = join(work, basename(source));
  const beside = source.replace(/\.jsonl$/, "");
  mkdirSync(work, { recursive: true });
  if (existsSync(beside)) cpSync(beside, join(work, basename(beside)), { recursive: true });
  const store = (name: string, bytes: Uint8Array): ImportResult => {
    writeFileSync(file, bytes);
    return importConversations([file], { directory: join(work, name), env: {}, home: work, level: "full" });
  };
  const whole = store("whole", data).imported[0];
  expect(whole, "the whole is imported").toBeDefined();
  const expected = foldedView(whole?.path ?? "");

  for (const cut of cutsOf(data, cuts)) {
    const part = store("cut", data.subarray(0, cut));
    const rest = store("cut", data);
    const path = (rest.imported[0] ?? part.imported[0])?.path ?? "";
    expect(foldedView(path), `cut after ${cut} bytes`).toEqual(expected);
    expect(store("cut", data).imported, `a third import after a cut at ${cut} bytes`).toEqual([]);
    rmSync(join(work, "cut"), { recursive: true });
  }
  rmSync(work, { recursive: true });
}

function cutsOf(data: Buffer, count: number): number[] {
  const newlines: number[] = [];
  for (let at = data.indexOf(0x0a); at !== -1; at = data.indexOf(0x0a, at + 1)) newlines.push(at + 1);
  const step = Math.max(1, Math.floor(newlines.length / count));
  const between = newlines.filter((_, index) => index % step === 0);
  const within = Array.from({ length: count }, (_, n) => Math.floor((data.length * (n + 1)) / (count + 1)));
  return [...new Set([...between, ...within])].filter((cut) => cut < data.length);
}
