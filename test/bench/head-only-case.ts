/**
 * One case of head-only.ts in a process of its own: reads every file of a folder and prints its CPU time in µs,
 * the start of Node left out, and what it found, which must be the same in each case.
 */

import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { readEntries } from "@spoor/trace";

const NEWLINE = 0x0a;
/** As in read-entries.ts, so that the cases differ only in what they do with a line. */
const CHUNK_BYTES = 128 * 1024;

const [, , name = "", folder = ""] = process.argv;

let lines = 0;
let outputTokens = 0;

function count(record: { type: string; usage?: { output_tokens?: number } }): void {
  lines++;
  if (record.type === "completion") outputTokens += record.usage?.output_tokens ?? 0;
}

const readers: Record<string, (path: string) => void> = {
  heads(path) {
    for (const entry of readEntries(path, { headOnly: true }))
      if (entry.kind === "record") count(entry.record as Parameters<typeof count>[0]);
  },
  full(path) {
    for (const entry of readEntries(path))
      if (entry.kind === "record") count(entry.record as Parameters<typeof count>[0]);
  },
  scan(path) {
    scanLines(path, () => lines++);
  },
  parse(path) {
    scanLines(path, (chunk, from, to) =>
      count(JSON.parse(chunk.toString("utf8", from, to)) as Parameters<typeof count>[0]),
    );
  },
};

function scanLines(path: string, onLine: (chunk: Buffer, from: number, to: number) => void): void {
  const descriptor = openSync(path, "r");
  let buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let filled = 0;
  for (;;) {
    if (filled === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2);
    const read = readSync(descriptor, buffer, filled, buffer.length - filled, null);
    if (read === 0) break;
    const chunk = buffer.subarray(0, filled + read);
    let from = 0;
    for (let to = chunk.indexOf(NEWLINE, filled); to !== -1; to = chunk.indexOf(NEWLINE, from)) {
      onLine(chunk, from, to);
      from = to + 1;
    }
    buffer.copyWithin(0, from, chunk.length);
    filled = chunk.length - from;
  }
  closeSync(descriptor);
}

const read = readers[name];
if (read === undefined)
  throw new Error(`no case "${name}"; expected one of ${Object.keys(readers).join(", ")}`);
const before = process.cpuUsage();
for (const file of readdirSync(folder)) read(join(folder, file));
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ cpuUs: user + system, lines, outputTokens }));
