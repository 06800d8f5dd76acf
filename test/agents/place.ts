/** Sets up the scratch home and project a scenario runs in. */

import { spawnSync } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AGENTS, type Ask, type Place } from "./agents.ts";
import type { Finished } from "./drive.ts";
import { processesMatching, type ProcessRow } from "./processes.ts";
import type { Scenario } from "./scenarios/scenario.ts";

/** Makes a fresh home and a fresh git project below `root`; what an earlier scenario left there goes. */
export async function preparePlace(scenario: Scenario, root: string, modelUrl: string): Promise<Place> {
  const place: Place = { home: join(root, "agent-home"), cwd: join(root, "project"), modelUrl };
  for (const folder of [place.home, place.cwd]) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
  }
  await AGENTS[scenario.agent].prepare(place);
  const files = { "README.md": "# A project\n", ...scenario.files };
  for (const [path, text] of Object.entries(files)) await writeFile(join(place.cwd, path), text);
  const identity = ["-c", "user.name=Dev", "-c", "user.email=dev@example.com"];
  for (const args of [
    ["init", "-q", "-b", "main"],
    ["add", "-A"],
    [...identity, "commit", "-qm", "start"],
  ]) {
    const git = spawnSync("git", args, { cwd: place.cwd, encoding: "utf8" });
    if (git.status !== 0) throw new Error(`git ${args.join(" ")}: ${git.stderr}`);
  }
  return place;
}

/** Ends the servers that an agent left running in its home (Codex's terminal interface works through one). */
export async function leavePlace(place: Place): Promise<void> {
  const servers = (): ProcessRow[] => processesMatching((args) => args.startsWith(`${place.home}/`));
  const patientUntilMs = Date.now() + 5_000;
  for (let left = servers(); left.length > 0; left = servers()) {
    for (const { pid } of left) end(pid, Date.now() < patientUntilMs ? "SIGTERM" : "SIGKILL");
    await sleep(100);
  }
}

function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // gone meanwhile
  }
}

/** Puts the conversation id of the scenario's first run in the place of `resume: "same"`. */
export function resolveAsk(ask: Ask, first: Finished | undefined): Ask {
  if (ask.resume !== "same") return ask;
  const [, id] = /"(?:thread_id|session_id)":"([0-9a-f-]{36})"/.exec(first?.stdout ?? "") ?? [];
  if (id === undefined) throw new Error("the first run showed no conversation id to resume");
  return { ...ask, resume: id };
}
