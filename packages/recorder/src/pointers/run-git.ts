/** The edge to the `git` command: asynchronous, bounded in time and output, never touching the repository. */

import { spawn } from "node:child_process";
import { closeSync, fstatSync, openSync, readSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomBytes } from "../random.ts";
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

/**
 * Its output goes to files without a name: a pipe costs Node several times as much, most of it for streams that
 * nothing else here needs, and a command such as `true` should not pay for them.
 */
export const runGit: RunGit = (args, { cwd, env, timeoutMs }) =>
  new Promise((resolve) => {
    let stdout: OutputFile;
    let stderr: OutputFile;
    try {
      stdout = new OutputFile();
      stderr = new OutputFile();
    } catch {
      resolve({ kind: "missing" }); // no folder for temporary files, or it is full: the repository's own files tell much
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    const finish = (outcome: () => GitOutcome): void => {
      clearTimeout(timer);
      resolve(outcome());
      stdout.close();
      stderr.close();
    };
    try {
      const child = spawn("git", [...WITHOUT_PROGRAMS, ...args], {
        cwd,
        env: { ...env, ...SETTINGS },
        stdio: ["ignore", stdout.descriptor, stderr.descriptor],
        windowsHide: true,
      });
      timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
      child.once("error", () => finish(() => ({ kind: "missing" })));
      child.once("exit", (code) =>
        finish(() => {
          if (code === null) return { kind: "timeout" };
          const text = stdout.read();
          if (stdout.bytes > MAX_OUTPUT_BYTES) return { kind: "overflow", stdout: text };
          return { kind: "exited", code, stdout: text, stderr: stderr.read() };
        }),
      );
    } catch {
      finish(() => ({ kind: "missing" })); // Node throws where the system cannot start it at all: out of memory, E2BIG
    }
  });

/** A file of our own that nobody else can open, and that is gone when it is closed. */
class OutputFile {
  readonly descriptor: number;
  readonly #path: string;

  constructor() {
    this.#path = join(tmpdir(), `spoor-git-${process.pid}-${Buffer.from(randomBytes(8)).toString("hex")}`);
    this.descriptor = openSync(this.#path, "wx+", 0o600);
    if (process.platform !== "win32") unlinkSync(this.#path); // Windows keeps the name of an open file
  }

  get bytes(): number {
    return fstatSync(this.descriptor).size;
  }

  /** The first megabyte. */
  read(): string {
    const buffer = Buffer.alloc(Math.min(this.bytes, MAX_OUTPUT_BYTES));
    return buffer.toString("utf8", 0, readSync(this.descriptor, buffer, 0, buffer.length, 0));
  }

  close(): void {
    closeSync(this.descriptor);
    if (process.platform === "win32") unlinkSync(this.#path);
  }
}
