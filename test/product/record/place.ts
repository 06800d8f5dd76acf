/** A scratch home, project and store with agents on its PATH, and the `spoor` command run as a real process there. */

import { type ChildProcess, spawn, spawnSync, type StdioOptions } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  foldTrace,
  type Invocation,
  listTraceFiles,
  readEntries,
  toInvocation,
  type Trace,
  type TraceRecord,
} from "@spoor/trace";
import { SPOOR } from "../process/spoor.ts";
import { openFile, playFile, reachedFile, type Step } from "./agents/play.ts";

const AGENT = join(import.meta.dirname, "agents/agent.ts");
/** How long a condition may take; it is there to end a test that failed, not to measure. */
const DEADLINE_MS = 20_000;

export interface StoredTrace extends Invocation {
  readonly text: string;
  readonly records: readonly TraceRecord[];
  readonly trace: Trace;
}

export interface Ended {
  /** As a shell reports it: 128 + n for signal n. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly errors: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly stdio?: StdioOptions;
  /** Another one than ours; only root may. */
  readonly user?: { readonly uid?: number; readonly gid?: number };
}

export interface RecordOptions extends RunOptions {
  /** Of spoor itself. */
  readonly options?: readonly string[];
}

/** A process that was started; what it writes is kept. */
export class Running {
  readonly process: ChildProcess;
  /** Its end, and that of all who have its stdout or stderr. */
  readonly ended: Promise<Ended>;
  /** Its own end. */
  readonly exited: Promise<void>;
  readonly #output: Buffer[] = [];
  readonly #errors: Buffer[] = [];

  constructor(child: ChildProcess) {
    this.process = child;
    child.stdout?.on("data", (chunk: Buffer) => this.#output.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => this.#errors.push(chunk));
    this.exited = new Promise((resolve) => child.once("exit", () => resolve()));
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) =>
        resolve({
          code,
          signal,
          output: this.bytes.toString(),
          errors: Buffer.concat(this.#errors).toString(),
        }),
      );
    });
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#output);
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }
}

export class Place implements AsyncDisposable {
  readonly root: string = realpathSync(mkdtempSync(join(tmpdir(), "spoor-record-")));
  readonly home: string = join(this.root, "home");
  readonly cwd: string = join(this.root, "project");
  readonly store: string = join(this.root, "store");
  readonly bin: string = join(this.root, "bin");
  readonly #stage: string = join(this.root, "stage");
  readonly #running = new Set<Running>();

  constructor() {
    const { home, cwd, bin } = this;
    for (const folder of [home, cwd, bin, join(this.#stage, "plays"), join(this.#stage, "gates")])
      mkdirSync(folder, { recursive: true });
    for (const name of ["claude", "codex", "gemini"])
      this.program(name, `#!${process.execPath}\nimport(${JSON.stringify(AGENT)});\n`);
  }

  /** All there is: nothing of the tests' own environment but where programs are. */
  get env(): Record<string, string> {
    return {
      HOME: this.home,
      PATH: `${this.bin}:${dirname(process.execPath)}:${process.env["PATH"]}`,
      SPOOR_DIR: this.store,
      STAGE: this.#stage,
      // Reading our sources anew for each process would take the larger part of these tests' time.
      NODE_COMPILE_CACHE: join(tmpdir(), "spoor-test-compile-cache"),
    };
  }

  /** Puts a program on the PATH. */
  program(name: string, text: string): string {
    const path = join(this.bin, name);
    writeFileSync(path, text);
    chmodSync(path, 0o755);
    return path;
  }

  /** Puts a file into the project. */
  write(name: string, text: string): void {
    const path = join(this.cwd, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  /** What an agent does whose prompt is `name`. */
  play(name: string, ...steps: readonly (Step | readonly Step[])[]): void {
    writeFileSync(join(this.#stage, playFile(name)), JSON.stringify(steps.flat()));
  }

  /** Lets agents pass. */
  open(gate: string): void {
    writeFileSync(join(this.#stage, openFile(gate)), "");
  }

  reached(gate: string): Promise<void> {
    return this.until(`an agent reaches ${gate}`, () => existsSync(join(this.#stage, reachedFile(gate))));
  }

  /** Waits for a condition; what it throws meanwhile is told if it never holds. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const deadlineMs = Date.now() + DEADLINE_MS;
    for (let why: unknown; ; await delay(10)) {
      try {
        if (holds()) return;
      } catch (error) {
        why = error;
      }
      if (Date.now() > deadlineMs) throw new Error(`waited in vain until ${what}`, { cause: why });
    }
  }

  /** Runs git in the project. */
  git(...args: readonly string[]): string {
    const who = ["-c", "user.name=Dev", "-c", "user.email=dev@example.com", "-c", "commit.gpgsign=false"];
    const { status, stdout, stderr } = spawnSync("git", [...who, ...args], {
      cwd: this.cwd,
      env: this.env,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  }

  /** Starts a command in a process group of its own. */
  start(command: readonly string[], options: RunOptions = {}): Running {
    const { env = {}, cwd = this.cwd, stdio = "pipe", user = {} } = options;
    const [name = "", ...args] = command;
    const child = spawn(name, args, { env: { ...this.env, ...env }, cwd, stdio, detached: true, ...user });
    child.stdin?.end();
    const running = new Running(child);
    this.#running.add(running);
    void running.ended.catch(() => {}); // whoever waits for it is told
    return running;
  }

  /** Starts `spoor record [options] -- command`. */
  record(command: readonly string[], { options = [], ...run }: RecordOptions = {}): Running {
    return this.start([...SPOOR, "record", ...options, "--", ...command], run);
  }

  /** Runs another `spoor` command to its end and gives what it printed. */
  async spoor(...args: readonly string[]): Promise<string> {
    const { code, output, errors } = await this.start([...SPOOR, ...args]).ended;
    if (code !== 0) throw new Error(`spoor ${args.join(" ")} ended with ${code}: ${errors}`);
    return output;
  }

  /** Runs it and reads the NDJSON that it prints. */
  async spoorJson<Row = Invocation>(...args: readonly string[]): Promise<Row[]> {
    const output = await this.spoor(...args, "--json");
    return output
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Row);
  }

  /** The store as it is now, oldest first. */
  traces(): StoredTrace[] {
    return listTraceFiles(this.store)
      .map((path): StoredTrace => {
        const entries = [...readEntries(path)];
        const trace = foldTrace(entries);
        return {
          ...toInvocation(trace, path, () => "alive"),
          text: readFileSync(path, "utf8"),
          records: entries.flatMap((entry) => (entry.kind === "record" ? [entry.record] : [])),
          trace,
        };
      })
      .sort((a, b) => (a.invocation_id < b.invocation_id ? -1 : 1));
  }

  /** The only trace there is. */
  get trace(): StoredTrace {
    const [only, ...more] = this.traces();
    if (only === undefined || more.length > 0)
      throw new Error(`expected one trace, found ${this.traces().length}`);
    return only;
  }

  /** Ends what still runs, and with it whatever it started. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { process: child } of this.#running) {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // all gone, as after every test that passes
      }
    }
    await Promise.all([...this.#running].map(({ ended }) => ended.catch(() => {})));
    rmSync(this.root, { recursive: true, force: true });
  }
}
