/**
 * The process around a command, passed in, so that commands are functions of their input.
 *
 * Output is written by synchronous calls on the descriptors. Node's own streams would make a pipe non-blocking,
 * also for a recorded command that shares it, and lose what is unwritten when the process exits.
 */

import { existsSync, fstatSync, writeSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";

export interface Io {
  /** Opened on first call: `record` must never touch the stdin of its command. */
  stdin(): AsyncIterable<Buffer | string>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** Absolute path; one where nothing is when the working folder has been removed. */
  readonly cwd: string;
  /** Milliseconds since the epoch. */
  now(): number;
}

export interface Output {
  readonly isTTY: boolean;
  /** Width of the terminal in columns. @default 80 where there is none */
  readonly columns: number;
  /**
   * Returns when all of `text` is written.
   * @throws {BrokenPipe} On stdout, when its reader has gone. What goes to stderr then is dropped.
   */
  write(text: string): void;
}

/** Nobody reads our stdout any more (`spoor list | head`). Ends the command quietly: not an error. */
export class BrokenPipe extends Error {
  override readonly name = "BrokenPipe";
}

/** Until a full output that somebody made non-blocking is tried again. */
const RETRY_MS = 2;

/** The real process. */
export function processIo(): Io {
  return {
    stdin: () => process.stdin,
    stdout: output(1, (error) => {
      if (error.code === "EPIPE") throw new BrokenPipe("stdout is closed", { cause: error });
      throw error;
    }),
    stderr: output(2, () => {}), // a terminal or a log that has gone: there is nobody left to tell
    env: process.env,
    get cwd() {
      return workingDirectory();
    },
    now: Date.now,
  };
}

function output(fd: 1 | 2, onError: (error: NodeJS.ErrnoException) => void): Output {
  return {
    get isTTY() {
      return isTerminal(fd);
    },
    get columns() {
      // A terminal is opened anew by its stream, which therefore changes nothing for those who share it.
      return (isTerminal(fd) ? (fd === 1 ? process.stdout : process.stderr).columns : undefined) || 80;
    },
    write(text) {
      try {
        writeAll(fd, Buffer.from(text));
      } catch (error) {
        onError(error as NodeJS.ErrnoException);
      }
    },
  };
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(fd, bytes, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}

/** `tty.isatty` without loading `node:tty` and all of `node:net` for the pipes and files that are the rule. */
function isTerminal(fd: number): boolean {
  return fstatSync(fd).isCharacterDevice() && (process.getBuiltinModule("node:tty").isatty(fd) as boolean);
}

/** Where a removed working folder had no name that we know. */
const REMOVED = resolve("/(removed folder)");

/** A shell may stand in a folder that has been removed; commands still run there. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    // Whatever stands at that name now is another folder, and nothing of ours belongs there.
    const shell = process.env["PWD"] ?? "";
    return isAbsolute(shell) && !existsSync(shell) ? shell : REMOVED;
  }
}

/** `path` as seen from the working folder; undefined where it is relative and that folder has been removed. */
export function absolutePath(path: string, { cwd }: Pick<Io, "cwd">): string | undefined {
  return isAbsolute(path) || existsSync(cwd) ? resolve(cwd, path) : undefined;
}
