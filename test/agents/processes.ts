/** Which processes of a run are the agent's and which are spoor's; read from `ps`, which all systems have. */

import { spawnSync } from "node:child_process";

export interface ProcessRow {
  readonly pid: number;
  readonly parentPid: number;
  readonly args: string;
}

/** The command line of a recording: the built command, or its source. */
const RECORDING = /(?:^|[\s/])(?:spoor(?:\.cjs)?|main\.ts) record\s/;

/** The descendants of `root` that are not spoor's: the agent, its own helpers and its tools. */
export function agentProcesses(root: number): ProcessRow[] {
  return descendants(root).filter(({ args }) => !RECORDING.test(args) && !args.startsWith("script "));
}

/** `root` and its descendants as far as they are spoor's. */
export function spoorProcesses(root: number): ProcessRow[] {
  return descendants(root).filter(({ args }) => RECORDING.test(args) && !args.startsWith("script "));
}

/** All processes of this machine whose command line satisfies `test`. */
export function processesMatching(test: (args: string) => boolean): ProcessRow[] {
  return processes().filter(({ args }) => test(args));
}

/** `root` itself and everything below it, parents first. */
export function descendants(root: number): ProcessRow[] {
  const rows = processes();
  const found = rows.filter(({ pid }) => pid === root);
  for (const parent of found) found.push(...rows.filter(({ parentPid }) => parentPid === parent.pid));
  return found;
}

function processes(): ProcessRow[] {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" });
  return stdout.split("\n").flatMap((line) => {
    const [, pid, parentPid, args] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return args === undefined ? [] : [{ pid: Number(pid), parentPid: Number(parentPid), args }];
  });
}
