/**
 * What a run left behind in the repository: commits made, files and lines that differ from its start.
 *
 * Bounded in time and best effort: a figure that git did not give in time is absent, never 0.
 */

import { relative } from "node:path";
import type { Changes } from "@spoor/trace";
import { present, revision } from "./admit.ts";
import type { Environment } from "./ci.ts";
import { type Difference, emptyTree, type FileDifference, readDifference } from "./git-difference.ts";
import { readHead } from "./git-files.ts";
import type { GitFacts, GitTools } from "./git.ts";

/** The clock of a file system may be behind ours by a tick of the kernel's, at most 10 ms. */
const CLOCK_TICK_MS = 10;

/**
 * `files`, `lines_added` and `lines_removed` compare the files with those at the start, so what was committed
 * meanwhile and what was not are counted once. Lines are absent where a file that differed from its commit before
 * the run was changed again: what it held is not known.
 * `commits` counts those that are new since the start and were made after it: a pull or a switch of branches
 * brings commits, but does not make them.
 *
 * @param start What `readGit` found when the run began.
 * @param startTimeMs When that was, in milliseconds since 1970.
 * @param store Our own folder, which may lie in the repository, absolute.
 */
export async function readChanges(
  start: GitFacts,
  startTimeMs: number,
  env: Environment,
  tools: GitTools,
  store?: string,
): Promise<Changes | undefined> {
  const ask = async (...args: string[]): Promise<string | undefined> => {
    const options = { cwd: start.topLevel, env, timeoutMs: tools.timeoutMs };
    const outcome = await tools.run([...start.trust, ...args], options);
    return outcome.kind === "exited" && outcome.code === 0 ? outcome.stdout : undefined;
  };
  // The files tell it without a process, except where refs are kept as a reftable.
  const told =
    readHead(start, tools.readFile).revision ?? (await ask("rev-parse", "--verify", "--quiet", "HEAD"));
  const head = revision(told?.trim());
  if (head === undefined) return undefined;

  const range = start.revision === undefined ? head : `${start.revision}..${head}`;
  const base = start.revision ?? emptyTree(head.length);
  const [commits, difference] = await Promise.all([
    head === start.revision
      ? "0"
      : ask("rev-list", "--count", `--since=@${Math.floor(startTimeMs / 1000)}`, range),
    start.difference && readDifference(start.topLevel, base, ask, start.difference),
  ]);
  return present<Changes>({
    head_revision: head,
    commits: commits === undefined ? undefined : Number(commits),
    ...(start.difference === undefined || difference === undefined
      ? {}
      : sumOf(changedFiles(start.difference, startTimeMs, difference, pathsIn(start.topLevel, store)))),
  });
}

/** What a run did to one file, in lines; undefined where that is not known. */
type FileChange = { added: number; removed: number } | undefined;

/** @param before Read while the run went on already: what is younger than the run was not there at its start. */
function changedFiles(
  before: Difference,
  startTimeMs: number,
  after: Difference,
  isOurs: (path: string) => boolean,
): FileChange[] {
  const changes: FileChange[] = [];
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    if (isOurs(path)) continue;
    const found = before.get(path);
    const old = found !== undefined && found.changedMs < startTimeMs - CLOCK_TICK_MS ? found : undefined;
    const now = after.get(path);
    if (old?.content !== now?.content) changes.push(changeOf(old, now));
  }
  return changes;
}

/** @param old Undefined: as in the commit. @param now Likewise. */
function changeOf(old: FileDifference | undefined, now: FileDifference | undefined): FileChange {
  if (old === undefined && now?.added !== undefined) return { added: now.added, removed: now.removed };
  // It is as in the commit again.
  if (now === undefined && old?.added !== undefined) return { added: old.removed, removed: old.added };
  return undefined;
}

function sumOf(changes: readonly FileChange[]): Pick<Changes, "files" | "lines_added" | "lines_removed"> {
  const known = changes.filter((change) => change !== undefined);
  if (known.length < changes.length) return { files: changes.length };
  return {
    files: changes.length,
    lines_added: known.reduce((sum, { added }) => sum + added, 0),
    lines_removed: known.reduce((sum, { removed }) => sum + removed, 0),
  };
}

/** Which of the repository's paths lie in `store`. */
function pathsIn(topLevel: string, store: string | undefined): (path: string) => boolean {
  if (store === undefined) return () => false;
  const inside = relative(topLevel, store).replaceAll("\\", "/");
  return (path) => path.startsWith(`${inside}/`);
}
