/**
 * `spoor record [options] [--] CMD…`: runs a command untouched and leaves a trace of what its agent did.
 *
 * Options are read by hand: this stands between a shell and its command, and yargs alone would cost three
 * times the start of Node.
 */

import { writeFileSync } from "node:fs";
import type { AgentName } from "@spoor/adapters";
import {
  exitCodeOf,
  type Level,
  type OnSecret,
  type Recorded,
  recordCommand,
  runCommand,
  sumInvocations,
} from "@spoor/recorder";
import { type Invocation, traceDirectory } from "@spoor/trace";
import { AGENTS, agentFromEnv, levelFromEnv, LEVELS } from "../env-choices.ts";
import { formatCost, formatDuration, formatTokens } from "../format.ts";
import { absolutePath, type Io } from "../io.ts";
import { inheritedFds, letGo } from "../launch/stdio.ts";

export const RECORD_HELP = `Runs a command untouched and leaves a trace of what its agent did.

  spoor record -- claude -p "fix the failing test"
  spoor record codex exec "review this branch"
  spoor record --role reviewer -- npm run agent

Usage: spoor record [options] [--] COMMAND [ARGUMENT…]
Options end at the first word that is not one; the command's own words are never changed.

  --role NAME             what the agent is for (default: under CI workflow/job, else the agent's name)
  --team NAME             whose it is
  --agent NAME            what to call the agent where the command does not show it
  --level full|metadata   metadata: no prompt, completion, argument or result is stored
                          (default: full; under CI metadata, unless the repository is known to be private)
  --on-secret redact|suppress|fail
                          suppress: no more content after a secret was found;
                          fail: exit code 1 where the command itself returned 0;
                          needs level full: metadata has no content to look at
  --result-file FILE      writes the invocation as one JSON object
  --dir DIRECTORY         the store (default: $SPOOR_DIR, else under CI its temporary folder,
                          else the user's state folder)
  --quiet                 no closing line
  --help

The exit code is the command's own: 127 when there is no such command, 126 when it cannot be started,
128+n when signal n ended it.
`;

const VALUE_OPTIONS = [
  "--agent",
  "--role",
  "--team",
  "--level",
  "--on-secret",
  "--result-file",
  "--dir",
] as const;
type ValueOption = (typeof VALUE_OPTIONS)[number];

type Parsed =
  | { kind: "run"; command: readonly string[]; values: Partial<Record<ValueOption, string>>; quiet: boolean }
  | { kind: "help" }
  | { kind: "wrong"; problem: string };

export function parseRecordArguments(args: readonly string[]): Parsed {
  const values: Partial<Record<ValueOption, string>> = {};
  let quiet = false;
  let index = 0;
  for (; index < args.length; index++) {
    const word = args[index] as string;
    if (word === "--") {
      index++;
      break;
    }
    if (!word.startsWith("-") || word === "-") break;
    if (word === "--help" || word === "-h") return { kind: "help" };
    if (word === "--quiet" || word === "-q") {
      quiet = true;
      continue;
    }
    const [name = "", inline] = splitOnce(word);
    if (!isValueOption(name)) return { kind: "wrong", problem: `no such option: ${name}` };
    const value = inline ?? args[++index];
    if (value === undefined || value === "") return { kind: "wrong", problem: `${name}: expected a value` };
    const allowed = CHOICES[name];
    if (allowed !== undefined && !allowed.includes(value))
      return { kind: "wrong", problem: `${name}: expected ${allowed.join(", ")}; got "${value}"` };
    values[name] = value;
  }
  const command = args.slice(index);
  if (command.length === 0)
    return {
      kind: "wrong",
      problem: "no command given; expected one, as in: spoor record -- claude -p 'fix the tests'",
    };
  return { kind: "run", command, values, quiet };
}

const CHOICES: Partial<Record<ValueOption, readonly string[]>> = {
  "--level": LEVELS,
  "--on-secret": ["redact", "suppress", "fail"],
  "--agent": AGENTS,
};

function isValueOption(name: string): name is ValueOption {
  return (VALUE_OPTIONS as readonly string[]).includes(name);
}

function splitOnce(word: string): [string, string?] {
  const at = word.indexOf("=");
  return at === -1 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}

export async function record(args: readonly string[], io: Io): Promise<number> {
  const passedFds = inheritedFds();
  const parsed = parseRecordArguments(args);
  if (parsed.kind === "help") {
    io.stdout.write(RECORD_HELP);
    return 0;
  }
  if (parsed.kind === "wrong") {
    io.stderr.write(`spoor record: ${parsed.problem}\n`);
    return 2;
  }
  const { command, values, quiet } = parsed;
  if (io.env["SPOOR_DISABLED"] === "true") return runPlain(command, io, passedFds);

  const named = traceDirectory({ flag: values["--dir"], env: io.env, platform: process.platform });
  const directory = absolutePath(named, io);
  if (directory === undefined) {
    const code = await runPlain(command, io, passedFds);
    tellNoTrace(`its store is ${named} in the working folder, which is gone`, io);
    return code;
  }
  const recorded = await recordCommand(command, {
    directory,
    env: io.env,
    cwd: io.cwd,
    nowMs: io.now,
    agent: (values["--agent"] as AgentName | undefined) ?? agentFromEnv(io),
    role: values["--role"] ?? io.env["SPOOR_ROLE"],
    team: values["--team"] ?? io.env["SPOOR_TEAM"],
    level: (values["--level"] as Level | undefined) ?? levelFromEnv(io),
    onSecret: values["--on-secret"] as OnSecret | undefined,
    passedFds,
    onStart: ({ teed }) => letGo(teed ? [0] : [0, 1]),
  });
  complainAboutStart(command, recorded, io);
  if (recorded.refused !== undefined) tellNoTrace(recorded.refused, io);
  if (values["--on-secret"] === "fail" && recorded.level === "metadata")
    io.stderr.write(
      "spoor: --on-secret fail had no prompt, completion, argument or result to look at: level metadata stores none.\n",
    );
  const [own, ...others] = recorded.invocations;
  if (own === undefined) return recorded.exitCode;
  const result = sumInvocations(own, others);
  if (values["--result-file"] !== undefined) writeResult(values["--result-file"], result, io);
  if (!quiet && recorded.end.kind === "exited") io.stderr.write(closingLine(result, others.length, recorded));
  return recorded.exitCode;
}

function tellNoTrace(reason: string, io: Io): void {
  io.stderr.write(`spoor: no trace of this run: ${reason}. The command was not affected.\n`);
}

async function runPlain(command: readonly string[], io: Io, passedFds: readonly number[]): Promise<number> {
  const end = await runCommand(command, { env: io.env, passedFds, onStart: () => letGo([0, 1]) });
  complainAboutStart(command, { end }, io);
  return exitCodeOf(end);
}

function complainAboutStart(command: readonly string[], { end }: Pick<Recorded, "end">, io: Io): void {
  if (end.kind === "not_found")
    io.stderr.write(
      `spoor: ${command[0]}: command not found${end.hint === undefined ? "" : `. ${end.hint}`}\n`,
    );
  else if (end.kind === "not_executable")
    io.stderr.write(`spoor: ${command[0]}: cannot be started (${end.reason})\n`);
}

function writeResult(path: string, result: Invocation, io: Io): void {
  try {
    writeFileSync(path, `${JSON.stringify(result)}\n`);
  } catch (error) {
    io.stderr.write(`spoor: the result file was not written: ${(error as Error).message}\n`);
  }
}

/** What happened, in one line, and how to see more. */
function closingLine(result: Invocation, others: number, { redactions, ambiguous }: Recorded): string {
  const { gaps = 0 } = result.losses;
  const secrets = Object.values(redactions).reduce((sum, count) => sum + count, 0);
  const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
  const parts = [
    `${result.status} in ${formatDuration(result.duration_ms)}`,
    ...(result.llm_calls + result.llm_errors === 0
      ? []
      : [formatTokens(result.usage), formatCost(result.cost)]),
    ...(result.tool_calls === 0
      ? []
      : [
          `${plural(result.tool_calls, "tool call")}${result.tool_errors === 0 ? "" : ` (${result.tool_errors} failed)`}`,
        ]),
    ...(others === 0 ? [] : [plural(others, "conversation")]),
    ...(secrets === 0 ? [] : [`${plural(secrets, "secret")} removed`]),
    ...(gaps === 0 ? [] : [`${plural(gaps, "record")} could not be written`]),
    ...(ambiguous === 0 ? [] : ["several agents wrote here at once: see `spoor import`"]),
    `spoor show ${result.invocation_id.slice(-12)}`,
  ];
  return `spoor: ${parts.join(" · ")}\n`;
}
