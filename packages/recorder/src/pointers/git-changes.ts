/**
 * What a run left behind in the repository: commits made, files and lines that differ from its start.
 *
 * Bounded in time and best effort: a figure that git did not give in time is absent, never 0.
 */

import type { Changes } from "@spoor/trace";
import { present, revision } from "./admit.ts";
import type { Environment } from "./ci.ts";
import { readHead } from "./git-files.ts";
import type { GitFacts, GitTools } from "./git.ts";

/** The tree without files, by the length of the repository's ids (SHA-1, SHA-256). */
const EMPTY_TREE: Readonly<Record<number, string>> = {
  40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
  64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
};

/**
 * `files`, `lines_added` and `lines_removed` compare the tracked files with the commit at the start, so what was
 * committed meanwhile and what was not are counted once; changes that lay there before the run are among them.
 * `commits` counts those that are new since the start and were made after it: a pull or a switch of branches
 * brings commits, but does not make them.
 *
 * @param start What `readGit` found when the run began.
 * @param startTimeMs When that was, in milliseconds since 1970.
 */
export async function readChanges(
  start: GitFacts,
  startTimeMs: number,
  env: Environment,
  tools: GitTools,
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
  const base = start.revision ?? EMPTY_TREE[head.length] ?? head;
  const [commits, difference] = await Promise.all([
    head === start.revision
      ? "0"
      : ask("rev-list", "--count", `--since=@${Math.floor(startTimeMs / 1000)}`, range),
    ask("diff", "--shortstat", "--no-renames", base),
  ]);
  return present<Changes>({
    head_revision: head,
    commits: commits === undefined ? undefined : Number(commits),
    ...(difference === undefined ? {} : parseShortStat(difference)),
  });
}

/** ` 3 files changed, 10 insertions(+), 2 deletions(-)`; what is 0 is left out, all of it where nothing changed. */
function parseShortStat(text: string): Pick<Changes, "files" | "lines_added" | "lines_removed"> {
  const figure = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
  return {
    files: figure(/(\d+) files? changed/),
    lines_added: figure(/(\d+) insertions?\(\+\)/),
    lines_removed: figure(/(\d+) deletions?\(-\)/),
  };
}
