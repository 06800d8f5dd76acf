/** `spoor import`: what agents stored by themselves, as traces. */

import { readFileSync } from "node:fs";
import { ADAPTERS, type AgentName } from "@spoor/adapters";
import { closeDeadTraces, importConversations, type ImportResult, type Level, readCi } from "@spoor/recorder";
import { resolve } from "node:path";
import { type Command, defineCommand, JSON_OPTION } from "../command.ts";
import { agentTitle, countConversations } from "../conversations.ts";
import { levelFromEnv } from "../env-choices.ts";
import { EXIT } from "../errors.ts";
import type { Io } from "../io.ts";
import { writeJson } from "../json.ts";
import { parseSince } from "../local-time.ts";
import { runLines } from "../runs-table.ts";
import { homeOf, storeDirectory } from "../store.ts";
import { lookOf, printLines } from "../terminal/screen.ts";
import { visible } from "../terminal/visible.ts";

const MOST_ROWS = 20;
const MOST_PROBLEMS = 10;

export const importRuns: Command = defineCommand({
  name: "import",
  summary:
    "Makes traces of the conversations that agents stored by themselves; doing it again adds only what is new.",
  examples: [
    "spoor import --since 7d                what Claude Code, Codex and Gemini CLI stored this week",
    "spoor import --agent codex",
    "spoor import session.jsonl stdout.jsonl",
  ],
  positionals: {
    path: {
      type: "string",
      array: true,
      describe: "Transcripts, saved JSON streams, or folders of them (default: the agents' own folders)",
    },
  },
  options: {
    agent: {
      choices: ADAPTERS.map(({ name }) => name),
      requiresArg: true,
      placeholder: "AGENT",
      describe: `Only of this agent: ${ADAPTERS.map(({ name }) => name).join(", ")}`,
    },
    since: {
      type: "string",
      requiresArg: true,
      placeholder: "TIME",
      describe: "Only files changed since: 7d, 36h, 2026-11-01",
    },
    ...JSON_OPTION,
  },
  run({ path: paths = [], agent, since, json, ...common }, io) {
    const directory = storeDirectory(common, io);
    const sinceMs = since === undefined ? undefined : parseSince(since, io.now());
    if (paths.length === 0 && !json) io.stderr.write(`${visible(lookingText(agent, io))}\n`);
    closeDeadTraces(directory, { closedBy: "import", nowMs: io.now() });
    const given = paths.map((path) => resolve(io.cwd, path));
    const result = importConversations(given, {
      directory,
      env: io.env,
      home: homeOf(io.env),
      level: levelOf(io),
      agent,
      sinceMs,
    });
    if (json) for (const run of result.imported) writeJson(run, io.stdout);
    else tell(result, io);
    tellProblems(result, io);
    // An empty transcript in a folder of many is nobody's fault; alone, or named, it is not what was asked for.
    const nothingRead = result.imported.length + result.unchanged === 0;
    const missed = result.empty.some(({ path }) => given.includes(path) || nothingRead);
    return missed || result.failed.length > 0 ? EXIT.couldNotDoIt : EXIT.done;
  },
});

function lookingText(agent: AgentName | undefined, { env }: Io): string {
  const counts = countConversations(env, homeOf(env)).filter(
    (one) => agent === undefined || one.agent === agent,
  );
  const found = counts.filter(({ count }) => count > 0).map(({ count, title }) => `${count} ${title}`);
  if (found.length > 0) return `Reading ${found.join(", ")} conversations …`;
  const folders = counts.flatMap((one) => one.folders).join(", ");
  return `No conversations of ${agent === undefined ? "any known agent" : agentTitle(agent)}: looked in ${folders}`;
}

/** As when recording: what a public CI stores, strangers may read. */
function levelOf(io: Io): Level {
  const wanted = levelFromEnv(io);
  if (wanted !== undefined) return wanted;
  const ci = readCi(io.env, readText);
  return ci.isCi && ci.isPublicOrUnknown ? "metadata" : "full";
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Without the CI's event file its repository counts as unknown.
    return undefined;
  }
}

function tell({ imported, unchanged }: ImportResult, io: Io): void {
  const look = lookOf(io.stdout, io.env);
  const newest = imported.toSorted((a, b) => (a.start_time < b.start_time ? 1 : -1)).slice(0, MOST_ROWS);
  if (newest.length > 0) printLines(runLines(newest, look.columns, io.env["TZ"]), io.stdout, look);
  const rest = imported.length - newest.length;
  const told = [
    `${imported.length} imported${rest > 0 ? ` (${rest} more than shown: \`spoor list\`)` : ""}`,
    ...(unchanged > 0 ? [`${unchanged} unchanged`] : []),
    ...(imported.length > 0 ? ["`spoor show` opens the latest"] : []),
  ];
  io.stderr.write(`${told.join(" · ")}\n`);
}

function tellProblems({ failed, empty }: ImportResult, io: Io): void {
  const problems = [...failed, ...empty];
  for (const { path, reason } of problems.slice(0, MOST_PROBLEMS))
    io.stderr.write(`spoor: ${visible(`${path}: ${reason}`)}\n`);
  if (problems.length > MOST_PROBLEMS)
    io.stderr.write(`spoor: ${problems.length - MOST_PROBLEMS} more could not be imported\n`);
}
