/**
 * The instruction files an agent in this folder is given: which version of the prompt it ran under.
 *
 * Agents read them from the working directory up to the root of the repository. Only path and hash are recorded;
 * the hash is of the file's bytes, so that `git log` finds the version.
 */

import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { sha256 } from "@spoor/trace";

export interface InstructionFile {
  /** Below the root, with forward slashes. */
  path: string;
  sha256: string;
}

/** Looked for in every folder. */
const FILES = [
  "AGENTS.md", // Codex, OpenCode, Cursor, Copilot and others: https://agents.md
  "AGENTS.override.md",
  "CLAUDE.md",
  "CLAUDE.local.md",
  ".claude/CLAUDE.md",
  "GEMINI.md",
  ".github/copilot-instructions.md",
  ".cursorrules",
  ".windsurfrules",
  ".clinerules",
];

/** Looked for in every folder: all files in them with one of these endings. */
const FOLDERS: readonly (readonly [folder: string, ending: RegExp])[] = [
  [".cursor/rules", /\.mdc?$/],
  [".claude/rules", /\.md$/],
  [".github/instructions", /\.instructions\.md$/],
];

/** Far above real ones; more would crowd a head, which is at most 16 KiB. */
const MAX_FILES = 32;
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_PATH_LENGTH = 200;

/**
 * The files from `root` down to `cwd`, outermost first.
 *
 * Left out are files over 1 MiB, what is not a regular file, links that lead out of the root, and all after the
 * 32nd.
 *
 * @param root The repository's; `cwd` itself where there is none.
 */
export function readInstructions(cwd: string, root: string = cwd): InstructionFile[] {
  let realRoot: string;
  try {
    realRoot = realpathSync(root);
  } catch {
    return []; // the folder is gone or closed to us: no agent reads instructions there
  }
  const found: InstructionFile[] = [];
  for (const folder of foldersBetween(realRoot, realPath(cwd) ?? realRoot)) {
    for (const name of [...FILES, ...FOLDERS.flatMap(([rules, ending]) => filesIn(folder, rules, ending))]) {
      if (found.length === MAX_FILES) return found;
      const path = relative(realRoot, join(folder, name)).split(sep).join("/");
      const digest = path.length > MAX_PATH_LENGTH ? undefined : hashInside(realRoot, join(folder, name));
      if (digest !== undefined) found.push({ path, sha256: digest });
    }
  }
  return found;
}

/** From the outermost to the innermost; only `inner` where it does not lie below `outer`. */
function foldersBetween(outer: string, inner: string): string[] {
  const folders = [inner];
  for (let folder = inner; folder !== outer; folder = dirname(folder)) {
    if (dirname(folder) === folder) return [inner];
    folders.unshift(dirname(folder));
  }
  return folders;
}

function filesIn(folder: string, rules: string, ending: RegExp): string[] {
  try {
    const names = readdirSync(join(folder, rules)).filter((name) => ending.test(name));
    return names.sort().map((name) => `${rules}/${name}`);
  } catch {
    return []; // not there, which is the rule
  }
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(resolve(path));
  } catch {
    return undefined; // not there, which is the rule
  }
}

/** sha256 of a file's bytes, if it is a regular file of acceptable size that really lies below `root`. */
function hashInside(root: string, path: string): string | undefined {
  const real = realPath(path);
  if (real === undefined || !real.startsWith(root.endsWith(sep) ? root : root + sep)) return undefined;
  let file: number;
  try {
    // Non-blocking, so that a named pipe does not hold up the start.
    file = openSync(real, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined; // unreadable for us, hence for the agent
  }
  try {
    const stat = fstatSync(file);
    return stat.isFile() && stat.size <= MAX_FILE_BYTES ? sha256(readFileSync(file)) : undefined;
  } catch {
    return undefined; // vanished between the steps
  } finally {
    closeSync(file);
  }
}
