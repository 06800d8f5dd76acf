/**
 * Starts on Windows what a Windows shell would start under the same name.
 *
 * CreateProcess knows only `.exe`; npm installs agents as `.cmd` files, which Node refuses to start without a
 * shell (CVE-2024-27980). So the name is looked up as cmd.exe would, and a batch file goes through cmd.exe with
 * every argument quoted twice: once for cmd.exe, once for the `%*` inside the batch file.
 */

import { win32 } from "node:path";

/** What to hand to `spawn`; `verbatim` stands for its option `windowsVerbatimArguments`. */
export interface WindowsCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly verbatim: boolean;
}

export interface WindowsLookup {
  readonly cwd: string;
  /** Names as Windows has them, in any case: `Path`, `PATHEXT`, `ComSpec`. */
  readonly env: Readonly<NodeJS.ProcessEnv>;
  readonly isFile: (path: string) => boolean;
}

/** The command as `spawn` must get it, or undefined when no such program exists. */
export function resolveWindowsCommand(
  [name = "", ...args]: readonly string[],
  { cwd, env, isFile }: WindowsLookup,
): WindowsCommand | undefined {
  const variable = (wanted: string): string | undefined =>
    Object.entries(env).find(([key]) => key.toUpperCase() === wanted)?.[1];
  const extensions = (variable("PATHEXT") ?? ".COM;.EXE;.BAT;.CMD").split(";").filter(Boolean);
  // A name with an extension of its own is tried as it stands first, as cmd.exe does.
  const endings = win32.extname(name) === "" ? extensions : ["", ...extensions];
  const folders = /[\\/]/.test(name) ? [cwd] : [cwd, ...(variable("PATH") ?? "").split(";").filter(Boolean)];

  const candidates = folders.flatMap((folder) =>
    endings.map((ending) => win32.resolve(cwd, folder.replaceAll('"', ""), name + ending)),
  );
  const found = candidates.find(isFile);
  if (found === undefined) return undefined;
  if (!/\.(?:cmd|bat)$/i.test(found)) return { file: found, args, verbatim: false };
  const line = [escapeMeta(found), ...args.map((arg) => escapeMeta(escapeMeta(quote(arg))))].join(" ");
  return { file: variable("COMSPEC") ?? "cmd.exe", args: ["/d", "/s", "/c", `"${line}"`], verbatim: true };
}

/** Quotes for the C runtime's argument parser: backslashes count only before a quote, where they double. */
function quote(argument: string): string {
  return `"${argument.replace(/(\\*)"/g, String.raw`$1$1\"`).replace(/(\\*)$/, "$1$1")}"`;
}

/** cmd.exe reads these itself unless a caret stands before them. */
function escapeMeta(text: string): string {
  return text.replace(/[()\][%!^"`<>&|;, *?]/g, "^$&");
}
