/**
 * `npm run bench [name …] [--quick]`: every benchmark in a process of its own, one after the other.
 *
 * A benchmark is a file that prints absolute figures with a ratio beside each and exits with 1 when a ratio is
 * beyond its limit; only ratios decide, since absolute figures say as much about the machine. Each can be run
 * alone. Needs a build: what is measured is what is published.
 */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

interface Benchmark {
  readonly name: string;
  readonly what: string;
  /** Arguments for a shorter and less certain run. */
  readonly quick: readonly string[];
}

const BENCHMARKS: readonly Benchmark[] = [
  { name: "start-up", what: "starting spoor, against an empty Node program", quick: ["9"] },
  { name: "pass-through", what: "a gigabyte through a recorded command's stdout", quick: ["100000000"] },
  {
    name: "append",
    what: "appending a record, against JSON.stringify + writeSync and pino",
    quick: ["--quick"],
  },
  { name: "head-only", what: "a gigabyte read by heads, against JSON.parse of lines", quick: ["--quick"] },
];

const names = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const quick = process.argv.includes("--quick");
const unknown = names.filter((name) => !BENCHMARKS.some((one) => one.name === name));
if (unknown.length > 0) {
  const known = BENCHMARKS.map((one) => one.name).join(", ");
  throw new Error(`no benchmark "${unknown.join('", "')}"; expected some of ${known}`);
}
if (!existsSync(join(import.meta.dirname, "../../packages/trace/dist/index.js")))
  throw new Error("packages/trace/dist is missing; run `npm run build` first");

const broken: string[] = [];
for (const { name, what, quick: args } of BENCHMARKS) {
  if (names.length > 0 && !names.includes(name)) continue;
  console.log(`\n${name}: ${what}`);
  const script = join(import.meta.dirname, `${name}.ts`);
  const { status } = spawnSync(process.execPath, [...process.execArgv, script, ...(quick ? args : [])], {
    stdio: "inherit",
  });
  if (status !== 0) broken.push(name);
}
if (broken.length > 0) {
  console.error(`\nbeyond their limits, or failed: ${broken.join(", ")}`);
  process.exitCode = 1;
}
