/** What a Node process costs, children not counted: they are another program's business, and so is their CPU. */

import { spawn, type StdioOptions } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface ProcessCost {
  /** User and system time of the process itself, from exec to its `exit` event. */
  readonly cpuUs: number;
  readonly maxRssKb: number;
  readonly wallMs: number;
}

export interface MeasuredCommand {
  readonly command: readonly string[];
  readonly stdio?: StdioOptions;
}

/** Runs a command that is, or becomes by exec, a Node process. Throws when it fails. */
export async function processCost({ command, stdio = "ignore" }: MeasuredCommand): Promise<ProcessCost> {
  const folder = mkdtempSync(join(tmpdir(), "process-cost-"));
  try {
    const file = join(folder, "cost.ndjson");
    const [name = "", ...args] = command;
    const env = {
      ...process.env,
      NODE_OPTIONS: `--require=${join(import.meta.dirname, "process-cost.cjs")}`,
      PROCESS_COST_FILE: file,
    };
    const started = performance.now();
    const child = spawn(name, args, { env, stdio });
    const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
      child.once("error", reject).once("exit", (...end) => resolve(end));
    });
    const wallMs = performance.now() - started;
    if (code !== 0) throw new Error(`${command.join(" ")}: ended with ${code ?? signal}`);
    const costs = readFileSync(file, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as ProcessCost & { pid: number });
    const cost = costs.find(({ pid }) => pid === child.pid);
    if (cost === undefined) throw new Error(`${command.join(" ")}: told no cost; is it a Node process?`);
    return { cpuUs: cost.cpuUs, maxRssKb: cost.maxRssKb, wallMs };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The middle value; of an even number of values, the upper one of the two. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
