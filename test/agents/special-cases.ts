/**
 * Cases that only exist under spoor: several agents in one command or one folder, and spoor's own death.
 * They are the same for every agent but for the words that make it run a command.
 */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Script, ScriptedTool, Step } from "../model-server/index.ts";
import { AGENTS, type AgentName } from "./agents.ts";
import { figureDifferences, lossDifferences } from "./checks.ts";
import type { Scenario } from "./scenarios/scenario.ts";
import type { InvocationRow } from "./spoor.ts";
import { type Case, judged, onStage, type Outcome, record, type Setting } from "./stage.ts";

/** Each agent's tool that runs a command. */
const SHELL: Readonly<Record<AgentName, (command: string) => ScriptedTool>> = {
  codex: (cmd) => ({ name: "exec_command", input: { cmd } }),
  "claude-code": (command) => ({ name: "Bash", input: { command, description: "scripted" } }),
  "gemini-cli": (command) => ({ name: "run_shell_command", input: { command } }),
};

/** Long enough that two runs started together overlap; nothing depends on how long. */
const OVERLAP_MS = 700;

const DONE: Step = { text: "Done.", delayMs: OVERLAP_MS };

function tool(agent: AgentName, word: string): Step {
  return { tools: [SHELL[agent](`echo ${word}`)], delayMs: OVERLAP_MS };
}

/** Two recordings of one agent at once, in one folder: each trace holds its own conversation. */
async function twoAtOnce(scenario: Scenario, setting: Setting): Promise<Outcome> {
  return await onStage(scenario, setting, async (stage) => {
    const ask = (prompt: string): Promise<unknown> =>
      record(stage, scenario.agent, { ask: { prompt, output: "text" } });
    await Promise.all([ask("ALPHA one of two"), ask("BETA two of two")]);
    const { server, spoor } = stage;
    const rows = spoor.list();
    const differences = rows.length === 2 ? [] : [`${rows.length} traces, expected 2`];
    const conversations = rows.map(({ path }) => {
      const models = spoor.spans(path).filter(({ kind }) => kind === "model");
      const outputs = new Set(models.map(({ usage }) => usage?.output_tokens));
      const own = server.calls.filter(({ answer }) => outputs.has(answer.usage.output));
      return new Set(own.map(({ conversation }) => conversation));
    });
    for (const [index, found] of conversations.entries()) {
      if (found.size !== 1)
        differences.push(`trace ${index + 1} holds ${found.size} conversations, expected 1`);
    }
    differences.push(...figureDifferences(rows, server.calls), ...lossDifferences(rows));
    return judged(differences, `${rows.length} traces, one conversation each`);
  });
}

/** `npm run` starting the agent twice: each conversation is found and belongs to the command's trace. */
async function insideNpmRun(scenario: Scenario, setting: Setting): Promise<Outcome> {
  return await onStage(scenario, setting, async (stage) => {
    const agent = AGENTS[scenario.agent];
    const line = (prompt: string): string =>
      [agent.command, ...agent.args({ prompt, output: "text" })].map((word) => `'${word}'`).join(" ");
    const fix = `${line("ALPHA in a script")} && ${line("BETA in a script")}`;
    await writeFile(
      join(stage.place.cwd, "package.json"),
      JSON.stringify({ private: true, scripts: { fix } }),
    );
    const command = ["npm", "run", "--silent", "fix"];
    const { exitCode } = await record(stage, scenario.agent, { ask: { output: "text" } }, { command });

    const { server, spoor } = stage;
    const rows = spoor.list();
    const differences = exitCode === 0 ? [] : [`exit code ${exitCode}, expected 0`];
    differences.push(...figureDifferences(rows, server.calls), ...lossDifferences(rows));
    const found = rows.filter((row) => row.agent === scenario.agent);
    if (found.length !== 2) differences.push(`${found.length} ${scenario.agent} traces, expected 2`);
    if (new Set(rows.map(({ trace_id }) => trace_id)).size !== 1)
      differences.push("the traces have different trace ids");
    return judged(differences, `${rows.length} traces under one trace id`);
  });
}

/** SIGKILL of spoor while the agent works on: an import completes the run and doubles nothing. */
async function spoorKilled(scenario: Scenario, setting: Setting): Promise<Outcome> {
  return await onStage(scenario, setting, async (stage) => {
    const { server, spoor, place } = stage;
    await record(stage, scenario.agent, {
      ask: { prompt: "ALPHA outlive the recorder", output: "text" },
      kill: { whom: "spoor", signal: "SIGKILL", conversation: "ALPHA", asked: 3 },
    });
    const left = spoor.list();
    const differences: string[] = [];
    if (left.length !== 1) differences.push(`${left.length} traces after the kill, expected 1`);
    // The first call and its tool were over before the second answer, OVERLAP_MS earlier.
    const recorded = left.reduce((sum, { llm_calls }) => sum + llm_calls, 0);
    if (recorded === 0) differences.push("nothing was recorded before the kill");
    spoor.importAll(place.home);
    const completed = spoor.list();
    differences.push(...figureDifferences(completed, server.calls), ...lossDifferences(completed));
    differences.push(...runningDifferences(completed));
    spoor.importAll(place.home);
    if (totalRecords(spoor.list()) !== totalRecords(completed))
      differences.push("a second import changed the figures");
    return judged(
      differences,
      `${recorded} of ${server.calls.length} calls before the kill, all after import`,
    );
  });
}

function runningDifferences(rows: readonly InvocationRow[]): string[] {
  return rows
    .filter(({ status }) => status === "running")
    .map(({ path }) => `${path} still counts as running`);
}

function totalRecords(rows: readonly InvocationRow[]): string {
  return JSON.stringify(rows.map(({ path, llm_calls, tool_calls }) => [path, llm_calls, tool_calls]));
}

interface Kind {
  readonly name: string;
  readonly about: string;
  readonly script: (agent: AgentName) => Script;
  readonly run: (scenario: Scenario, setting: Setting) => Promise<Outcome>;
}

const KINDS: readonly Kind[] = [
  {
    name: "two-at-once",
    about: "Two recordings at once in one folder.",
    script: (agent) => ({ ALPHA: [tool(agent, "alpha"), DONE], BETA: [tool(agent, "beta"), DONE] }),
    run: twoAtOnce,
  },
  {
    name: "npm-run",
    about: "The agent twice inside npm run.",
    script: (agent) => ({ ALPHA: [tool(agent, "alpha"), DONE], BETA: [tool(agent, "beta"), DONE] }),
    run: insideNpmRun,
  },
  {
    name: "spoor-killed",
    about: "SIGKILL of spoor, then import.",
    script: (agent) => ({ ALPHA: [tool(agent, "one"), tool(agent, "two"), DONE] }),
    run: spoorKilled,
  },
];

export const specialCases: readonly Case[] = (Object.keys(AGENTS) as AgentName[]).flatMap((agent) =>
  KINDS.map(({ name, about, script, run }) => {
    const scenario: Scenario = { agent, name, about, script: script(agent), runs: [] };
    return { agent, name, needsTerminal: false, run: (setting: Setting) => run(scenario, setting) };
  }),
);
