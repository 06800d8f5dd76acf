/**
 * Pointers: what this run can be joined with elsewhere. Repository and commit, change or issue, CI run.
 *
 * `readCi` is immediate and comes first (it decides level, role and folder); `readPointers` asks git and is
 * awaited beside the agent; `readChanges` looks again at the end.
 */

import type { Pointers } from "@spoor/trace";
import { present } from "./admit.ts";
import { type CiFacts, type Environment } from "./ci.ts";
import { type GitFacts, type GitTools, readGit, readParents } from "./git.ts";
import { readTextFile } from "./read-text-file.ts";
import { runGit } from "./run-git.ts";
import { completeWorkItem } from "./work-item.ts";

export { admitPointers } from "./admit.ts";
export { readCi } from "./ci.ts";
export type { CiFacts, Environment } from "./ci.ts";
export { readChanges } from "./git-changes.ts";
export type { GitFacts, GitTools } from "./git.ts";
export { readInstructions } from "./instructions.ts";
export { findChangeOfTool, findCreatedChange } from "./pull-request-links.ts";
export { readTextFile } from "./read-text-file.ts";

/** The real git and files. */
export const GIT_TOOLS: GitTools = { run: runGit, readFile: readTextFile, timeoutMs: 2000 };

export interface PointerFacts {
  pointers: Pointers;
  /** For `readChanges` at the end; undefined outside of a repository. */
  git: GitFacts | undefined;
}

/**
 * Everything known when a run begins. The CI's word counts for the change and the repository, git's for the
 * working directory; what neither says is absent.
 */
export async function readPointers(
  cwd: string,
  env: Environment,
  ci: CiFacts,
  tools: GitTools = GIT_TOOLS,
): Promise<PointerFacts> {
  const git = await readGit(cwd, env, tools);
  const head = await headOf(ci, git, env, tools);
  const found = present<Pointers>({
    ...ci.pointers,
    repository_url: ci.pointers.repository_url ?? git?.repositoryUrl,
    head_revision: head.revision,
    ref_name: head.refName,
    checkout_revision: git?.revision,
    dirty: git?.dirty,
  });
  return { pointers: completeWorkItem(found, env, ci.forge), git };
}

interface NamedRevision {
  revision: string | undefined;
  refName: string | undefined;
}

/** The commit that a human knows; where the CI does not name it, what the checkout tells without guessing. */
async function headOf(
  ci: CiFacts,
  git: GitFacts | undefined,
  env: Environment,
  tools: GitTools,
): Promise<NamedRevision> {
  const { head_revision: revision, ref_name: refName } = ci.pointers;
  if (revision !== undefined) return { revision, refName };

  const own = git !== undefined && isCheckoutOf(git, ci) ? git : undefined;
  if (own?.revision === undefined) {
    const named = ci.ciRevisionRole === "head" ? ci.ciRevision : undefined;
    return { revision: named, refName: refName ?? own?.refName };
  }
  const checkout = { revision: own.revision, refName: own.refName };
  // Unless the CI names another commit, nothing shows that the workflow chose its checkout itself.
  const isCiRevision = own.revision === (ci.ciRevision ?? own.revision);
  if (ci.ciRevisionRole === "head")
    return isCiRevision ? { ...checkout, refName: refName ?? own.refName } : checkout;
  if (ci.ciRevisionRole === "elsewhere" && isCiRevision) return { revision: undefined, refName };

  const parents = await readParents(own, env, tools);
  // GitHub merges a change into its base: the base is the first parent, the head of the change the second.
  const isMerge = parents?.length === 2;
  const isTestMerge =
    isMerge && (isCiRevision ? ci.ciRevisionRole === "merge" : parents[0] === ci.ciRevision);
  if (isTestMerge) return { revision: parents[1], refName };
  const isUnclear = ci.ciRevisionRole === "merge" || parents === undefined || isMerge;
  return isCiRevision && isUnclear ? { revision: undefined, refName } : checkout;
}

/** A job may work in a second repository beside the one it was started for. */
function isCheckoutOf(git: GitFacts, ci: CiFacts): boolean {
  const [ours, theirs] = [git.repositoryUrl?.toLowerCase(), ci.pointers.repository_url?.toLowerCase()];
  return ours === undefined || theirs === undefined || ours === theirs;
}

/** `run_url` without the attempt: a re-run is about the same work. */
const runOf = ({ run_url, repository_url, provider, run_id }: Pointers): string | undefined =>
  run_url?.replace(/\/attempts\/\d+$/, "") ??
  (run_id === undefined ? undefined : `${repository_url ?? provider ?? "ci"}/runs/${run_id}`);

/** Backends cut or refuse longer ones (Langfuse: 200). */
const MAX_SESSION_ID_LENGTH = 200;

/** The work item that all runs about it share: change or issue, else the CI run, else the conversation. */
export function sessionId(pointers: Pointers, conversationId?: string): string | undefined {
  return [pointers.change_url, pointers.issue_url, runOf(pointers), conversationId].find(
    (id) => id !== undefined && id.length <= MAX_SESSION_ID_LENGTH,
  );
}
