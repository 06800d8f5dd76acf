/**
 * Who writes a trace, told so that a later process can prove the writer gone.
 *
 * A pid alone proves nothing: it is reused, and in a container another process has it. Boot id, host, pid
 * namespace and start time together name one process (proc(5)); where they are not known, only silence helps.
 */

import { hash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import type { Writer } from "./record.ts";
import type { WriterState } from "./invocation.ts";

/** A writer of another machine, boot or namespace is taken for gone after this long without a byte. */
export const SILENCE_MS: number = 24 * 60 * 60 * 1000;

/** The identity of the running process. */
export function currentWriter(): Writer {
  const pidStart = startTicks(process.pid);
  const bootId = attempt(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  const pidNamespace = attempt(() => readlinkSync("/proc/self/ns/pid"));
  return {
    pid: process.pid,
    ...(pidStart === undefined ? {} : { pid_start: pidStart }),
    ...(bootId === undefined ? {} : { boot_id: bootId }),
    ...(pidNamespace === undefined ? {} : { pid_namespace: pidNamespace }),
    host_hash: hash("sha256", hostname(), "hex").slice(0, 16),
  };
}

/**
 * Whether the process that wrote a trace still runs.
 *
 * @param silentMs How long the file has not grown, in milliseconds.
 */
export function writerState(writer: Writer | undefined, here: Writer, silentMs: number): WriterState {
  const comparable =
    writer !== undefined &&
    writer.host_hash === here.host_hash &&
    writer.boot_id === here.boot_id &&
    writer.pid_namespace === here.pid_namespace;
  if (!comparable) return silentMs > SILENCE_MS ? "gone" : "unknown";
  return isRunning(writer) ? "alive" : "gone";
}

function isRunning({ pid, pid_start: pidStart }: Writer): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, and is somebody else's.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const now = startTicks(pid);
  return pidStart === undefined || now === undefined || now === pidStart;
}

/** Field 22 of /proc/<pid>/stat; the command name before it may itself hold spaces and brackets. */
function startTicks(pid: number): number | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  const ticks = Number(stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  return Number.isSafeInteger(ticks) ? ticks : undefined;
}

/** Not every system has /proc. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
