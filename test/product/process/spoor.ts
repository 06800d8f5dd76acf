/** Runs the `spoor` command from its sources as a real process, away from the user's home and terminal. */

import { type ChildProcess, spawn, spawnSync, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { onTestFinished } from "vitest";

/** The words that start spoor; its own arguments come after them. */
export const SPOOR: readonly string[] = [
  process.execPath,
  "--conditions=@spoor/source",
  join(import.meta.dirname, "../../../packages/cli/src/main.ts"),
];

/** The same as text for a shell. */
export const SPOOR_IN_SHELL: string = SPOOR.map((word) => `'${word}'`).join(" ");

export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running process and what it has written so far. */
export interface Running {
  readonly process: ChildProcess;
  readonly stdin: Writable;
  readonly stdout: Readable;
  bytes(): Buffer;
  output(): string;
  errors(): string;
  /** Resolves once `pattern` has appeared in the output, with the match; rejects if it ends without. */
  shows(pattern: RegExp): Promise<RegExpExecArray>;
  readonly end: Promise<End>;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly stdio?: StdioOptions;
}

/**
 * Starts `command` in a session of its own, which therefore has no controlling terminal. What a failed test leaves
 * of it is ended: its process group, and with script(1) the terminal, whose end ends what runs there.
 */
export function run(command: readonly string[], { env = {}, cwd, stdio = "pipe" }: RunOptions = {}): Running {
  const [name = "", ...args] = command;
  const child = spawn(name, args, { env: { ...process.env, ...env }, cwd, stdio, detached: true });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  const watchers = new Set<() => void>();
  const changed = (): void => watchers.forEach((look) => look());
  let closed = false;
  child.stdout?.on("data", (chunk: Buffer) => {
    output.push(chunk);
    changed();
  });
  child.stderr?.on("data", (chunk: Buffer) => errors.push(chunk));
  child.once("close", () => {
    closed = true;
    changed();
  });
  onTestFinished(() => endGroup(child.pid));
  const outputText = (): string => Buffer.concat(output).toString();
  const errorText = (): string => Buffer.concat(errors).toString();
  const end = once(child, "exit").then(([code, signal]): End => ({ code, signal }));
  return {
    process: child,
    stdin: child.stdin as Writable,
    stdout: child.stdout as Readable,
    bytes: () => Buffer.concat(output),
    output: outputText,
    errors: errorText,
    shows: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(outputText());
          if (found !== null) resolve(found);
          else if (closed) reject(new Error(`ended without ${pattern}: ${outputText()}\n${errorText()}`));
          else return;
          watchers.delete(look);
        };
        watchers.add(look);
        look();
      }),
    end,
  };
}

function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, "SIGKILL");
  } catch {
    // all gone, as after every test that passes
  }
}

/** Runs `spoor record -- …command` as `run` does, its store and the agents' folders under `home`. */
export function record(home: string, command: readonly string[], options: RunOptions = {}): Running {
  return run([...SPOOR, "record", "--", ...command], {
    ...options,
    env: { ...homeOf(home), ...options.env },
  });
}

/** Waits for the end and gives everything it wrote. */
export async function finished(running: Running): Promise<End & { output: string; errors: string }> {
  const [end] = await Promise.all([running.end, once(running.process, "close")]);
  return { ...end, output: running.output(), errors: running.errors() };
}

export function homeOf(home: string): NodeJS.ProcessEnv {
  return { HOME: home, SPOOR_DIR: join(home, "spoor"), CI: "", GITHUB_ACTIONS: "" };
}

/** util-linux's script(1), which gives a command a pseudo-terminal; its options differ elsewhere. */
export const hasPseudoTerminals: boolean =
  process.platform === "linux" &&
  spawnSync("script", ["-qec", "true", "/dev/null"], { stdio: "ignore" }).status === 0;

/** Runs a shell command line on a terminal of its own; `stdin` are the keys pressed, `output` is the screen. */
export function onTerminal(home: string, line: string, env: NodeJS.ProcessEnv = {}): Running {
  return run(["script", "-qec", line, "/dev/null"], { env: { ...homeOf(home), SHELL: "/bin/sh", ...env } });
}
