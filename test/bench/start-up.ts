/**
 * What it costs to start `spoor`, as CPU time relative to `node` with an empty program.
 *
 * Rounds are interleaved, so that a busy machine is busy for all; the median of each case counts. Run alone:
 * `node test/bench/start-up.ts [rounds]`, after a build.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median, processCost } from "./process-cost.ts";

const modules = join(import.meta.dirname, "../../node_modules");
const node = join(modules, "node/bin/node");
const spoor = join(modules, ".bin/spoor");

export interface StartUpFigure {
  readonly name: string;
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly maxRssMb: number;
  /** CPU relative to the empty program. */
  readonly ratio: number;
  /** The ratio it must not exceed. @default no limit: shown for comparison */
  readonly limit?: number;
}

/** Measures every case `rounds` times. */
export async function measureStartUp(rounds = 21): Promise<StartUpFigure[]> {
  const folder = mkdtempSync(join(tmpdir(), "start-up-"));
  const empty = join(folder, "empty.cjs");
  writeFileSync(empty, "");
  // Without repository and agents: what a start costs, not what there happens to be in somebody's home.
  const home = ["env", `HOME=${folder}`, `SPOOR_DIR=${join(folder, "spoor")}`];
  const cases: { name: string; command: string[]; limit?: number }[] = [
    { name: "node empty.cjs", command: [...home, node, empty] },
    { name: "sh -c 'exec node empty.cjs'", command: [...home, "sh", "-c", 'exec "$@"', "sh", node, empty] },
    { name: "spoor --version", command: [...home, spoor, "--version"], limit: 1.3 },
    { name: "spoor record -- true", command: [...home, spoor, "record", "--", "true"], limit: 1.5 },
  ];
  const costs = cases.map(() => [] as Awaited<ReturnType<typeof processCost>>[]);
  try {
    for (let round = 0; round < rounds + 1; round++) {
      for (const [index, { command }] of cases.entries()) {
        const cost = await processCost({ command });
        if (round > 0) costs[index]?.push(cost); // the first fills the page cache
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const cpuMs = costs.map((of) => median(of.map((cost) => cost.cpuUs)) / 1000);
  return cases.map(({ name, limit }, index) => ({
    name,
    cpuMs: cpuMs[index] ?? Number.NaN,
    wallMs: median((costs[index] ?? []).map((cost) => cost.wallMs)),
    maxRssMb: median((costs[index] ?? []).map((cost) => cost.maxRssKb)) / 1024,
    ratio: (cpuMs[index] ?? Number.NaN) / (cpuMs[0] ?? Number.NaN),
    ...(limit !== undefined && { limit }),
  }));
}

if (import.meta.main) {
  const figures = await measureStartUp(Number(process.argv[2] ?? 21));
  console.table(
    figures.map(({ name, cpuMs, wallMs, maxRssMb, ratio, limit }) => ({
      name,
      "CPU ms": cpuMs.toFixed(1),
      "wall ms": wallMs.toFixed(1),
      "max RSS MB": maxRssMb.toFixed(0),
      ratio: ratio.toFixed(2),
      limit: limit ?? "",
      verdict: limit === undefined ? "" : ratio <= limit ? "holds" : "BROKEN",
    })),
  );
  if (figures.some(({ ratio, limit = Infinity }) => ratio > limit)) process.exitCode = 1;
}
