/**
 * The work item (change or issue) of a run: named by the environment where a CI does not, and its link written
 * out where only the number is known.
 *
 * `GITHUB_PR_URL`, `GITHUB_ISSUE_URL`, `PR_NUMBER` and `ISSUE_NUMBER` are what agent workflows set when they
 * start a job that GitHub itself did not start for that change.
 */

import type { Pointers } from "@spoor/trace";
import { admitPointers, digits } from "./admit.ts";
import { changeUrlOf, type Forge, forgeOf, issueUrlOf, parseChangeUrl, parseIssueUrl } from "./change-url.ts";
import type { Environment } from "./ci.ts";

export interface NamedItem {
  number: string | undefined;
  url: string | undefined;
}

export function changeNamedIn(env: Environment): NamedItem | undefined {
  const change = parseChangeUrl(env["GITHUB_PR_URL"]) ?? parseChangeUrl(env["GITHUB_ISSUE_URL"]);
  if (change !== undefined) return { number: change.id, url: change.url };
  const number = digits(env["PR_NUMBER"]);
  return number === undefined ? undefined : { number, url: undefined };
}

export function issueNamedIn(env: Environment): NamedItem | undefined {
  const issue = parseIssueUrl(env["GITHUB_ISSUE_URL"]);
  if (issue !== undefined) return { number: issue.id, url: issue.url };
  const number = digits(env["ISSUE_NUMBER"]);
  return number === undefined ? undefined : { number, url: undefined };
}

/**
 * `pointers` with the work item's fields as complete as they can be. What stands there already stays, with one
 * exception: a change is identified together with the repository it lives in, so where the two differ (a job in
 * one repository works on another's change) `repository_url` becomes the change's. Keys are in the order on disk.
 */
export function completeWorkItem(pointers: Pointers, env: Environment, forge: Forge | undefined): Pointers {
  const repository = pointers.repository_url;
  const pages = forge ?? (repository === undefined ? undefined : forgeOf(repository));
  const write = (
    number: string | undefined,
    urlOf: (repository: string, id: string, forge: Forge) => string,
  ): string | undefined =>
    number === undefined || repository === undefined || pages === undefined
      ? undefined
      : urlOf(repository, number, pages);

  const isNamed = pointers.change_url === undefined && pointers.change_id === undefined;
  const named = isNamed ? changeNamedIn(env) : undefined;
  const changeId = pointers.change_id ?? named?.number ?? parseChangeUrl(pointers.change_url)?.id;
  const changeUrl = pointers.change_url ?? named?.url ?? write(changeId, changeUrlOf);

  const issue = issueNamedIn(env);
  const issueUrl = pointers.issue_url ?? issue?.url ?? write(issue?.number, issueUrlOf);

  const home = (parseChangeUrl(changeUrl) ?? parseIssueUrl(issueUrl))?.repositoryUrl;
  const isElsewhere = home !== undefined && home.toLowerCase() !== repository?.toLowerCase();
  return admitPointers({
    ...pointers,
    ...(isElsewhere && { repository_url: home, repository_id: undefined, visibility: undefined }),
    change_id: changeId,
    change_url: changeUrl,
    issue_url: issueUrl,
  });
}
