/**
 * Runs the recorded command exactly as the shell would have run it without us.
 *
 * Same argv, same working directory, same process group, and our own stdin, stdout and stderr as they are: we
 * neither read nor write them, nor open Node's streams on them, which would make a pipe that the command shares
 * with us non-blocking. What the command feels of signals is relay-signals.ts.
 */

import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { constants } from "node:os";
import { basename } from "node:path";
import { commandHint } from "./command-hint.ts";
import { relaySignals, type SignalRelay } from "./relay-signals.ts";
import type { Tee } from "./tee.ts";
import { resolveWindowsCommand } from "./windows-command.ts";

/** How a command ended, or why it never began. `exitCodeOf` gives the code a shell would report. */
export type CommandEnd =
  /** `code` is the command's own, or 128 + n if signal n (named in `signal`) ended it. */
  | { readonly kind: "exited"; readonly code: number; readonly signal?: NodeJS.Signals }
  /** No such program. `hint` is a sentence on what to type instead. */
  | { readonly kind: "not_found"; readonly hint?: string }
  /** There is something of that name, and the system refused to start it: `reason` is its code, such as EACCES. */
  | { readonly kind: "not_executable"; readonly reason: string };

export interface RunOptions {
  /** The command's whole environment. */
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** Stands between the command's stdout and ours. @default stdout is inherited like the rest */
  readonly tee?: Tee;
  /** Open descriptors above 2 that the command gets under the same numbers: 3, 4, … without a gap. @default none */
  readonly passedFds?: readonly number[];
  /** Called with the command's process id as soon as there is one. */
  readonly onStart?: (pid: number) => void;
  /**
   * Gets the signals that find no command to go to. With it our handlers stay after the command's end, so that
   * the caller may finish what it does with the recording, sooner for the signal.
   * @default after the command's end signals do to this process what they do to any
   */
  readonly onLateSignal?: (signal: NodeJS.Signals) => void;
}

/**
 * Runs `command` to its end. A background process that it leaves behind, and that may hold its stdout open, is
 * not waited for.
 *
 * @param command Name (looked up in `options.env.PATH`) or path of a program, and its arguments.
 * @throws Only for what is no fault of the command: a descriptor in `options` that is not open.
 */
export async function runCommand(command: readonly string[], options: RunOptions): Promise<CommandEnd> {
  const { env, tee, onStart, onLateSignal } = options;
  const nohup = startedByNohup(env);
  const signals = relaySignals({
    ignore: nohup ? ["SIGHUP"] : [],
    onLateSignal: (signal) => {
      tee?.abandon();
      onLateSignal?.(signal);
    },
  });
  try {
    return await runRelayed(nohup ? ["nohup", ...command] : command, options, signals, onStart);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || !(code in constants.errno)) throw error;
    if (code !== "ENOENT") return { kind: "not_executable", reason: code };
    const hint = commandHint(command, { env, readText });
    return { kind: "not_found", ...(hint !== undefined && { hint }) };
  } finally {
    await tee?.finish();
    if (onLateSignal === undefined) signals[Symbol.dispose]();
  }
}

async function runRelayed(
  command: readonly string[],
  { env, tee, passedFds = [] }: RunOptions,
  signals: SignalRelay,
  onStart: RunOptions["onStart"],
): Promise<CommandEnd> {
  const child = start(command, env, [0, tee?.commandStdout ?? 1, 2, ...passedFds]);
  const ended = new Promise<CommandEnd>((resolve, reject) => {
    child.once("error", reject); // it could not be started
    child.once("exit", (code, signal) => {
      signals.end();
      resolve(signal === null ? { kind: "exited", code: code ?? 0 } : killedBy(signal));
    });
  });
  if (child.pid !== undefined) {
    signals.start(child.pid);
    tee?.start();
    onStart?.(child.pid);
  }
  return ended;
}

/** What a POSIX shell reports as `$?` for such an end. */
export function exitCodeOf(end: CommandEnd): number {
  switch (end.kind) {
    case "exited":
      return end.code;
    case "not_executable":
      return 126;
    case "not_found":
      return 127;
  }
}

function killedBy(signal: NodeJS.Signals): CommandEnd {
  return { kind: "exited", code: 128 + constants.signals[signal], signal };
}

function start(command: readonly string[], env: NodeJS.ProcessEnv, stdio: readonly number[]): ChildProcess {
  const [name = "", ...args] = command;
  if (name === "") throw Object.assign(new Error("the empty word is no command"), { code: "ENOENT" });
  if (process.platform !== "win32") return spawn(name, args, { env, stdio: [...stdio] });

  const found = resolveWindowsCommand(command, { cwd: process.cwd(), env, isFile });
  if (found === undefined) throw Object.assign(new Error(`${name}: no such command`), { code: "ENOENT" });
  const windowsVerbatimArguments = found.verbatim;
  return spawn(found.file, found.args, { env, stdio: [...stdio], windowsVerbatimArguments });
}

/**
 * Whether we run under nohup(1). Node sets every ignored signal back to its default when it starts, so what nohup
 * did is undone and cannot be seen; but the shell leaves the name of the program it started in `_`. The command
 * is then started through nohup once more, which becomes the command by exec, argv and process id unchanged.
 */
function startedByNohup(env: Readonly<NodeJS.ProcessEnv>): boolean {
  return process.platform !== "win32" && basename(env["_"] ?? "") === "nohup";
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // only looked at for a hint
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
