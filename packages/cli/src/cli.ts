/**
 * Every command but `record`: finds the one that is meant, checks its options, runs it, and gives errors their
 * words and exit codes.
 */

import yargs, { type Argv } from "yargs";
import { COMMON_OPTIONS, type Command, type Option, usageOf } from "./command.ts";
import { completed, completionOf } from "./commands/completion.ts";
import type { CompletedCommand } from "./completion-scripts.ts";
import { decision } from "./commands/decision.ts";
import { doctor } from "./commands/doctor.ts";
import { importRuns } from "./commands/import.ts";
import { list } from "./commands/list.ts";
import { redact } from "./commands/redact.ts";
import { show } from "./commands/show.ts";
import { verify } from "./commands/verify.ts";
import { describeFileError, EXIT, Failure, UsageError } from "./errors.ts";
import { commandHelp, topHelp } from "./help.ts";
import { BrokenPipe, type Io } from "./io.ts";
import { version } from "./launch/version.ts";
import { visible } from "./terminal/visible.ts";

/** In the order of the help text. */
const COMMANDS: readonly Command[] = [
  importRuns,
  list,
  show,
  decision,
  verify,
  redact,
  doctor,
  completionOf(() => [RECORD, ...COMMANDS.map(completed)]),
];

/** Reads its own arguments (commands/record.ts); here only so that it is found, completed and suggested. */
const RECORD: CompletedCommand = {
  name: "record",
  summary: "Runs a command untouched and leaves a trace of what its agent did.",
  argument: "command",
  options: [
    { name: "role", describe: "What the agent is for", value: "text" },
    { name: "team", describe: "Whose it is", value: "text" },
    { name: "agent", describe: "What to call the agent", value: "text" },
    { name: "level", describe: "What is stored", value: ["full", "metadata"] },
    { name: "on-secret", describe: "What a secret does", value: ["redact", "suppress", "fail"] },
    { name: "result-file", describe: "Where the invocation object goes", value: "file" },
    { name: "dir", describe: "The store", value: "folder" },
    { name: "quiet", describe: "No closing line" },
    { name: "help", describe: "Show help" },
  ],
};

/** Runs the command that `args` names and returns its exit code. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  try {
    return await dispatch(args, io);
  } catch (error) {
    if (error instanceof BrokenPipe) throw error;
    const [message, code] = wordsOf(error);
    const lines = message.split("\n").map(visible);
    io.stderr.write(`spoor: ${lines.join("\n")}\n`);
    return code;
  }
}

function wordsOf(error: unknown): [message: string, code: number] {
  if (error instanceof UsageError) return [error.message, EXIT.wrongUsage];
  if (error instanceof Failure) return [error.message, EXIT.couldNotDoIt];
  const problem = describeFileError(error);
  if (problem === undefined) throw error;
  return [problem, EXIT.couldNotDoIt];
}

async function dispatch(args: readonly string[], io: Io): Promise<number> {
  const words = args[0] === "help" ? [...args.slice(1), "--help"] : args;
  const recordArguments = argumentsOfRecord(words);
  if (recordArguments !== undefined)
    return (await import("./commands/record.ts")).record(recordArguments, io);

  const asked = await parse(words);
  const columns = io.stdout.columns;
  switch (asked.kind) {
    case "version":
      io.stdout.write(`${version}\n`);
      return EXIT.done;
    case "help":
      io.stdout.write(
        asked.command === undefined
          ? topHelp([RECORD, ...COMMANDS], columns)
          : commandHelp(asked.command, columns),
      );
      return EXIT.done;
    case "run":
      return asked.command.run(asked.args, io);
  }
}

/** Where the command stands among `words`: `--dir` may come before it. */
function commandIndex(words: readonly string[]): number {
  let at = 0;
  while (words[at] === "--dir" || words[at]?.startsWith("--dir=") === true)
    at += words[at] === "--dir" ? 2 : 1;
  return at;
}

/** What stands before `record` it reads as its own. */
function argumentsOfRecord(words: readonly string[]): readonly string[] | undefined {
  const at = commandIndex(words);
  return words[at] === RECORD.name ? [...words.slice(0, at), ...words.slice(at + 1)] : undefined;
}

type Asked =
  | { kind: "version" }
  | { kind: "help"; command: Command | undefined }
  | { kind: "run"; command: Command; args: Readonly<Record<string, unknown>> };

/** @throws {UsageError} When `words` are not a command and its options. */
async function parse(words: readonly string[]): Promise<Asked> {
  let chosen: Asked = { kind: "help", command: undefined };
  const parser = parserOf(words[commandIndex(words)], (command, args) => {
    chosen = { kind: "run", command, args };
  });
  let asksHelp = false;
  let asksVersion = false;
  let first: unknown;
  // With a callback yargs prints nothing itself.
  await parser.parseAsync([...words], {}, (_error, args) => {
    asksHelp = args["help"] === true;
    asksVersion = args["version"] === true;
    first = args._[0];
  });
  if (asksVersion) return { kind: "version" };
  if (asksHelp) return { kind: "help", command: COMMANDS.find(({ name }) => name === first) };
  return chosen;
}

/** @param word The one that stands where a command is expected. */
function parserOf(
  word: string | undefined,
  choose: (command: Command, args: Readonly<Record<string, unknown>>) => void,
): Argv {
  const parser = yargs()
    .scriptName("spoor")
    .exitProcess(false)
    .detectLocale(false)
    .updateStrings(WORDING as unknown as Record<string, string>) // its types do not know plurals
    .parserConfiguration({
      "boolean-negation": false,
      "dot-notation": false,
      "camel-case-expansion": false,
      "parse-numbers": false,
      "parse-positional-numbers": false,
    })
    .options(mapValues(COMMON_OPTIONS, lastCounts))
    .wrap(null) // its own guess would open stdout
    .help()
    .alias("help", "h")
    .version(version)
    .strict()
    .recommendCommands()
    .fail((message: string | null, error: Error | undefined) => {
      throw error !== undefined && error.name !== "YError"
        ? error
        : complaint(message ?? error?.message ?? "", word);
    });
  for (const command of COMMANDS)
    parser.command(
      usageOf(command),
      command.summary,
      (own) => {
        for (const [name, options] of Object.entries(command.positionals))
          own.positional(name, options as never);
        return own.options(mapValues(command.options, lastCounts));
      },
      (args) => choose(command, args),
    );
  return parser.command(RECORD.name, RECORD.summary, {}, () => {
    throw new UsageError(
      "record: its options stand after it, as in: spoor record --role reviewer -- claude -p review",
    );
  });
}

/** `--limit 5 --limit 9` is 9, as an alias with an option of its own needs it; yargs would make a list of them. */
function lastCounts(option: Option): Option {
  return { ...option, coerce: (value: unknown) => (Array.isArray(value) ? value.at(-1) : value) };
}

function mapValues(table: Command["options"], change: (option: Option) => Option): Record<string, Option> {
  return Object.fromEntries(Object.entries(table).map(([name, option]) => [name, change(option)]));
}

function complaint(message: string, word: string | undefined): UsageError {
  const problem = message.replaceAll(/\s+/g, " ").trim();
  const command = COMMANDS.find(({ name }) => name === word);
  if (command !== undefined)
    return new UsageError(`${command.name}: ${problem}. See \`spoor ${command.name} --help\``);
  const isCommandLike = word !== undefined && !word.startsWith("-");
  const suggestion = problem.startsWith(SUGGESTION) ? `; ${problem}` : ".";
  return new UsageError(
    `${isCommandLike ? `no such command: ${word}${suggestion}` : `${problem}.`} \`spoor --help\` lists the commands`,
  );
}

const SUGGESTION = "did you mean";

function oneAndMany(words: string): { one: string; other: string } {
  return { one: words, other: words };
}

/** How yargs' complaints read here. */
const WORDING = {
  "Unknown command: %s": oneAndMany("no such command: %s"),
  "Unknown argument: %s": oneAndMany("no such option or argument: %s"),
  "Did you mean %s?": `${SUGGESTION} \`%s\`?`,
  "Not enough arguments following: %s": "--%s: expected a value",
  "Not enough non-option arguments: got %s, need at least %s": oneAndMany(
    "got %s arguments, expected at least %s",
  ),
  "Argument: %s, Given: %s, Choices: %s": "%s: got %s, expected one of %s",
  "Invalid values:": " ",
};
