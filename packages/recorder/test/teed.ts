/** A program for tee.test.ts: runs the command in its arguments through a tee and reports to descriptor 3 as JSON. */

import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import { exitCodeOf, runCommand } from "../src/run-command.ts";
import { openTee } from "../src/tee.ts";

export interface TeedReport {
  readonly code: number;
  readonly tee: string;
  readonly observedBytes: number;
  readonly observedSha256: string;
  readonly observerErrors: number;
  readonly lateSignals: readonly string[];
}

let observedBytes = 0;
const observed = createHash("sha256");
const lateSignals: string[] = [];
const tee = openTee((chunk) => {
  observedBytes += chunk.length;
  observed.update(chunk);
  if (process.env["OBSERVER"] === "throws") throw new Error("observer");
});
const end = await runCommand(process.argv.slice(2), {
  env: process.env,
  ...(tee.kind === "tee" && { tee }),
  onStart: (pid) => void writeSync(3, `${pid}\n`),
  onLateSignal: (signal) => void lateSignals.push(signal),
});
const report: TeedReport = {
  code: exitCodeOf(end),
  tee: tee.kind,
  observedBytes,
  observedSha256: observed.digest("hex"),
  observerErrors: tee.kind === "tee" ? tee.observerErrors : 0,
  lateSignals,
};
writeSync(3, JSON.stringify(report));
process.exit();
