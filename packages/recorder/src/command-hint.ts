/**
 * Guesses why a command that a user typed after `spoor record` is no program, and says what to type instead.
 *
 * A shell knows aliases, functions, builtins and assignments; we start programs. Used only once starting has
 * failed, so it may look around: a few small files.
 */

/** What the guess looks at, all of it from outside. */
export interface Surroundings {
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** A file's text, or undefined when it cannot be read. */
  readonly readText: (path: string) => string | undefined;
}

/** Builtins and keywords of shells; a system may have programs of the same name for some, and then they run. */
const SHELL_WORDS = new Set(
  ". : alias bg bind break builtin case cd continue declare dirs disown eval exec exit export fc fg for function hash history if jobs let local popd pushd read readonly return select set shift shopt source trap type typeset ulimit umask unalias unset until wait while".split(
    " ",
  ),
);

/** Where shells keep aliases and functions, under the home directory. */
const SHELL_FILES = [
  ".bashrc",
  ".bash_aliases",
  ".bash_profile",
  ".profile",
  ".zshrc",
  ".zprofile",
  ".aliases",
  ".config/fish/config.fish",
];

/** One sentence that tells what to type instead, or undefined when nothing better than "not found" is known. */
export function commandHint(command: readonly string[], { env, readText }: Surroundings): string | undefined {
  const [name = ""] = command;
  const shell = env["SHELL"] ?? "sh";
  const throughShell = (flags: string): string => `spoor record -- ${shell} ${flags} '${name} …'`;

  if (/^[A-Za-z_]\w*=/.test(name)) return `Set variables before spoor: ${name} spoor record -- …`;
  if (name.includes("/")) return missingInterpreter(readText(name));
  if (/\s/.test(name)) return `Give the command as separate words, without quotes: spoor record -- ${name}`;
  if (SHELL_WORDS.has(name)) return `"${name}" is part of the shell, not a program: ${throughShell("-c")}`;

  const home = env["HOME"];
  if (home === undefined) return undefined;
  if (name === "claude" && readText(`${home}/.claude/local/claude`) !== undefined)
    return `Claude Code's local install is not on PATH: spoor record -- ~/.claude/local/claude …`;
  const definition = new RegExp(
    String.raw`^\s*(?:alias\s+(?:-\w+\s+)*${escape(name)}[= ]|(?:function\s+)?${escape(name)}\s*\(\)|function\s+${escape(name)}\b)`,
    "m",
  );
  const file = SHELL_FILES.find((candidate) => definition.test(readText(`${home}/${candidate}`) ?? ""));
  if (file !== undefined)
    return `It is an alias or function in ~/${file}; run it through your shell: ${throughShell("-ic")}`;
  return `If it is an alias or function of your shell: ${throughShell("-ic")}`;
}

/** A script that exists and yet is "not found" names an interpreter that does not exist. */
function missingInterpreter(script: string | undefined): string | undefined {
  const interpreter = /^#!\s*(\S+)/.exec(script ?? "")?.[1];
  return interpreter === undefined
    ? undefined
    : `The script is there, but its interpreter ${interpreter} is not.`;
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
