/** `spoor completion SHELL`: prints the script that completes our commands and options. */

import { basename } from "node:path";
import { COMMON_OPTIONS, type Command, defineCommand, type Option } from "../command.ts";
import {
  bashScript,
  type CompletedCommand,
  type CompletedOption,
  fishScript,
  zshScript,
} from "../completion-scripts.ts";
import { EXIT, UsageError } from "../errors.ts";

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;
const SHELLS = Object.keys(SCRIPTS) as (keyof typeof SCRIPTS)[];

/** @param others Called late: the list of commands contains this one. */
export function completionOf(others: () => readonly CompletedCommand[]): Command {
  return defineCommand({
    name: "completion",
    summary: "Prints a script that completes commands and options in bash, zsh or fish.",
    examples: [
      "spoor completion bash >> ~/.bashrc",
      'spoor completion zsh > "${fpath[1]}/_spoor"',
      "spoor completion fish > ~/.config/fish/completions/spoor.fish",
    ],
    positionals: {
      shell: { type: "string", choices: SHELLS, describe: "bash, zsh or fish (default: that of $SHELL)" },
    },
    run({ shell }, io) {
      const wanted = shell ?? SHELLS.find((name) => name === basename(io.env["SHELL"] ?? ""));
      if (wanted === undefined) throw new UsageError(`completion: expected a shell: ${SHELLS.join(", ")}`);
      io.stdout.write(SCRIPTS[wanted](others()));
      return EXIT.done;
    },
  });
}

export function completed({ name, summary, options, positionals }: Command): CompletedCommand {
  const [positional] = Object.entries(positionals);
  return {
    name,
    summary,
    options: Object.entries<Option>({ ...options, ...COMMON_OPTIONS }).map(([option, own]) =>
      completedOption(option, own),
    ),
    argument: positional === undefined ? "text" : (positional[1].choices?.map(String) ?? "file"),
  };
}

function completedOption(
  name: string,
  { describe = "", type, choices, placeholder }: Option,
): CompletedOption {
  if (type === "boolean") return { name, describe };
  return { name, describe, value: choices?.map(String) ?? (placeholder === "DIRECTORY" ? "folder" : "text") };
}
