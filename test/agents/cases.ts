/** The scenarios, each recorded by spoor and held against its truth, and the special cases. */

import type { LoggedCall } from "../model-server/index.ts";
import { checkPrompts, figureDifferences, killedDifferences, lossDifferences } from "./checks.ts";
import type { Finished } from "./drive.ts";
import { scenarios } from "./scenarios/index.ts";
import type { Run, Scenario } from "./scenarios/scenario.ts";
import { specialCases } from "./special-cases.ts";
import type { InvocationRow } from "./spoor.ts";
import { type Case, judged, onStage, type Outcome, record, type Setting, type Stage } from "./stage.ts";

/** Every run of `scenario` recorded: exit codes kept, each trace equal to its run's truth, an import adds nothing. */
async function recordScenario(scenario: Scenario, setting: Setting): Promise<Outcome> {
  return await onStage(scenario, setting, async (stage) => {
    const { server, spoor, place } = stage;
    const finished: Finished[] = [];
    const differences: string[] = [];
    let prompts = { compared: 0, complete: 0 };
    let known: readonly InvocationRow[] = [];
    let seen = 0;
    for (const [index, run] of scenario.runs.entries()) {
      const say = (what: readonly string[]): void =>
        void differences.push(...what.map((one) => `run ${index + 1}: ${one}`));
      const [first] = finished;
      const end = await record(stage, scenario.agent, run, { ...(first && { first }) });
      finished.push(end);
      say(exitDifferences(run, end));

      const earlier = server.calls.slice(0, seen).findLast(({ conversation }) => conversation !== undefined);
      const calls: readonly LoggedCall[] = server.calls.slice(seen);
      seen = server.calls.length;
      const rows = spoor.list();
      const fresh = rows.filter(({ path }) => !known.some((row) => row.path === path));
      known = rows;
      say(run.kill === undefined ? figureDifferences(fresh, calls) : killedDifferences(fresh, calls));
      say(lossDifferences(fresh));
      const check = checkPrompts(spoor, fresh, server.calls, {
        said: saidIn(scenario),
        ...(earlier && { earlier }),
      });
      say(check.differences);
      prompts = { compared: prompts.compared + check.compared, complete: prompts.complete + check.complete };
    }
    differences.push(...importDifferences(stage, known, place.home));
    return judged(
      differences,
      `${seen} requests, prompts restored: ${prompts.compared}, complete: ${prompts.complete}`,
    );
  });
}

/** Every text that the scenario's model, person or sub-agents say. */
function saidIn({ script, runs }: Scenario): ReadonlySet<string> {
  const answers = Object.values(script).flatMap((steps) => steps.map(({ text }) => text ?? ""));
  const asked = runs.map(({ ask }) => ask.prompt ?? "");
  const typed = runs.flatMap(({ terminal = [] }) =>
    terminal.map((step) => (step.kind === "type" ? step.keys : "")),
  );
  return new Set([...answers, ...asked, ...typed]);
}

function exitDifferences(run: Run, { exitCode, signal }: Finished): string[] {
  // A shell and spoor both tell a death by signal 9 as 128 + 9.
  const expected = run.kill?.signal === "SIGKILL" ? 137 : run.exitCode;
  return exitCode === expected
    ? []
    : [`exit code ${exitCode} (${signal ?? "no signal"}), expected ${expected}`];
}

/** Importing the agent's own folders after a complete recording must add nothing. */
function importDifferences({ spoor }: Stage, before: readonly InvocationRow[], home: string): string[] {
  spoor.importAll(home);
  const after = spoor.list();
  const added = after.filter(({ path }) => !before.some((row) => row.path === path));
  return added.map(
    ({ agent, llm_calls, tool_calls }) =>
      `import added a ${agent} trace with ${llm_calls} calls and ${tool_calls} tools`,
  );
}

const scenarioCases: readonly Case[] = scenarios.map((scenario) => ({
  agent: scenario.agent,
  name: scenario.name,
  needsTerminal: scenario.runs.some(({ ask }) => ask.output === "tui"),
  run: (setting) => recordScenario(scenario, setting),
}));

export const cases: readonly Case[] = [...scenarioCases, ...specialCases];
