/**
 * A coding agent as its surroundings see it: a process named `claude`, `codex` or `gemini` that writes the files
 * and the output which the real one writes. Its prompt, the last word of its command line, names the play.
 */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openFile, playFile, reachedFile, type Step } from "./play.ts";

/** A test that failed opens no gates. */
const LONGEST_WAIT_MS = 30_000;

const stage = process.env["STAGE"] ?? "";
const holdsOpen = basename(process.argv[1] ?? "") === "codex";
const held = new Map<string, number>();

/** Of the process that left us behind. */
const leftBy = Number(process.env["LEFT_BY"] ?? 0);
if (leftBy > 0) await condition(() => !isAlive(leftBy));
for (const step of JSON.parse(
  readFileSync(join(stage, playFile(process.argv.at(-1) ?? "")), "utf8"),
) as Step[])
  await perform(step);

async function perform(step: Step): Promise<void> {
  switch (step.do) {
    case "append":
      return append(filledIn(step.file), filledIn(step.text));
    case "write":
      mkdirSync(dirname(step.file), { recursive: true });
      return writeFileSync(filledIn(step.file), filledIn(step.text));
    case "remove":
      return rmSync(filledIn(step.file), { recursive: true, force: true });
    case "rename":
      return renameSync(filledIn(step.file), filledIn(step.to));
    case "truncate":
      return truncateSync(filledIn(step.file));
    case "print":
      return writeAll(1, filledIn(step.text));
    case "run":
      spawnSync(step.command[0] ?? "", step.command.slice(1), { stdio: "inherit" });
      return;
    case "leave":
      return leave(step.play);
    case "reach":
      return writeFileSync(join(stage, reachedFile(step.gate)), "");
    case "pass":
      return condition(() => existsSync(join(stage, openFile(step.gate))));
    case "pause":
      return delay(step.ms);
    case "exit":
      process.exit(step.code);
  }
}

function filledIn(text: string): string {
  const traceId = process.env["TRACEPARENT"]?.split("-")[1] ?? "";
  return text.replaceAll("@PID@", String(process.pid)).replaceAll("@TRACE_ID@", traceId);
}

function append(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  if (!holdsOpen) return appendFileSync(file, text);
  const descriptor = held.get(file) ?? openSync(file, "a");
  held.set(file, descriptor);
  writeAll(descriptor, text);
}

function writeAll(descriptor: number, text: string): void {
  const data = Buffer.from(text);
  for (let done = 0; done < data.length;) done += writeSync(descriptor, data, done);
}

async function leave(play: string): Promise<void> {
  const [script = "", ...words] = process.argv.slice(1);
  const left = spawn(process.execPath, [script, ...words.slice(0, -1), play], {
    stdio: "ignore",
    detached: true,
    env: { ...process.env, LEFT_BY: String(process.pid) },
  });
  await once(left, "spawn");
  left.unref();
}

async function condition(holds: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + LONGEST_WAIT_MS;
  while (!holds()) {
    if (Date.now() > deadlineMs) process.exit(99);
    await delay(5);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
