/**
 * Runs scenarios without spoor and keeps everything the agents leave behind, beside the truth: the raw
 * material of `fixtures/transcripts` (see `scrub.ts`) and of the adapters' tests.
 *
 *     node test/agents/collect.ts <folder> [agent[/scenario] …]
 *
 * Best inside a name space with loopback only and its own /home/dev, where paths come out neutral:
 *
 *     unshare -n -m sh -c 'mkdir -p /home/dev && mount -t tmpfs none /home/dev && ip link set lo up &&
 *       SPOOR_TEST_ROOT=/home/dev exec node test/agents/collect.ts <folder>'
 */

import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startModelServer } from "../model-server/index.ts";
import { AGENTS } from "./agents.ts";
import { drive, type Finished } from "./drive.ts";
import { install } from "./install.ts";
import { leavePlace, preparePlace, resolveAsk } from "./place.ts";
import { scenarios } from "./scenarios/index.ts";
import type { Scenario } from "./scenarios/scenario.ts";
import { truthOf } from "./truth.ts";

async function collect(scenario: Scenario, binFolder: string, out: string): Promise<void> {
  const agent = AGENTS[scenario.agent];
  const root = process.env["SPOOR_TEST_ROOT"] ?? (await mkdtemp(join(tmpdir(), "spoor-agents-")));
  await using server = await startModelServer(scenario.script);
  const place = await preparePlace(scenario, root, server.url);
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });

  const runs: Finished[] = [];
  await using _servers = { [Symbol.asyncDispose]: () => leavePlace(place) };
  await using _log = {
    [Symbol.asyncDispose]: () => writeFile(join(out, "requests.json"), json(server.calls)),
  };
  for (const [index, run] of scenario.runs.entries()) {
    const ask = resolveAsk(run.ask, runs[0]);
    const { terminal, kill } = run;
    const finished = await drive(
      { agent, ask, binFolders: [binFolder], ...(terminal && { terminal }), ...(kill && { kill }) },
      place,
      server,
    );
    runs.push(finished);
    const name = `run-${index + 1}`;
    const stdoutName =
      ask.output === "json"
        ? `${name}.stdout.jsonl`
        : `${name}.${ask.output === "tui" ? "screen" : "stdout"}.txt`;
    await writeFile(join(out, stdoutName), finished.stdout);
    await writeFile(join(out, `${name}.stderr.txt`), finished.stderr);
    if (kill === undefined && finished.exitCode !== run.exitCode) {
      throw new Error(
        `${name} exited with ${finished.exitCode}, expected ${run.exitCode}:\n${finished.stderr.slice(-2_000)}`,
      );
    }
  }
  for (const folder of agent.keptFolders) {
    await cp(join(place.home, folder), join(out, "home", folder), { recursive: true }).catch(
      (error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error; // no such folder in this scenario
      },
    );
  }
  const truth = {
    agent: agent.name,
    version: agent.version,
    scenario: scenario.name,
    about: scenario.about,
    cwd: place.cwd,
    runs: runs.map(({ exitCode, signal, startedAtMs, endedAtMs }, index) => ({
      args: agent.args(resolveAsk(scenario.runs[index]?.ask ?? { output: "text" }, runs[0])),
      exit_code: exitCode,
      signal,
      started_at_ms: startedAtMs,
      ended_at_ms: endedAtMs,
    })),
    ...truthOf(server.calls),
    other_requests: server.otherRequests,
  };
  await writeFile(join(out, "truth.json"), json(truth));
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

const [folder, ...wanted] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: collect.ts <folder> [agent[/scenario] …]");
const chosen = scenarios.filter(
  ({ agent, name }) => wanted.length === 0 || wanted.includes(agent) || wanted.includes(`${agent}/${name}`),
);
let failed = 0;
for (const scenario of chosen) {
  const installed = install(AGENTS[scenario.agent]);
  const title = `${scenario.agent}/${scenario.name}`;
  if (installed.kind === "missing") {
    console.log(`SKIP ${title}: ${installed.reason}`);
    continue;
  }
  try {
    await collect(scenario, installed.binFolder, join(folder, scenario.agent, scenario.name));
    console.log(`ok   ${title}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${title}: ${(error as Error).message}`);
  }
}
process.exitCode = failed === 0 ? 0 : 1;
