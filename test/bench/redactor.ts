/**
 * How much the redactor finds, how little it touches, and what it costs.
 *
 *     node --conditions=@spoor/source test/bench/redactor.ts [corpus.jsonl[.gz]] [--misses]
 *     node --conditions=@spoor/source test/bench/redactor.ts --files <folder>
 *     node --conditions=@spoor/source test/bench/redactor.ts --speed [<folder of transcripts>]
 *
 * Recall: labelled values of which no whole copy is left. Strict: of which no 16-character part (of short values: no
 * half) is left. Negatives: texts without secrets that come through byte-identical.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { createRedactor, findSecrets, redact } from "@spoor/redactor";

interface Labelled {
  readonly rule: string;
  readonly text: string;
  readonly secrets: readonly string[];
  readonly negative: boolean;
  readonly source: string;
}

interface Score {
  values: number;
  gone: number;
  strictlyGone: number;
  negatives: number;
  untouched: number;
}

const options = new Set(process.argv.slice(2));
const path = process.argv.slice(2).find((argument) => !argument.startsWith("--"));

if (options.has("--files")) scanFiles(path ?? "node_modules/.pnpm");
else if (options.has("--speed")) measureSpeed(path);
else scoreCorpus(path ?? "fixtures/secrets/train.jsonl.gz", options.has("--misses"));

function scoreCorpus(corpus: string, showMisses: boolean): void {
  const byGroup = new Map<string, Score>();
  const all = emptyScore();
  for (const record of readLabelled(corpus)) {
    const output = redact(record.text);
    const missed = score(record, output, [
      scoreOf(byGroup, record.rule.split("/")[0]!),
      scoreOf(byGroup, record.source),
      all,
    ]);
    if (missed && showMisses)
      console.log(`${record.rule} ${record.source}\n  ${clip(record.text)}\n  ${clip(output)}`);
  }
  console.log("family / carrier          values  recall  strict   negatives  untouched");
  for (const [name, group] of [...byGroup, ["all", all] as const]) printScore(name, group);
}

function readLabelled(corpus: string): Labelled[] {
  const bytes = readFileSync(corpus);
  const lines = (corpus.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Labelled);
}

/** Adds a record to the scores; true if anything of it went wrong. */
function score(record: Labelled, output: string, scores: readonly Score[]): boolean {
  if (record.negative) {
    const untouched = output === record.text;
    for (const group of scores) {
      group.negatives++;
      if (untouched) group.untouched++;
    }
    return !untouched;
  }
  let missed = false;
  for (const secret of record.secrets) {
    const gone = !output.includes(secret);
    const strictly = gone && !leavesPart(output, secret);
    for (const group of scores) {
      group.values++;
      if (gone) group.gone++;
      if (strictly) group.strictlyGone++;
    }
    missed ||= !strictly;
  }
  return missed;
}

function leavesPart(output: string, secret: string): boolean {
  const size = Math.min(16, Math.ceil(secret.length / 2));
  for (let i = 0; i + size <= secret.length; i++) if (output.includes(secret.slice(i, i + size))) return true;
  return false;
}

/** Everything found in other people's files: mostly what should not have been. */
function scanFiles(folder: string): void {
  const found = new Map<string, string>();
  let characters = 0;
  for (const file of filesUnder(folder)) {
    const text = readFileSync(file, "utf8");
    characters += text.length;
    for (const { rule, start, end } of findSecrets(text)) {
      const before = JSON.stringify(text.slice(Math.max(0, start - 50), start));
      found.set(
        text.slice(start, end),
        `${rule.padEnd(18)} ${before} ${clip(text.slice(start, end))} ${file}`,
      );
    }
  }
  for (const line of found.values()) console.log(line);
  console.log(`${found.size} different strings in ${(characters / 1e6).toFixed(1)} M characters`);
}

function* filesUnder(folder: string): Generator<string, void, undefined> {
  const readable = /\.(?:md|ts|mjs|js|jsonl?|ya?ml|py|c|h|sh|go|rs|toml|txt|html)$/;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const child = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(child);
    else if (entry.isFile() && readable.test(entry.name)) yield child;
  }
}

/** Median CPU of interleaved rounds, in multiples of JSON's own work on the same values. */
function measureSpeed(transcripts: string | undefined): void {
  const redactor = createRedactor({ env: process.env });
  const prose = readFileSync("packages/trace/src/fold-trace.ts", "utf8") + readFileSync("LICENSE", "utf8");
  for (const length of [500, 5000, 50_000]) {
    const records = Array.from({ length: 50 }, (_, i) =>
      recordOf(prose.repeat(10).slice(i * 7, i * 7 + length)),
    );
    compare(
      `${length} characters, to JSON.stringify`,
      Math.round(4e6 / length / 50),
      records,
      JSON.stringify,
      (record) => redactor.redactValue(record),
    );
  }
  if (transcripts === undefined) return;
  const lines = [...filesUnder(transcripts)]
    .flatMap((file) => readFileSync(file, "utf8").split("\n"))
    .filter((line) => line.startsWith("{") && line.endsWith("}"));
  const values = lines.map((line) => JSON.parse(line) as unknown);
  compare(
    `${lines.length} transcript lines, to JSON.parse + JSON.stringify`,
    1,
    lines.map((line, i) => ({ line, value: values[i] })),
    ({ line }) => JSON.stringify(JSON.parse(line)),
    ({ value }) => redactor.redactValue(value),
  );
}

function recordOf(result: string): unknown {
  // Through JSON once: the strings of a parsed record are flat, slices of a larger one would be slower to read.
  return JSON.parse(JSON.stringify({ v: 1, type: "tool_result", seq: 5, name: "Bash", content: { result } }));
}

function compare<T>(
  title: string,
  repeats: number,
  values: readonly T[],
  base: (value: T) => unknown,
  measured: (value: T) => unknown,
): void {
  const cost = { base: [] as number[], measured: [] as number[] };
  for (let round = 0; round < 11; round++) {
    cost.base.push(cpuOf(repeats, values, base));
    cost.measured.push(cpuOf(repeats, values, measured));
  }
  const calls = repeats * values.length;
  const [a, b] = [median(cost.base) / calls, median(cost.measured) / calls];
  console.log(`${title}: ${b.toFixed(2)} µs to ${a.toFixed(2)} µs of CPU, ratio ${(b / a).toFixed(2)}`);
}

function cpuOf<T>(repeats: number, values: readonly T[], work: (value: T) => unknown): number {
  const before = process.cpuUsage();
  for (let i = 0; i < repeats; i++) for (const value of values) work(value);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;
}

function clip(text: string): string {
  return JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}…` : text);
}

function scoreOf(scores: Map<string, Score>, name: string): Score {
  const group = scores.get(name) ?? emptyScore();
  scores.set(name, group);
  return group;
}

function emptyScore(): Score {
  return { values: 0, gone: 0, strictlyGone: 0, negatives: 0, untouched: 0 };
}

function printScore(name: string, { values, gone, strictlyGone, negatives, untouched }: Score): void {
  const percent = (part: number, whole: number): string =>
    whole === 0 ? "-" : `${((100 * part) / whole).toFixed(1)} %`;
  console.log(
    name.padEnd(24),
    String(values).padStart(7),
    percent(gone, values).padStart(8),
    percent(strictlyGone, values).padStart(8),
    String(negatives).padStart(10),
    percent(untouched, negatives).padStart(10),
  );
}
