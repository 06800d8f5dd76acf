/** The edge to the `git` command: asynchronous, bounded in time and output, never touching the repository. */

import { execFile } from "node:child_process";
import type { Environment } from "./ci.ts";

interface GitOptions {
  cwd: string;
  env: Environment;
  timeoutMs: number;
}

export type GitOutcome =
  | { kind: "exited"; code: number; stdout: string; stderr: string }
  /** It wrote more than a megabyte; `stdout` is the first of it. */
  | { kind: "overflow"; stdout: string }
  | { kind: "timeout" }
  /** It could not be started: no `git` here, no such folder, no memory. */
  | { kind: "missing" };

export type RunGit = (args: readonly string[], options: GitOptions) => Promise<GitOutcome>;

const MAX_OUTPUT_BYTES = 1024 * 1024;

/** A repository's own settings must not start programs of theirs, least of all a daemon that outlives us. */
const WITHOUT_PROGRAMS = ["-c", "core.fsmonitor=false"];

/** Messages are told apart by their English text; a lock taken here could fail a commit of the agent. */
const SETTINGS = { LC_ALL: "C", GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0" };

export const runGit: RunGit = (args, { cwd, env, timeoutMs }) =>
  new Promise((resolve) => {
    const options = {
      cwd,
      env: { ...env, ...SETTINGS },
      timeout: timeoutMs,
      killSignal: "SIGKILL" as const,
      maxBuffer: MAX_OUTPUT_BYTES,
      windowsHide: true,
    };
    try {
      execFile("git", [...WITHOUT_PROGRAMS, ...args], options, (error, stdout, stderr) => {
        if (error === null) resolve({ kind: "exited", code: 0, stdout, stderr });
        else if (error.code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") resolve({ kind: "overflow", stdout });
        else if (typeof error.code === "number")
          resolve({ kind: "exited", code: error.code, stdout, stderr });
        else if (error.killed === true) resolve({ kind: "timeout" });
        else resolve({ kind: "missing" });
      });
    } catch {
      resolve({ kind: "missing" }); // Node throws where the system cannot start it at all: out of memory, E2BIG
    }
  });
