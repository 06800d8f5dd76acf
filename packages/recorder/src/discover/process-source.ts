/**
 * What the system tells about its processes: `/proc` where there is one (proc(5)), else `ps`.
 *
 * Processes end at any moment, also between two questions about them; then the answer is undefined.
 */

import { spawnSync } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from "node:fs";

export interface ProcessRow {
  readonly pid: number;
  readonly parentPid: number;
  /** With the pid it names one process. On Linux clock ticks since boot, so comparable. */
  readonly start: string;
  /** Changes when the process becomes another program. */
  readonly name: string;
}

export interface ProcessSource {
  /** All processes; undefined where the system does not tell. */
  pids(): number[] | undefined;
  /** undefined for one that has ended, even if nobody has waited for it yet. */
  rowOf(pid: number): ProcessRow | undefined;
  commandOf(pid: number): string[] | undefined;
  /** As it was when the program was started; of our own user's processes only. */
  environmentOf(pid: number): Record<string, string> | undefined;
  workingDirectoryOf(pid: number): string | undefined;
  /** Paths of the regular files it holds open for writing. */
  writableFilesOf(pid: number): string[] | undefined;
  /** How many bytes it has written so far, to whatever. */
  writtenBytesOf(pid: number): number | undefined;
}

/** @param nowMs For how long an answer of `ps` is good, where that is what we have. */
export function processSource(nowMs: () => number): ProcessSource {
  const proc = new ProcFolder();
  return proc.rowOf(process.pid) === undefined ? new PsCommand(nowMs) : proc;
}

/** Access mode in the octal `flags:` of /proc/<pid>/fdinfo/<n>. */
const O_ACCMODE = 3;

class ProcFolder implements ProcessSource {
  pids(): number[] | undefined {
    const names = attempt(() => readdirSync("/proc"));
    return names?.map(Number).filter((pid) => pid > 0);
  }

  rowOf(pid: number): ProcessRow | undefined {
    const stat = attempt(() => readStart(`/proc/${pid}/stat`));
    if (stat === undefined) return undefined;
    // The name stands in brackets and may hold some itself; fields 3, 4 and 22 follow it.
    const end = stat.lastIndexOf(")");
    const fields = stat.slice(end + 2).split(" ");
    const [state, parentPid] = fields;
    if (state === "Z" || state === "X") return undefined;
    const name = stat.slice(stat.indexOf("(") + 1, end);
    return { pid, parentPid: Number(parentPid), start: fields[19] ?? "", name };
  }

  commandOf(pid: number): string[] | undefined {
    return textOf(pid, "cmdline")?.replace(/\0$/, "").split("\0");
  }

  environmentOf(pid: number): Record<string, string> | undefined {
    const text = textOf(pid, "environ");
    if (text === undefined) return undefined;
    const pairs = text.split("\0").flatMap((pair): [string, string][] => {
      const equals = pair.indexOf("=");
      return equals < 1 ? [] : [[pair.slice(0, equals), pair.slice(equals + 1)]];
    });
    return Object.fromEntries(pairs);
  }

  workingDirectoryOf(pid: number): string | undefined {
    return attempt(() => readlinkSync(`/proc/${pid}/cwd`));
  }

  writableFilesOf(pid: number): string[] | undefined {
    const descriptors = attempt(() => readdirSync(`/proc/${pid}/fd`));
    return descriptors?.flatMap((descriptor) => {
      const path = attempt(() => readlinkSync(`/proc/${pid}/fd/${descriptor}`));
      if (path === undefined || !/\.jsonl?$/.test(path)) return [];
      const info = attempt(() => readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, "latin1"));
      const flags = Number.parseInt(/^flags:\s*(\d+)/m.exec(info ?? "")?.[1] ?? "0", 8);
      return (flags & O_ACCMODE) === 0 ? [] : [path];
    });
  }

  writtenBytesOf(pid: number): number | undefined {
    const io = attempt(() => readStart(`/proc/${pid}/io`));
    const bytes = /^wchar:\s*(\d+)/m.exec(io ?? "")?.[1];
    return bytes === undefined ? undefined : Number(bytes);
  }
}

/** One that has ended and that nobody has waited for still has these files, but nothing in them. */
function textOf(pid: number, name: "cmdline" | "environ"): string | undefined {
  return attempt(() => readFileSync(`/proc/${pid}/${name}`, "utf8")) || undefined;
}

const shortBuffer = Buffer.alloc(4096);

/** A file below that size, at half the cost of `readFileSync`: some hundred are read in a look at a busy machine. */
function readStart(path: string): string {
  const fd = openSync(path, "r");
  try {
    return shortBuffer.toString("latin1", 0, readSync(fd, shortBuffer));
  } finally {
    closeSync(fd);
  }
}

/** `ps` costs some 10 ms, so it is asked rarely. */
const PS_EVERY_MS = 2000;

/** macOS and the BSDs: only who is whose child, and the command line as one text. */
class PsCommand implements ProcessSource {
  readonly #nowMs: () => number;
  #askedMs = Number.NEGATIVE_INFINITY;
  #rows: Map<number, ProcessRow & { command: string[] }> | undefined;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  pids(): number[] | undefined {
    if (this.#nowMs() - this.#askedMs >= PS_EVERY_MS) {
      this.#askedMs = this.#nowMs();
      const ps = spawnSync("ps", ["-axo", "pid=,ppid=,stat=,lstart=,command="], {
        encoding: "utf8",
        env: { ...process.env, LC_ALL: "C" },
        maxBuffer: 64 * 1024 * 1024,
        timeout: PS_EVERY_MS,
      });
      this.#rows = ps.status === 0 ? rowsOfPs(ps.stdout) : undefined;
    }
    return this.#rows === undefined ? undefined : [...this.#rows.keys()];
  }

  rowOf(pid: number): ProcessRow | undefined {
    return this.#rows?.get(pid);
  }

  commandOf(pid: number): string[] | undefined {
    return this.#rows?.get(pid)?.command;
  }

  environmentOf(): undefined {}
  workingDirectoryOf(): undefined {}
  writableFilesOf(): undefined {}
  writtenBytesOf(): undefined {}
}

/** Lines such as `  812   1 Ss   Fri Nov 20 16:44:58 2026 /bin/sh -c x`. */
export function rowsOfPs(text: string): Map<number, ProcessRow & { command: string[] }> {
  const rows = new Map<number, ProcessRow & { command: string[] }>();
  for (const line of text.split("\n")) {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\w{3}\s+\w{3}\s+\d+ [\d:]{8} \d{4})\s+(.*)$/.exec(line);
    if (match === null || match[3]?.startsWith("Z")) continue;
    const command = match[5]?.split(" ") ?? [];
    const row = { parentPid: Number(match[2]), start: match[4] ?? "", name: command[0] ?? "", command };
    rows.set(Number(match[1]), { pid: Number(match[1]), ...row });
  }
  return rows;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // ended, or somebody else's
  }
}
