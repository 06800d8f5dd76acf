/**
 * What the files below `.git` say by themselves: where the repository is, its head, its remotes.
 *
 * Read where git cannot be asked: no `git` in the image, a folder owned by another user, a repository too large
 * to answer in time. Layout: https://git-scm.com/docs/gitrepository-layout and git-config.
 */

import { dirname, join, resolve } from "node:path";
import type { Environment, ReadFile } from "./ci.ts";

export interface RepositoryLocation {
  /** The root of the working tree, absolute. */
  topLevel: string;
  /** Where `HEAD` is; a linked worktree and a submodule have theirs elsewhere than in `topLevel`. */
  gitDir: string;
  /** Where branches, `packed-refs` and `config` are. */
  commonDir: string;
  isWorktree: boolean;
  isShallow: boolean;
  /** The root of the repository that this one is a submodule of. */
  superproject?: string;
}

/** The repository around `cwd`, as git itself would find it; undefined outside of one. */
export function locateRepository(
  cwd: string,
  env: Environment,
  readFile: ReadFile,
): RepositoryLocation | undefined {
  const found = env["GIT_DIR"]
    ? { topLevel: resolve(cwd, env["GIT_WORK_TREE"] ?? "."), gitDir: resolve(cwd, env["GIT_DIR"]) }
    : searchUpward(resolve(cwd), readFile);
  if (found === undefined || readFile(join(found.gitDir, "HEAD")) === undefined) return undefined;
  const shared = readFile(join(found.gitDir, "commondir"))?.trim();
  const commonDir = shared === undefined ? found.gitDir : resolve(found.gitDir, shared);
  const superproject = /^(.+)[\\/]\.git[\\/](?:worktrees[\\/][^\\/]+[\\/])?modules[\\/]/.exec(
    found.gitDir,
  )?.[1];
  return {
    ...found,
    commonDir,
    isWorktree: commonDir !== found.gitDir,
    isShallow: readFile(join(commonDir, "shallow")) !== undefined,
    ...(superproject !== undefined && { superproject }),
  };
}

function searchUpward(start: string, readFile: ReadFile): { topLevel: string; gitDir: string } | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    const dotGit = join(folder, ".git");
    // In a worktree or submodule `.git` is a file that says where the real one is.
    const elsewhere = readFile(dotGit)?.match(/^gitdir: (.+)/)?.[1];
    if (elsewhere !== undefined) return { topLevel: folder, gitDir: resolve(folder, elsewhere.trim()) };
    if (readFile(join(dotGit, "HEAD")) !== undefined) return { topLevel: folder, gitDir: dotGit };
    if (dirname(folder) === folder) return undefined;
  }
}

export interface Head {
  /** Absent on an unborn branch. */
  revision?: string;
  /** Absent when detached. */
  branch?: string;
}

/** The head as the files tell it; `{}` where they do not (refs kept as a reftable). */
export function readHead({ gitDir, commonDir }: RepositoryLocation, readFile: ReadFile): Head {
  const head = readFile(join(gitDir, "HEAD"))?.trim() ?? "";
  const ref = refOf(head);
  if (ref === undefined) return /^[0-9a-f]{40,64}$/.test(head) ? { revision: head } : {};
  if (ref === "refs/heads/.invalid") return {}; // what HEAD says in a repository with reftables
  const revision = resolveRef(commonDir, ref, readFile);
  return { branch: ref.replace(/^refs\/heads\//, ""), ...(revision !== undefined && { revision }) };
}

function refOf(text: string): string | undefined {
  const ref = /^ref: (refs\/\S+)/.exec(text)?.[1];
  return ref?.split("/").includes("..") === true ? undefined : ref;
}

function resolveRef(commonDir: string, name: string, readFile: ReadFile, depth = 0): string | undefined {
  const text = readFile(join(commonDir, name))?.trim();
  const next = text === undefined ? undefined : refOf(text);
  if (next !== undefined) return depth < 5 ? resolveRef(commonDir, next, readFile, depth + 1) : undefined; // git's limit
  return text ?? packedRef(readFile(join(commonDir, "packed-refs")) ?? "", name);
}

/** Lines are `<id> <name>`; the file may have hundreds of thousands of them. */
function packedRef(packed: string, name: string): string | undefined {
  const end = `\n${packed}\n`.indexOf(` ${name}\n`);
  if (end === -1) return undefined;
  const before = `\n${packed}`.slice(0, end);
  return before.slice(before.lastIndexOf("\n") + 1);
}

export type ConfigEntry = readonly [key: string, value: string];

/** `git config --null --get-regexp` writes each entry as key, newline, value, NUL. */
export function parseConfigOutput(stdout: string): ConfigEntry[] {
  return stdout.split("\0").flatMap((entry) => {
    const newline = entry.indexOf("\n");
    return newline === -1 ? [] : [[entry.slice(0, newline), entry.slice(newline + 1)] as const];
  });
}

/** The entries of a config file itself; what it includes is left out. */
export function parseConfigFile(text: string): ConfigEntry[] {
  const entries: ConfigEntry[] = [];
  let section = "";
  for (const line of text.split("\n").map((each) => each.trim())) {
    const header = /^\[([\w.-]+)(?:\s+"((?:\\.|[^"\\])*)")?\]/.exec(line);
    if (header !== null) {
      const [, name = "", sub] = header;
      section = name.toLowerCase() + (sub === undefined ? "" : `.${sub.replaceAll(/\\(.)/g, "$1")}`);
      continue;
    }
    const equals = line.indexOf("=");
    if (equals === -1 || /^[#;]/.test(line)) continue;
    const value = line.slice(equals + 1).trim();
    const bare =
      /^"((?:\\.|[^"\\])*)"/.exec(value)?.[1]?.replaceAll(/\\(.)/g, "$1") ?? value.split(/\s[#;]/)[0];
    entries.push([`${section}.${line.slice(0, equals).trim().toLowerCase()}`, bare ?? ""]);
  }
  return entries;
}
