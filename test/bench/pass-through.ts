/**
 * A command that writes a gigabyte to a pipe: does it arrive byte for byte, and how large does spoor grow?
 *
 * Once with stdout inherited, through the built command, and once copied by the recorder's tee, which is for
 * commands whose stdout is their only account of themselves; beside both, the same command alone. Run alone,
 * after a build: `node test/bench/pass-through.ts [bytes]`.
 */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processCost } from "./process-cost.ts";

const MOST_MEMORY_MB = 120;

const root = join(import.meta.dirname, "../..");
const node = join(root, "node_modules/node/bin/node");
const cases = {
  alone: [],
  "spoor record": [join(root, "node_modules/.bin/spoor"), "record", "--"],
  tee: [node, join(root, "packages/recorder/test/teed.ts")],
};

/** Writes as many bytes as its argument says, in blocks that all differ. */
const WRITER = `
const { writeSync } = require("node:fs");
const block = Buffer.alloc(65536, "spoor, n.: the trail an animal leaves; ");
for (let left = Number(process.argv[2]), n = 0; left > 0; n++) {
  block.writeUInt32LE(n, (n * 4) % block.length);
  const end = Math.min(left, block.length);
  for (let at = 0; at < end; ) at += writeSync(1, block, at, end - at);
  left -= end;
}
`;

export interface PassThroughFigure {
  readonly name: string;
  /** Whether exactly what the command wrote alone has arrived. */
  readonly identical: boolean;
  readonly maxRssMb: number;
  readonly cpuMs: number;
  readonly wallMs: number;
}

/** Runs every case once with a command that writes `bytes`. */
export async function measurePassThrough(bytes = 1e9): Promise<PassThroughFigure[]> {
  const folder = mkdtempSync(join(tmpdir(), "pass-through-"));
  const nowhere = openSync("/dev/null", "w");
  try {
    const writer = join(folder, "writer.cjs");
    writeFileSync(writer, WRITER);
    const home = ["env", `HOME=${folder}`, `SPOOR_DIR=${join(folder, "spoor")}`];
    const figures: (PassThroughFigure & { sha256: string })[] = [];
    for (const [name, wrapper] of Object.entries(cases)) {
      const pipe = openPipe(join(folder, `${figures.length}`));
      const sha256 = hash(pipe.readEnd);
      const cost = processCost({
        command: [...home, ...wrapper, node, writer, String(bytes)],
        stdio: ["ignore", pipe.writeEnd, "ignore", nowhere], // 3 is where teed.ts reports
      });
      closeSync(pipe.writeEnd);
      const { maxRssKb, cpuUs, wallMs } = await cost;
      const identical = (await sha256) === (figures[0]?.sha256 ?? (await sha256));
      figures.push({
        name,
        identical,
        maxRssMb: maxRssKb / 1024,
        cpuMs: cpuUs / 1000,
        wallMs,
        sha256: await sha256,
      });
    }
    return figures;
  } finally {
    closeSync(nowhere);
    rmSync(folder, { recursive: true });
  }
}

/** A shell's pipe, which Node cannot make by itself: a FIFO opened at both ends. */
function openPipe(path: string): { readEnd: Socket; writeEnd: number } {
  execFileSync("mkfifo", [path]);
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { readEnd: new Socket({ fd, readable: true, writable: false }), writeEnd: openSync(path, "w") };
}

async function hash(stream: AsyncIterable<Buffer>): Promise<string> {
  const sum = createHash("sha256");
  for await (const chunk of stream) sum.update(chunk);
  return sum.digest("hex");
}

if (import.meta.main) {
  const figures = await measurePassThrough(Number(process.argv[2] ?? 1e9));
  const [alone] = figures;
  const holds = ({ identical, maxRssMb }: PassThroughFigure): boolean =>
    identical && maxRssMb < MOST_MEMORY_MB;
  console.table(
    figures.map((figure) => ({
      name: figure.name,
      identical: figure.identical,
      "max RSS MB": figure.maxRssMb.toFixed(0),
      "own CPU ms": figure.cpuMs.toFixed(0),
      "wall ms": figure.wallMs.toFixed(0),
      "wall / alone": (figure.wallMs / (alone?.wallMs ?? Number.NaN)).toFixed(2),
      verdict: holds(figure) ? "holds" : "BROKEN",
    })),
  );
  if (!figures.every(holds)) process.exitCode = 1;
}
