/**
 * What git knows of the working directory when a run begins.
 *
 * One question, asked beside the agent, which does not wait for it; whatever git cannot or will not answer in
 * time is read from its files, and so are the remotes, unless their file includes others. Remotes are read raw: `git remote get-url` applies `insteadOf`, which is
 * where tokens are injected.
 */

import { join } from "node:path";
import { present, revision } from "./admit.ts";
import type { Environment, ReadFile } from "./ci.ts";
import {
  type ConfigEntry,
  type Head,
  locateRepository,
  parseConfigFile,
  parseConfigOutput,
  readHead,
  type RepositoryLocation,
} from "./git-files.ts";
import { type Difference, emptyTree, readDifference } from "./git-difference.ts";
import { repositoryUrl } from "./repository-url.ts";
import type { GitOutcome, RunGit } from "./run-git.ts";

export interface GitTools {
  run: RunGit;
  readFile: ReadFile;
  /** For each question. */
  timeoutMs: number;
}

export interface GitFacts extends RepositoryLocation {
  /** Absent on an unborn branch. */
  revision?: string;
  /** The branch; when detached the one branch or tag that points here, if there is one. */
  refName?: string;
  /** Absent where git did not answer in time. */
  dirty?: boolean;
  /** What differed from `revision` already; absent where that is not known. */
  difference?: Difference;
  repositoryUrl?: string;
  /** What later questions need before their command: `-c safe.directory=…`, or nothing. */
  trust: readonly string[];
}

interface WorkingTree extends Head {
  dirty?: boolean;
}

const STATUS = ["status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal", "--no-renames"];
const REMOTES = ["config", "--null", "--get-regexp", "^(remote\\..*\\.url|branch\\..*\\.remote)$"];

/** Settings that stand in other files. */
const INCLUDES = /^\s*\[\s*include|worktreeconfig/im;

/** Undefined outside of a repository; no process is started then. */
export async function readGit(cwd: string, env: Environment, tools: GitTools): Promise<GitFacts | undefined> {
  const location = locateRepository(cwd, env, tools.readFile);
  if (location === undefined) return undefined;
  // At once: before git answers, the command may have committed.
  const head = readHead(location, tools.readFile);
  const ask = (args: readonly string[]): Promise<GitOutcome> =>
    tools.run(args, { cwd, env, timeoutMs: tools.timeoutMs });

  const config = tools.readFile(join(location.commonDir, "config")) ?? "";
  const askRemotes = (before: readonly string[] = []): Promise<GitOutcome> =>
    INCLUDES.test(config) ? ask([...before, ...REMOTES]) : Promise.resolve({ kind: "missing" });
  let trust: readonly string[] = [];
  let [status, remotes] = await Promise.all([ask(STATUS), askRemotes()]);
  const dubious = dubiousFolder(status);
  if (dubious !== undefined && mayTrust(env)) {
    trust = ["-c", `safe.directory=${dubious}`];
    [status, remotes] = await Promise.all([ask([...trust, ...STATUS]), askRemotes(trust)]);
  }
  if (status.kind === "exited" && /not a git repository/.test(status.stderr)) return undefined;

  const answer = statusText(status);
  const tree: WorkingTree = answer === undefined ? head : { ...parseStatus(answer), ...head };
  const isAnswered = answer !== undefined || status.kind === "timeout";
  const entries =
    isAnswered && remotes.kind === "exited" ? parseConfigOutput(remotes.stdout) : parseConfigFile(config);
  const difference = await differenceAtStart(location.topLevel, tree, (...args) =>
    tools.run([...trust, ...args], { cwd: location.topLevel, env, timeoutMs: tools.timeoutMs }),
  );
  const isDetached = tree.branch === undefined && tree.revision !== undefined;
  return present<GitFacts>({
    ...location,
    superproject: location.superproject,
    revision: revision(tree.revision),
    refName: isDetached && answer !== undefined ? await nameOfDetached(env, ask, trust) : tree.branch,
    dirty: tree.dirty,
    difference,
    repositoryUrl: chooseRemote(entries, tree.branch),
    trust,
  });
}

async function differenceAtStart(
  topLevel: string,
  { dirty, revision: head }: WorkingTree,
  run: (...args: string[]) => Promise<GitOutcome>,
): Promise<Difference | undefined> {
  if (dirty === undefined) return undefined;
  if (!dirty) return new Map();
  return readDifference(topLevel, head ?? emptyTree(), async (...args) => {
    const outcome = await run(...args);
    return outcome.kind === "exited" && outcome.code === 0 ? outcome.stdout : undefined;
  });
}

/** The folder that git refuses because another user owns it, as git spells it; undefined where it does not refuse. */
function dubiousFolder(status: GitOutcome): string | undefined {
  if (status.kind !== "exited" || status.code !== 128) return undefined;
  return /dubious ownership in repository at '(.+)'/.exec(status.stderr)?.[1];
}

/**
 * Git refuses because such a repository's settings may name programs to run. In a CI's container the other owner
 * is only the host's user id; elsewhere it may be a stranger, and the files tell enough without running anything.
 */
function mayTrust(env: Environment): boolean {
  return ["true", "1"].includes((env["CI"] ?? "").toLowerCase());
}

function statusText(status: GitOutcome): string | undefined {
  if (status.kind === "overflow") return status.stdout;
  return status.kind === "exited" && status.code === 0 ? status.stdout : undefined;
}

/** `git status --porcelain=v2 --branch -z`: headers begin with `#`, everything else is a change. */
function parseStatus(stdout: string): WorkingTree {
  const lines = stdout.split("\0");
  const header = (name: string): string | undefined =>
    lines.find((line) => line.startsWith(`# branch.${name} `))?.slice(`# branch.${name} `.length);
  const oid = header("oid");
  const head = header("head");
  return {
    ...(oid !== undefined && oid !== "(initial)" && { revision: oid }),
    ...(head !== undefined && head !== "(detached)" && { branch: head }),
    dirty: lines.some((line) => line !== "" && !line.startsWith("# ")),
  };
}

/** The branch's own remote, else `origin`, else the first; a local path is no repository anyone else could open. */
function chooseRemote(entries: readonly ConfigEntry[], branch: string | undefined): string | undefined {
  const valueOf = (key: string): string | undefined => entries.find(([each]) => each === key)?.[1];
  const names = entries.flatMap(([key]) => /^remote\.(.*)\.url$/.exec(key)?.[1] ?? []);
  return [valueOf(`branch.${branch}.remote`), "origin", ...names]
    .map((name) => repositoryUrl(valueOf(`remote.${name}.url`)))
    .find((url) => url !== undefined);
}

/** Which branch, else which remote's branch, else which tag a detached head is at, where there is exactly one. */
async function nameOfDetached(
  env: Environment,
  ask: (args: readonly string[]) => Promise<GitOutcome>,
  trust: readonly string[],
): Promise<string | undefined> {
  if (env["GITHUB_HEAD_REF"]) return env["GITHUB_HEAD_REF"];
  const outcome = await ask([...trust, "for-each-ref", "--points-at=HEAD", "--format=%(refname)"]);
  if (outcome.kind !== "exited" || outcome.code !== 0) return undefined;
  const refs = outcome.stdout.split("\n");
  // refs/remotes/origin/HEAD is an alias, refs/remotes/pull/7/merge what GitHub's checkout makes of a change.
  const kinds = [
    /^refs\/heads\/(.+)$/,
    /^refs\/remotes\/(?!pull\/)[^/]+\/(?!HEAD$)(.+)$/,
    /^refs\/tags\/(.+)$/,
  ];
  const names = kinds.map((kind) => new Set(refs.flatMap((ref) => kind.exec(ref)?.[1] ?? [])));
  const first = names.find((each) => each.size > 0);
  return first?.size === 1 ? [...first][0] : undefined;
}

/** The parents of the commit that is checked out, in order; a shallow clone still has their ids. */
export async function readParents(
  git: GitFacts,
  env: Environment,
  tools: GitTools,
): Promise<string[] | undefined> {
  const options = { cwd: git.topLevel, env, timeoutMs: tools.timeoutMs };
  const outcome = await tools.run([...git.trust, "cat-file", "commit", "HEAD"], options);
  if (outcome.kind !== "exited" || outcome.code !== 0) return undefined;
  const [head = ""] = outcome.stdout.split("\n\n");
  return [...head.matchAll(/^parent ([0-9a-f]+)$/gm)].map(([, id = ""]) => id);
}
