/**
 * Makes a wrapped command feel the signals it would feel without us, once each.
 *
 * A terminal sends Ctrl-C, Ctrl-\ and Ctrl-Z to its whole foreground process group, so the command, being in
 * our group, has them already: passing SIGINT on would make it two, and a second Ctrl-C makes agents quit at
 * once. A supervisor (CI, systemd, `kill`) signals one process, us, so there we pass them on.
 *
 * Stopping mirrors the command: we stop when it has stopped, not when Ctrl-Z arrives. A program may put the
 * terminal in order first, may stop itself by SIGSTOP (Claude Code does) or may refuse to stop; the shell looks
 * only at us and takes the terminal back the moment we stop.
 */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** What the terminal's keys send to a whole process group. */
const FROM_KEYS = ["SIGINT", "SIGQUIT", "SIGTSTP"] as const;

/** What only ever comes from a process that meant the command. SIGUSR1 would also open Node's debugger port. */
const ADDRESSED = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"] as const;

export interface SignalRelay extends Disposable {
  /** From now on signals go to the process `pid`, a child of ours in our process group. */
  start(pid: number): void;
  /** The command is gone: what arrives from now on is for us, and goes to `onLateSignal`. */
  end(): void;
}

export interface SignalRelayOptions {
  /** Signals never to pass on nor to die of: those the command ignores because we were started so. @default none */
  readonly ignore?: readonly NodeJS.Signals[];
  /** A signal that arrived when there was no command (any more) to pass it to. */
  readonly onLateSignal: (signal: NodeJS.Signals) => void;
}

/**
 * Takes over the signals until disposed. Call it in the same turn of the event loop as the spawn, and before it:
 * what arrives in between is dealt with after the spawn and so reaches the command.
 */
export function relaySignals({ ignore = [], onLateSignal }: SignalRelayOptions): SignalRelay {
  let child: number | undefined;
  let stoppedWithChild = false; // and not continued since

  function pass(signal: NodeJS.Signals): void {
    if (ignore.includes(signal)) return;
    if (child === undefined) return onLateSignal(signal);
    send(child, signal);
  }
  const handlers = new Map<NodeJS.Signals, (signal: NodeJS.Signals) => void>([
    ...ADDRESSED.map((signal) => [signal, pass] as const),
    ...FROM_KEYS.map((signal) => [signal, passUnlessFromKeys] as const),
    ["SIGCHLD", stopWithChild],
    ["SIGCONT", continueChild],
  ]);
  function passUnlessFromKeys(signal: NodeJS.Signals): void {
    if (child === undefined || !keysReachUs()) pass(signal);
  }
  function stopWithChild(): void {
    // Once for each stop: another child's SIGCHLD may wait beside the SIGCONT that is to get us going again.
    if (stoppedWithChild || child === undefined || !isStopped(child) || !keysReachUs()) return;
    stoppedWithChild = true;
    process.kill(process.pid, "SIGSTOP");
  }
  function continueChild(): void {
    stoppedWithChild = false;
    // The shell's `fg` continues the whole group; only a SIGCONT meant for us alone leaves the child stopped.
    if (child !== undefined && isStopped(child)) send(child, "SIGCONT");
  }

  const dispose = (): void => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return {
    start: (pid) => void (child = pid),
    end: () => void (child = undefined),
    [Symbol.dispose]: dispose,
  };
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // ESRCH: it ended a moment ago. EPERM: it changed its user, and we could not signal it without spoor either.
    if (!["ESRCH", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

/**
 * Whether a terminal's keys signal our process group: a terminal on stdin, or (Linux, where it can be asked) our
 * group in the foreground although stdin is a pipe, as in `cat prompt | spoor record -- claude -p`.
 */
function keysReachUs(): boolean {
  if (process.getBuiltinModule("node:tty").isatty(0)) return true; // loaded late: most runs see no signal
  const stat = processStat("self");
  return stat !== undefined && stat.group === stat.foregroundGroup;
}

function isStopped(pid: number): boolean {
  if (process.platform === "linux") return processStat(pid)?.state === "T";
  try {
    return execFileSync("ps", ["-o", "state=", "-p", String(pid)], { encoding: "latin1" }).startsWith("T");
  } catch {
    return false; // no such process any more, or no `ps`: then Ctrl-Z cannot be followed, which beats guessing
  }
}

/** The fields of `/proc/<pid>/stat` used here (proc_pid_stat(5)); undefined where there is no such file. */
function processStat(
  pid: number | "self",
): { state: string; group: number; foregroundGroup: number } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined; // the process has ended, or this is macOS, which has no /proc
  }
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
  const [state = "", , group, , , foregroundGroup] = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state, group: Number(group), foregroundGroup: Number(foregroundGroup) };
}
