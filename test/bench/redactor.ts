/**
 * How much the redactor finds: `node --conditions=@spoor/source test/bench/redactor.ts [corpus.jsonl[.gz]] [--misses]`.
 *
 * Recall: labelled values of which no whole copy is left. Strict: of which no 16-character part (of short values: no
 * half) is left. Negatives: texts without secrets that come through byte-identical.
 */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { redact } from "@spoor/redactor";

interface Labelled {
  readonly id: string;
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

const showMisses = process.argv.includes("--misses");
const path =
  process.argv.slice(2).find((argument) => !argument.startsWith("--")) ?? "fixtures/secrets/train.jsonl.gz";

const bytes = readFileSync(path);
const records = (path.endsWith(".gz") ? gunzipSync(bytes) : bytes)
  .toString("utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as Labelled);

const byFamily = new Map<string, Score>();
const bySource = new Map<string, Score>();
const all = emptyScore();
for (const record of records) {
  const output = redact(record.text);
  const scores = [all, scoreOf(byFamily, record.rule.split("/")[0]!), scoreOf(bySource, record.source)];
  if (record.negative) {
    const untouched = output === record.text;
    for (const score of scores) {
      score.negatives++;
      if (untouched) score.untouched++;
    }
    if (!untouched && showMisses)
      console.log(`touched ${record.rule}\n  ${clip(record.text)}\n  ${clip(output)}`);
    continue;
  }
  for (const secret of record.secrets) {
    const gone = !output.includes(secret);
    const strict = gone && !leavesPart(output, secret);
    for (const score of scores) {
      score.values++;
      if (gone) score.gone++;
      if (strict) score.strictlyGone++;
    }
    if (!strict && showMisses)
      console.log(
        `${gone ? "partly" : "missed"} ${record.rule} ${record.source}\n  ${clip(record.text)}\n  ${clip(output)}`,
      );
  }
}

console.log("family / carrier          values  recall  strict   negatives  untouched");
for (const [name, score] of [...byFamily, ...bySource]) print(name, score);
print("all", all);

function leavesPart(output: string, secret: string): boolean {
  const size = Math.min(16, Math.ceil(secret.length / 2));
  for (let i = 0; i + size <= secret.length; i++) if (output.includes(secret.slice(i, i + size))) return true;
  return false;
}

function clip(text: string): string {
  return JSON.stringify(text.length > 400 ? `${text.slice(0, 400)}…` : text);
}

function scoreOf(scores: Map<string, Score>, name: string): Score {
  const score = scores.get(name) ?? emptyScore();
  scores.set(name, score);
  return score;
}

function emptyScore(): Score {
  return { values: 0, gone: 0, strictlyGone: 0, negatives: 0, untouched: 0 };
}

function print(name: string, { values, gone, strictlyGone, negatives, untouched }: Score): void {
  const percent = (part: number, whole: number): string =>
    whole === 0 ? "-" : `${((100 * part) / whole).toFixed(1)} %`;
  console.log(
    [
      name.padEnd(24),
      String(values).padStart(7),
      percent(gone, values).padStart(8),
      percent(strictlyGone, values).padStart(8),
      String(negatives).padStart(10),
      percent(untouched, negatives).padStart(10),
    ].join(" "),
  );
}
