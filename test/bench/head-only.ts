/**
 * What it costs to read a gigabyte of traces by their heads, as CPU time relative to a newline scan and
 * JSON.parse of whole lines. Beside it the newline scan alone, `cat`, and reading in full.
 *
 * Every case runs in a process of its own, in interleaved rounds over files in the page cache; the median
 * counts. Run alone, after a build: `node test/bench/head-only.ts [--quick]`.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Corpus, makeCorpus } from "./make-trace.ts";
import { median } from "./process-cost.ts";

const CORPORA = [
  { name: "1.3 kB", meanRecordBytes: 1300, limit: 0.4 },
  { name: "5.5 kB", meanRecordBytes: 5500, limit: 0.25 },
];
const CASES = ["cat", "scan", "heads", "full", "parse"] as const;
type Case = (typeof CASES)[number];
const ROUNDS = 9;

export interface HeadOnlyFigure {
  readonly corpus: string;
  readonly made: Corpus;
  /** CPU over the whole corpus. */
  readonly cpuMs: Readonly<Record<Case, number>>;
  /** CPU of reading heads relative to parsing whole lines. */
  readonly ratio: number;
  readonly limit: number;
}

/** @param bytes Size of each corpus; they lie in a temporary folder while they are measured. */
export function measureHeadOnly(bytes = 1e9): HeadOnlyFigure[] {
  return CORPORA.map(({ name: corpus, meanRecordBytes, limit }) => {
    const folder = mkdtempSync(join(tmpdir(), "head-only-"));
    try {
      const made = makeCorpus({ folder, bytes, meanRecordBytes });
      const costs = new Map<Case, number[]>(CASES.map((name) => [name, []]));
      const found = new Set<string>();
      for (let round = 0; round < ROUNDS; round++) {
        for (const name of CASES) {
          const cost = name === "cat" ? catCost(folder) : readCost(name, folder);
          costs.get(name)?.push(cost.cpuUs / 1000);
          if (cost.outputTokens > 0) found.add(`${cost.lines} lines, ${cost.outputTokens} tokens`);
        }
      }
      if (found.size !== 1) throw new Error(`the cases found different things: ${[...found].join("; ")}`);
      const cpuMs = Object.fromEntries(
        CASES.map((name) => [name, median(costs.get(name) ?? [])]),
      ) as HeadOnlyFigure["cpuMs"];
      return { corpus, made, cpuMs, ratio: cpuMs.heads / cpuMs.parse, limit };
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

interface ReadCost {
  readonly cpuUs: number;
  readonly lines: number;
  readonly outputTokens: number;
}

function readCost(name: string, folder: string): ReadCost {
  const args = [...process.execArgv, join(import.meta.dirname, "head-only-case.ts"), name, folder];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as ReadCost;
}

/** The shell's `times` prints its own CPU time, then its children's: `0m0.010s 0m0.104s`. */
function catCost(folder: string): ReadCost {
  const script = 'cat "$1"/* > /dev/null; times';
  const [, children = ""] = execFileSync("sh", ["-c", script, "sh", folder], { encoding: "utf8" }).split(
    "\n",
  );
  const seconds = [...children.matchAll(/(\d+)m([\d.]+)s/g)].map(([, m, s]) => Number(m) * 60 + Number(s));
  return { cpuUs: seconds.reduce((sum, one) => sum + one, 0) * 1e6, lines: 0, outputTokens: 0 };
}

if (import.meta.main) {
  const figures = measureHeadOnly(process.argv.includes("--quick") ? 3e8 : 1e9);
  for (const { corpus, made, cpuMs, ratio, limit } of figures) {
    const record = (made.bytes / made.records).toFixed(0);
    const head = (made.headBytes / made.records).toFixed(0);
    console.log(
      `${corpus}: ${made.files.length} files, ${(made.bytes / 1e6).toFixed(0)} MB, ${made.records} records of ${record} bytes, ${head} of them head`,
    );
    console.table(
      CASES.map((name) => ({
        case: { parse: "scan + JSON.parse", scan: "newline scan" }[name as string] ?? name,
        "CPU ms": cpuMs[name].toFixed(0),
        "µs / record": ((cpuMs[name] * 1000) / made.records).toFixed(2),
        ratio: (cpuMs[name] / cpuMs.parse).toFixed(3),
        limit: name === "heads" ? limit : "",
        verdict: name !== "heads" ? "" : ratio <= limit ? "holds" : "BROKEN",
      })),
    );
  }
  if (figures.some(({ ratio, limit }) => ratio > limit)) process.exitCode = 1;
}
