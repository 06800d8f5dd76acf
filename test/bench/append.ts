/**
 * What it costs to append one record, as CPU time relative to the least that any crash-safe log does:
 * `JSON.stringify` and one `writeSync`. Redaction is off. Beside it pino with a synchronous destination.
 *
 * Every case runs in a process of its own, in interleaved rounds; the median counts. Run alone, after a build:
 * `node test/bench/append.ts [--quick]`.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "./process-cost.ts";

const MOST_OF_FLOOR = 1.3;
const MOST_OF_PINO = 1;
const ROUNDS = 9;

/** Whole records of about these sizes: 330 bytes of head and the rest content. */
const SIZES = [
  { name: "0.5 KB", contentBytes: 170, count: 40_000 },
  { name: "5 KB", contentBytes: 4600, count: 15_000 },
  { name: "50 KB", contentBytes: 48_000, count: 2500 },
];
const CASES = ["floor", "spoor", "pino"] as const;

export interface AppendFigure {
  readonly size: string;
  /** CPU per record. */
  readonly cpuUs: Readonly<Record<(typeof CASES)[number], number>>;
  readonly ofFloor: number;
  readonly ofPino: number;
}

/** @param share Of the usual number of records. */
export function measureAppend(share = 1): AppendFigure[] {
  const folder = mkdtempSync(join(tmpdir(), "append-"));
  try {
    return SIZES.map(({ name: size, contentBytes, count }) => {
      const costs = { floor: [] as number[], spoor: [] as number[], pino: [] as number[] };
      for (let round = 0; round < ROUNDS; round++) {
        for (const name of CASES) {
          const scratch = mkdtempSync(join(folder, "round-"));
          costs[name].push(appendCost(name, scratch, contentBytes, Math.round(count * share)));
          rmSync(scratch, { recursive: true });
        }
      }
      const cpuUs = { floor: median(costs.floor), spoor: median(costs.spoor), pino: median(costs.pino) };
      return { size, cpuUs, ofFloor: cpuUs.spoor / cpuUs.floor, ofPino: cpuUs.spoor / cpuUs.pino };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function appendCost(name: string, folder: string, contentBytes: number, count: number): number {
  const script = join(import.meta.dirname, "append-case.ts");
  const args = [...process.execArgv, script, name, folder, String(contentBytes), String(count)];
  return Number(execFileSync(process.execPath, args, { encoding: "utf8" }));
}

if (import.meta.main) {
  const figures = measureAppend(process.argv.includes("--quick") ? 0.3 : 1);
  const holds = ({ ofFloor, ofPino }: AppendFigure): boolean =>
    ofFloor <= MOST_OF_FLOOR && ofPino <= MOST_OF_PINO;
  console.table(
    figures.map((figure) => ({
      record: figure.size,
      "floor µs": figure.cpuUs.floor.toFixed(2),
      "spoor µs": figure.cpuUs.spoor.toFixed(2),
      "pino µs": figure.cpuUs.pino.toFixed(2),
      [`of floor (≤ ${MOST_OF_FLOOR})`]: figure.ofFloor.toFixed(2),
      [`of pino (≤ ${MOST_OF_PINO})`]: figure.ofPino.toFixed(2),
      verdict: holds(figure) ? "holds" : "BROKEN",
    })),
  );
  if (!figures.every(holds)) process.exitCode = 1;
}
