/**
 * Who writes a trace, told so that a later process can prove the writer gone.
 *
 * A pid alone proves nothing: it is reused, and in a container another process has it. Boot id, host, pid
 * namespace and start time together name one process (proc(5)); where they are not known, only silence helps.
 */

import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import type { Writer } from "./record.ts";
import { sha256 } from "./sha256.ts";
import type { WriterState } from "./invocation.ts";

/** A writer of another machine, boot or namespace is taken for gone after this long without a byte. */
export const SILENCE_MS: number = 24 * 60 * 60 * 1000;

/** The identity of the running process. */
export function currentWriter(): Writer {
  const pidStart = statusOf(process.pid)?.startTicks;
  const bootId = attempt(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  const pidNamespace = attempt(() => readlinkSync("/proc/self/ns/pid"));
  return {
    pid: process.pid,
    ...(pidStart === undefined ? {} : { pid_start: pidStart }),
    ...(bootId === undefined ? {} : { boot_id: bootId }),
    ...(pidNamespace === undefined ? {} : { pid_namespace: pidNamespace }),
    host_hash: sha256(hostname()).slice(0, 16),
  };
}

/**
 * Whether the process that wrote a trace still runs. "gone" is a proof, given only where the same boot of the
 * same host in the same pid namespace has no such process, or after a day of silence.
 *
 * @param silentMs How long the file has not grown, in milliseconds.
 */
export function writerState(writer: Writer | undefined, here: Writer, silentMs: number): WriterState {
  const comparable =
    writer !== undefined &&
    Number.isSafeInteger(writer.pid) &&
    writer.pid > 0 &&
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
  const status = statusOf(pid);
  // A killed process that nobody has waited for keeps its pid, and writes no more.
  if (status?.state === "Z" || status?.state === "X") return false;
  return pidStart === undefined || status === undefined || status.startTicks === pidStart;
}

/** Fields 3 and 22 of /proc/<pid>/stat (proc_pid_stat(5)); the command name before them may hold spaces and brackets. */
function statusOf(pid: number): { state: string; startTicks: number } | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
  const startTicks = Number(fields[19]);
  return Number.isSafeInteger(startTicks) ? { state: fields[0] ?? "", startTicks } : undefined;
}

/** Not every system has /proc. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
