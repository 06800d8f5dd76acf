/** What every case of `npm run test:agents` stands on: a model server, a scratch place, an empty store. */

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type ModelServer, startModelServer } from "../model-server/index.ts";
import { AGENTS, type AgentName, type Place } from "./agents.ts";
import { drive, type Finished } from "./drive.ts";
import { leavePlace, preparePlace, resolveAsk } from "./place.ts";
import type { Run, Scenario } from "./scenarios/scenario.ts";
import { type Spoor, spoorAt } from "./spoor.ts";

/** Where a case runs: a scratch folder, the `spoor` command, the agent's commands. */
export interface Setting {
  readonly root: string;
  readonly command: string;
  readonly binFolder: string;
}

export type Outcome =
  | { readonly kind: "passed"; readonly summary: string }
  | { readonly kind: "failed"; readonly differences: readonly string[] }
  | { readonly kind: "skipped"; readonly reason: string };

export interface Case {
  readonly agent: AgentName;
  readonly name: string;
  readonly needsTerminal: boolean;
  run(setting: Setting): Promise<Outcome>;
}

/** A case under way. */
export interface Stage {
  readonly setting: Setting;
  readonly server: ModelServer;
  readonly place: Place;
  readonly spoor: Spoor;
}

/** Sets the stage for `scenario`, lets `act` play on it, and clears it whatever happens. */
export async function onStage<T>(
  scenario: Scenario,
  setting: Setting,
  act: (stage: Stage) => Promise<T>,
): Promise<T> {
  await using server = await startModelServer(scenario.script);
  const place = await preparePlace(scenario, setting.root, server.url);
  await using _servers = { [Symbol.asyncDispose]: () => leavePlace(place) };
  const store = join(setting.root, "store");
  await rm(store, { recursive: true, force: true });
  await mkdir(store, { mode: 0o700 });
  return await act({ setting, server, place, spoor: spoorAt(setting.command, store) });
}

/**
 * Runs the agent under spoor as `run` says.
 *
 * @param more.first The run whose conversation `resume: "same"` means.
 * @param more.command Runs this instead of the agent, in the agent's place and environment.
 */
export async function record(
  { setting, server, place, spoor }: Stage,
  agent: AgentName,
  run: Run,
  more: { readonly first?: Finished; readonly command?: readonly string[] } = {},
): Promise<Finished> {
  const { terminal, kill } = run;
  const launch = {
    agent: AGENTS[agent],
    ask: resolveAsk(run.ask, more.first),
    prefix: spoor.record,
    binFolders: [setting.binFolder],
    environment: spoor.environment,
    ...(more.command && { command: more.command }),
    ...(terminal && { terminal }),
    ...(kill && { kill }),
  };
  return await drive(launch, place, server);
}

export function judged(differences: readonly string[], summary: string): Outcome {
  return differences.length === 0 ? { kind: "passed", summary } : { kind: "failed", differences };
}
