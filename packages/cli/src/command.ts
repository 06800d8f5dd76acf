/**
 * What a command is: its words, its options, and what it does. The parser, the help texts and the shell
 * completions are all made of these.
 */

import type { InferredOptionTypes, Options } from "yargs";
import type { Io } from "./io.ts";

export interface Option extends Options {
  /** What stands for the value in the help text. @default "VALUE" */
  readonly placeholder?: string;
}

type OptionTable = Readonly<Record<string, Option>>;

/** What every command gets. */
export interface CommonArguments {
  /** `--dir`. */
  dir: string | undefined;
}

interface Definition<Positionals extends OptionTable, Own extends OptionTable> {
  readonly name: string;
  /** In the order in which they are written; `required` those that cannot be left out, a list comes last. */
  readonly positionals?: Positionals;
  /** One sentence. */
  readonly summary: string;
  readonly examples: readonly string[];
  /** What else one must know, below the options. */
  readonly notes?: string;
  readonly options?: Own;
  /** Returns the exit code. */
  readonly run: (
    args: InferredOptionTypes<Positionals> & InferredOptionTypes<Own> & CommonArguments,
    io: Io,
  ) => number | Promise<number>;
}

export interface Command {
  readonly name: string;
  readonly positionals: OptionTable;
  readonly summary: string;
  readonly examples: readonly string[];
  readonly notes: string | undefined;
  readonly options: OptionTable;
  readonly run: (args: Readonly<Record<string, unknown>>, io: Io) => number | Promise<number>;
}

/** Options of every command. */
export const COMMON_OPTIONS: { readonly dir: Option & { readonly type: "string" } } = {
  dir: {
    type: "string",
    requiresArg: true,
    placeholder: "DIRECTORY",
    describe:
      "The store (default: $SPOOR_DIR, else under CI its temporary folder, else the user's state folder)",
  },
};

/** The option that most commands have. */
export const JSON_OPTION: {
  readonly json: Option & { readonly type: "boolean"; readonly default: boolean };
} = {
  json: { type: "boolean", default: false, describe: "The documented shape and nothing else" },
};

/** Checks the definition's types and forgets them: yargs guarantees that `run` gets what its options say. */
export function defineCommand<
  const Positionals extends OptionTable = Record<never, Option>,
  const Own extends OptionTable = Record<never, Option>,
>(definition: Definition<Positionals, Own>): Command {
  const { positionals = {}, options = {}, notes, run } = definition;
  return { ...definition, positionals, options, notes, run: run as unknown as Command["run"] };
}

/** `show [RUN]`, as the help texts and yargs write it. */
export function usageOf({ name, positionals }: Command): string {
  const words = Object.entries(positionals).map(([word, { demandOption, type, array }]) => {
    const many = type === "array" || array === true ? ".." : "";
    return demandOption === true ? `<${word}${many}>` : `[${word}${many}]`;
  });
  return [name, ...words].join(" ");
}
