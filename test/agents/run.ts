/**
 * `npm run test:agents`: the released agents under `spoor record`, each trace held against the truth.
 *
 *     node test/agents/run.ts [--spoor <command>] [agent | agent/case …]
 *
 * Needs a built checkout, npm's registry (or the cache of an earlier run) and, for the terminal cases,
 * util-linux's `script`; what is missing is skipped and said. Nothing outside a scratch folder is written.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { AGENTS } from "./agents.ts";
import { cases } from "./cases.ts";
import { hasTerminal } from "./drive.ts";
import { install, type Installed } from "./install.ts";
import type { Case, Outcome } from "./stage.ts";

const NAME_WIDTH = 36;

async function main(args: readonly string[]): Promise<number> {
  const at = args.indexOf("--spoor");
  const command = resolve(at === -1 ? "node_modules/.bin/spoor" : (args[at + 1] ?? ""));
  const wanted = at === -1 ? args : args.toSpliced(at, 2);
  const chosen = cases.filter(
    ({ agent, name }) => wanted.length === 0 || wanted.includes(agent) || wanted.includes(`${agent}/${name}`),
  );
  const terminal = hasTerminal();
  const installed = new Map<string, Installed>();
  const counts = { passed: 0, failed: 0, skipped: 0 };

  for (const one of chosen) {
    const agent = AGENTS[one.agent];
    const binaries = installed.get(one.agent) ?? install(agent);
    installed.set(one.agent, binaries);
    const startedAtMs = Date.now();
    const outcome: Outcome =
      binaries.kind === "missing"
        ? { kind: "skipped", reason: `${agent.packageName} is not here: ${binaries.reason}` }
        : one.needsTerminal && !terminal
          ? { kind: "skipped", reason: "no terminal to be had: util-linux's script is missing" }
          : await attempt(one, command, binaries.binFolder);
    counts[outcome.kind] += 1;
    report(one, outcome, Date.now() - startedAtMs);
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  return counts.failed === 0 && counts.passed > 0 ? 0 : 1;
}

async function attempt(one: Case, command: string, binFolder: string): Promise<Outcome> {
  const root = process.env["SPOOR_TEST_ROOT"] ?? (await mkdtemp(join(tmpdir(), "spoor-agents-")));
  try {
    return await one.run({ root, command, binFolder });
  } catch (error) {
    return { kind: "failed", differences: [(error as Error).message] };
  } finally {
    if (process.env["SPOOR_TEST_ROOT"] === undefined) await rm(root, { recursive: true, force: true });
  }
}

function report({ agent, name }: Case, outcome: Outcome, durationMs: number): void {
  const title = `${agent}/${name}`.padEnd(NAME_WIDTH);
  const seconds = `${(durationMs / 1_000).toFixed(1)} s`.padStart(7);
  switch (outcome.kind) {
    case "passed":
      console.log(`ok    ${title}${seconds}  ${outcome.summary}`);
      break;
    case "skipped":
      console.log(`SKIP  ${title}${seconds}  ${outcome.reason}`);
      break;
    case "failed":
      console.log(`FAIL  ${title}${seconds}`);
      for (const difference of outcome.differences) console.log(`        ${difference}`);
      break;
  }
}

process.exitCode = await main(process.argv.slice(2));
