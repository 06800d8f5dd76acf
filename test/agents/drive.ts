/**
 * Runs one agent process from start to end, the way a person or a script would: in the background with
 * pipes, or in a terminal with keys typed; to its natural end, or killed at a known point.
 *
 * Nothing here waits for luck: keys are typed and signals sent when the model server has answered so
 * many calls or when the screen shows a text, and a run that does not get there fails with what it showed.
 */

import { spawn, spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import type { ModelServer } from "../model-server/index.ts";
import { type Agent, type Ask, environmentOf, type Place } from "./agents.ts";
import { agentProcesses, descendants, processesMatching, spoorProcesses } from "./processes.ts";

const POLL_MS = 20;
const DEADLINE_MS = 30_000;
const QUIET_MS = 400;

/** What the person at the terminal does, one after the other. */
export type TerminalStep =
  /** Waits until the screen has shown `text` since the last key typed. */
  | { readonly kind: "see"; readonly text: string }
  /** Waits until nothing has been typed or shown for a moment. */
  | { readonly kind: "quiet" }
  /** Waits until `conversation` has been asked (`asked`) or answered (`answered`) `calls` times. */
  | { readonly kind: "asked" | "answered"; readonly conversation: string; readonly calls: number }
  /** Waits until a process runs whose command line is `command`: a tool that is under way. */
  | { readonly kind: "running"; readonly command: string }
  | { readonly kind: "type"; readonly keys: string };

/** A signal to the agent's own processes, or to spoor's, once `conversation` has been asked `asked` times. */
export interface Kill {
  readonly whom: "agent" | "spoor";
  readonly signal: NodeJS.Signals;
  readonly conversation: string;
  readonly asked: number;
  /** Also waits until a process with this command line runs. */
  readonly during?: string;
}

export interface Launch {
  readonly agent: Agent;
  readonly ask: Ask;
  /** Run instead of the agent's own command; `ask` then says nothing. */
  readonly command?: readonly string[];
  /** Put before the agent's command, such as `["spoor", "record", "--"]`. */
  readonly prefix?: readonly string[];
  readonly binFolders: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly terminal?: readonly TerminalStep[];
  readonly kill?: Kill;
}

export interface Finished {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  /** Empty in a terminal, where both streams are the screen. */
  readonly stderr: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** Thrown when a run does not do what the scenario waits for; holds the end of what it showed. */
class RunStuck extends Error {}

/** Starts the agent and waits for its end, doing on the way what `launch` says. */
export async function drive(launch: Launch, place: Place, server: ModelServer): Promise<Finished> {
  const { agent, ask, prefix = [], binFolders, terminal, kill } = launch;
  const command = [...prefix, ...(launch.command ?? [agent.command, ...agent.args(ask)])];
  const env = { ...environmentOf(agent, place, binFolders), ...launch.environment };
  const [program, ...args] = terminal === undefined ? command : inTerminal(command);
  if (program === undefined) throw new Error("an empty command");

  const startedAtMs = Date.now();
  const child = spawn(program, args, { cwd: place.cwd, env, stdio: ["pipe", "pipe", "pipe"] });
  if (terminal === undefined) child.stdin.end();
  child.stdin.on("error", () => {}); // the agent may be gone when the last key is typed; its exit tells
  let stdout = "";
  let stderr = "";
  let changedAtMs = startedAtMs;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    changedAtMs = Date.now();
    if (terminal !== undefined) child.stdin.write(answersToTerminalQueries(text));
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = new Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode, signal) => resolve({ exitCode, signal }));
  });

  const shown = (): string => `${stripVTControlCharacters(stdout).slice(-1_500)}\n${stderr.slice(-1_500)}`;
  const until = async (what: string, holds: () => boolean): Promise<void> => {
    const deadlineMs = Date.now() + DEADLINE_MS;
    while (!holds()) {
      if (Date.now() > deadlineMs || child.exitCode !== null) {
        throw new RunStuck(
          `${agent.name} ${child.exitCode === null ? "never" : "ended and never"} ${what}:\n${shown()}`,
        );
      }
      await sleep(POLL_MS);
    }
  };
  const calls = (conversation: string, answered: boolean): number =>
    server.calls.filter((call) => call.conversation === conversation && (call.delivered || !answered)).length;

  const perform = async (): Promise<void> => {
    let seenFrom = 0;
    for (const step of terminal ?? []) {
      switch (step.kind) {
        case "type":
          seenFrom = stdout.length;
          changedAtMs = Date.now();
          child.stdin.write(step.keys);
          break;
        case "see":
          await until(`showed "${step.text}"`, () =>
            withoutSpaces(stripVTControlCharacters(stdout.slice(seenFrom))).includes(
              withoutSpaces(step.text),
            ),
          );
          break;
        case "quiet":
          await until("came to rest", () => Date.now() - changedAtMs > QUIET_MS && stdout.length > 0);
          break;
        case "running":
          await until(`ran ${step.command}`, () => isRunning(step.command));
          break;
        case "asked":
        case "answered":
          await until(
            `${step.kind} ${step.conversation} ${step.calls} times`,
            () => calls(step.conversation, step.kind === "answered") >= step.calls,
          );
          break;
      }
    }
    if (kill === undefined) return;
    const { pid } = child;
    if (pid === undefined) throw new RunStuck(`${agent.name} did not start`);
    await until(
      `asked ${kill.conversation} ${kill.asked} times`,
      () => calls(kill.conversation, false) >= kill.asked,
    );
    const tool = kill.during;
    if (tool !== undefined) await until(`ran ${tool}`, () => isRunning(tool));
    const targets = kill.whom === "agent" ? agentProcesses(pid) : spoorProcesses(pid);
    for (const target of targets) process.kill(target.pid, kill.signal);
  };

  const overdue = new AbortController();
  const deadline = sleep(3 * DEADLINE_MS, undefined, { signal: overdue.signal }).then(() => {
    throw new RunStuck(`${agent.name} never ended:\n${shown()}`);
  });
  deadline.catch(() => {}); // an aborted wait; a real one is met by the race below
  try {
    await perform();
    const end = await Promise.race([ended, deadline]);
    return { ...end, stdout, stderr, startedAtMs, endedAtMs: Date.now() };
  } catch (error) {
    const processes = child.pid === undefined ? [] : descendants(child.pid);
    for (const { pid } of processes) process.kill(pid, "SIGKILL");
    throw error;
  } finally {
    overdue.abort();
  }
}

function isRunning(command: string): boolean {
  return processesMatching((args) => args === command).length > 0;
}

/** Whether this machine can give a program a terminal of its own (util-linux's `script`). */
export function hasTerminal(): boolean {
  return spawnSync("script", ["-qec", "true", "/dev/null"], { stdio: "ignore" }).status === 0;
}

function inTerminal(command: readonly string[]): string[] {
  const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  return ["script", "-qec", `stty rows 50 cols 160; exec ${quoted}`, "/dev/null"];
}

/** A terminal is asked where its cursor is and what it can do, and programs wait for the answer. */
function answersToTerminalQueries(output: string): string {
  const answers: readonly (readonly [query: string, answer: string])[] = [
    ["\u001b[6n", "\u001b[1;1R"],
    ["\u001b[c", "\u001b[?62;22c"],
    ["\u001b[?u", "\u001b[?0u"],
  ];
  return answers.map(([query, answer]) => answer.repeat(output.split(query).length - 1)).join("");
}

/** Programs draw a space by moving the cursor, so texts are compared without any. */
function withoutSpaces(text: string): string {
  return text.replace(/\s/g, "");
}
