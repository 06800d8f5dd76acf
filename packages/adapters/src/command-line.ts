/**
 * Reading another program's command line: which program it starts, through the usual runners, and what its
 * flags say. Words are only looked at; argv is never changed.
 */

/** `npx claude`, `pnpm dlx codex`, `bunx gemini`: runners, with the words that stand between them and the package. */
const RUNNERS = new Set([
  "npx",
  "bunx",
  "pnpx",
  "pnpm",
  "yarn",
  "npm",
  "bun",
  "node",
  "deno",
  "env",
  "sudo",
  "nice",
  "time",
  "timeout",
  "stdbuf",
  "command",
  "exec",
]);
const RUNNER_WORDS = new Set(["dlx", "exec", "x", "run", "--", "-y", "--yes", "-q", "--quiet"]);

export interface Program {
  /** The words after the program. */
  args: readonly string[];
}

/**
 * The arguments of the first of `names` that the command starts, directly, by path, or through a runner.
 *
 * @param names Command names or npm packages; a version behind `@` is ignored.
 * @param script The program's own script, as Node would be given it.
 */
export function programOf(
  command: readonly string[],
  names: readonly string[],
  script?: RegExp,
): Program | undefined {
  for (const [index, word] of command.entries()) {
    if (matches(word, names) || script?.test(word.replaceAll("\\", "/")))
      return { args: command.slice(index + 1) };
    const name = baseName(word);
    const passedOver =
      (index === 0 ? RUNNERS.has(name) : RUNNERS.has(name) || RUNNER_WORDS.has(word)) ||
      (index > 0 && (word.startsWith("-") || /^\w+=/.test(word) || /^\d+[smhd]?$/.test(word))) ||
      /^\w+=/.test(word);
    if (!passedOver) return undefined;
  }
  return undefined;
}

function matches(word: string, names: readonly string[]): boolean {
  const plain = word.replace(/(?<=.)@[^/@]*$/, "");
  return names.includes(plain) || names.includes(baseName(plain));
}

function baseName(word: string): string {
  return word
    .slice(Math.max(word.lastIndexOf("/"), word.lastIndexOf("\\")) + 1)
    .replace(/\.(exe|cmd|ps1|bat)$/i, "");
}

/** `--flag value` or `--flag=value`; the last one counts. Words after `--` are not flags. */
export function valueOfFlag(args: readonly string[], ...flags: readonly string[]): string | undefined {
  const end = args.indexOf("--");
  let value: string | undefined;
  for (const [index, word] of args.slice(0, end === -1 ? undefined : end).entries())
    for (const flag of flags) {
      if (word === flag) value = args[index + 1];
      else if (word.startsWith(`${flag}=`)) value = word.slice(flag.length + 1);
    }
  return value;
}
