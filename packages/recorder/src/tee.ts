/**
 * Copies a command's stdout to ours byte for byte and shows it to an observer on the way.
 *
 * The command writes into a FIFO: Node's own "pipe" is a socket pair, which programs cannot open again as
 * `/dev/stdout`. One buffer is read, written out and only then filled again, so a slow reader of our stdout slows
 * the command as it would without us, and memory stays where it is. Only for commands whose stdout is the only
 * place where they say what they do; all others inherit ours (run-command.ts).
 */

import { execFileSync } from "node:child_process";
import { closeSync, constants, fstatSync, mkdtempSync, openSync, readSync, rmSync, write } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";

/** Bytes per read; a pipe holds as much on Linux. */
const CHUNK_BYTES = 64 * 1024;

/**
 * What may still lie in the FIFO when the command has ended: the largest pipe Linux grants without privileges
 * (/proc/sys/fs/pipe-max-size). What comes after it comes from a process that the command left behind.
 */
const MOST_LEFT_BYTES = 1024 * 1024;

/** Until an output that is full and cannot be waited for is tried again. */
const RETRY_MS = 5;

const writeByThread = promisify(write);

/** Sees each piece of output, in order, cut anywhere. `chunk` is overwritten afterwards: copy what you keep. */
export type StdoutObserver = (chunk: Buffer) => void;

export interface Tee {
  readonly kind: "tee";
  /** The descriptor to give to the command as its stdout. */
  readonly commandStdout: number;
  /** How often the observer has thrown; it goes on being called. */
  readonly observerErrors: number;
  /** Begins to copy; the command has its copy of `commandStdout` by now, and ours is closed. */
  start(): void;
  /** Call when the command has ended: copies what it left in the FIFO, then closes everything. Never rejects. */
  finish(): Promise<void>;
  /** Gives up what could not be written yet, so that `finish` comes to an end although nobody reads our stdout. */
  abandon(): void;
}

/** A tee, or why there is none: then the command inherits our stdout, and nothing of it is seen. */
export type TeeAttempt = Tee | { readonly kind: "no_tee"; readonly reason: string };

/**
 * @param observe Called while the chunk is already on its way out; what it takes delays only the next one.
 * @param stdout Our descriptor to copy to. @default 1
 */
export function openTee(observe: StdoutObserver, stdout = 1): TeeAttempt {
  let fifo: Fifo;
  try {
    fifo = openFifo();
  } catch (error) {
    return { kind: "no_tee", reason: (error as Error).message }; // Windows, or a system without mkfifo(1)
  }
  return new FifoTee(fifo, openOutput(stdout), observe);
}

interface Fifo {
  readonly readEnd: number;
  readonly writeEnd: number;
}

/** Has a name only between these lines, in a folder that is ours alone. */
function openFifo(): Fifo {
  const folder = mkdtempSync(join(tmpdir(), "spoor-")); // mode 0700
  try {
    const path = join(folder, "stdout");
    execFileSync("mkfifo", ["-m", "600", path], { stdio: ["ignore", "ignore", "pipe"] });
    // In this order neither open waits for the other side, and the command's side is an ordinary, blocking one.
    const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return { readEnd, writeEnd: openSync(path, constants.O_WRONLY) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

class FifoTee implements Tee {
  readonly kind = "tee";
  readonly commandStdout: number;
  observerErrors = 0;

  readonly #readEnd: number;
  readonly #output: Output;
  readonly #observe: StdoutObserver;
  readonly #buffer: Buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #input: Socket | undefined; // reads the FIFO from start to finish
  #writing: Promise<void> = Promise.resolve(); // the chunk on its way out
  #broken = false; // nobody reads our stdout any more

  constructor({ readEnd, writeEnd }: Fifo, output: Output, observe: StdoutObserver) {
    this.commandStdout = writeEnd;
    this.#readEnd = readEnd;
    this.#output = output;
    this.#observe = observe;
  }

  start(): void {
    closeSync(this.commandStdout);
    const onread = {
      buffer: this.#buffer,
      callback: (bytes: number): boolean => {
        this.#writing = this.#copy(bytes).then(() => void this.#input?.resume());
        return false; // no more until it is written
      },
    };
    // `onread` is an option of the constructor too (lib/net.js); @types/node has it only for `connect`.
    const options = { fd: this.#readEnd, readable: true, writable: false, onread };
    this.#input = new Socket(options);
    this.#input.on("error", () => {}); // as good as its end: nothing more can be read
    this.#input.resume();
  }

  async finish(): Promise<void> {
    const input = this.#input;
    this.#input = undefined;
    if (input === undefined) {
      closeSync(this.commandStdout); // never started: the command could not be
      closeSync(this.#readEnd);
    } else {
      input.pause();
      await this.#writing;
      if (!input.destroyed) await this.#copyRest();
      input.destroy();
    }
    this.#output.close();
  }

  abandon(): void {
    this.#broken = true;
    this.#output.close();
  }

  async #copyRest(): Promise<void> {
    for (let left = MOST_LEFT_BYTES; left > 0 && !this.#broken;) {
      const bytes = readNow(this.#readEnd, this.#buffer);
      if (bytes === 0) return;
      await this.#copy(bytes);
      left -= bytes;
    }
  }

  async #copy(bytes: number): Promise<void> {
    const chunk = this.#buffer.subarray(0, bytes);
    const written = this.#output.write(chunk);
    try {
      this.#observe(chunk);
    } catch {
      this.observerErrors++;
    }
    if (await written) return;
    // Our reader is gone: closing our side lets the command's next write fail as it would without us.
    this.#broken = true;
    this.#input?.destroy();
  }
}

/** What is there at once; 0 when nothing is, now or for good. */
function readNow(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return 0;
    throw error;
  }
}

interface Output {
  /** Resolves to whether all of `chunk` was written; false means that nothing ever will be again. */
  write(chunk: Buffer): Promise<boolean>;
  close(): void;
}

/**
 * A pipe is opened a second time, since only so it can be made non-blocking for us and stay blocking for the
 * command, which may have the same pipe as stderr (`2>&1`). Where that is refused (sockets, another user's pipe,
 * macOS), and for files and terminals, a thread of the pool writes and waits.
 */
function openOutput(fd: number): Output {
  if (fstatSync(fd).isFIFO()) {
    try {
      return outputToPipe(openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK));
    } catch {
      // as said above
    }
  }
  return outputByThread(fd);
}

function outputToPipe(fd: number): Output {
  const socket = new Socket({ fd, readable: false, writable: true });
  socket.on("error", () => {}); // told by write's callback
  return {
    write: (chunk) => new Promise((resolve) => void socket.write(chunk, (error) => resolve(!error))),
    close: () => void socket.destroy(),
  };
}

function outputByThread(fd: number): Output {
  let closed = false;
  let giveUp = (): void => {};
  async function writeAll(chunk: Buffer): Promise<boolean> {
    for (let rest = chunk; rest.length > 0;) {
      if (closed) return false;
      try {
        rest = rest.subarray((await writeByThread(fd, rest)).bytesWritten);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return false;
        await setTimeout(RETRY_MS); // whoever shares our stdout has made it non-blocking
      }
    }
    return true;
  }
  return {
    write: (chunk) =>
      new Promise((resolve) => {
        giveUp = () => resolve(false);
        void writeAll(chunk).then(resolve);
      }),
    close: () => {
      closed = true;
      giveUp();
    },
  };
}
