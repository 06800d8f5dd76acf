/**
 * GitHub Actions, and Gitea's and Forgejo's, which speak its language.
 *
 * Three commits are kept apart: the head that a human knows (`head_revision`), the one that the CI took for the
 * run (`GITHUB_SHA`; on a change a throw-away merge) and the one in the working directory, which git tells.
 * Variables: https://docs.github.com/en/actions/reference/workflows-and-actions/variables.
 */

import { type Link, sha256 } from "@spoor/trace";
import type { CiReading, CiRevisionRole, Environment, ReadFile } from "./ci.ts";
import { type GitHubEvent, readGitHubEvent, type WorkItem } from "./github-event.ts";
import { changeNamedIn, issueNamedIn } from "./work-item.ts";

/** Events for which `GITHUB_SHA` is merely the tip of the default branch; what is worked on, the checkout tells. */
const ON_DEFAULT_BRANCH: ReadonlySet<string> = new Set([
  "issue_comment",
  "issues",
  "schedule",
  "workflow_run",
  "repository_dispatch",
]);

export function readGitHub(env: Environment, readFile: ReadFile): CiReading {
  const name = env["GITEA_ACTIONS"] ? "gitea" : env["FORGEJO_ACTIONS"] ? "forgejo" : "github";
  const forge = name === "github" ? "github" : "gitea";
  const event = readGitHubEvent(readPayload(env["GITHUB_EVENT_PATH"], readFile));
  const trigger = env["GITHUB_EVENT_NAME"] ?? "";
  const ref = env["GITHUB_REF"] ?? "";
  const mergedNumber = /^refs\/pull\/(\d+)\/merge$/.exec(ref)?.[1];

  const change = changeOf(event, env, ref);
  const issue = event.issue ?? issueNamedIn(env);
  const isOnChange = change !== undefined || trigger.startsWith("pull_request");
  const isTip = trigger === "push" || (!isOnChange && !ON_DEFAULT_BRANCH.has(trigger));
  const role: CiRevisionRole = mergedNumber !== undefined ? "merge" : isOnChange ? "elsewhere" : "head";

  const server = env["GITHUB_SERVER_URL"];
  const home = change?.repository?.name ?? event.issue?.repository?.name;
  const isHome = home === undefined || home === env["GITHUB_REPOSITORY"];
  const repository = isHome ? event.repository : change?.repository;
  return {
    pointers: {
      repository_url: `${server}/${isHome ? env["GITHUB_REPOSITORY"] : String(home)}`,
      repository_id: isHome ? (env["GITHUB_REPOSITORY_ID"] ?? repository?.id) : repository?.id,
      visibility: repository?.visibility,
      head_revision: change?.headRevision ?? event.headRevision ?? (isTip ? env["GITHUB_SHA"] : undefined),
      ref_name:
        change?.headRef ??
        (env["GITHUB_HEAD_REF"] || (event.headRef ?? (isTip || !isOnChange ? ref : undefined))),
      base_ref: change?.baseRef ?? (env["GITHUB_BASE_REF"] || event.baseRef),
      base_revision: change?.baseRevision ?? event.baseRevision,
      merge_revision: mergedNumber === undefined ? change?.mergeRevision : env["GITHUB_SHA"],
      change_id: change?.number,
      change_url: change?.url,
      issue_url: issue?.url,
      ...runOf(env, name),
      job_name: env["GITHUB_JOB"],
      workflow: env["GITHUB_WORKFLOW"],
      provider: name,
      event: trigger,
      event_time: event.time,
      actor: env["GITHUB_ACTOR"],
    },
    visibility: event.repository.visibility,
    ciRevision: env["GITHUB_SHA"],
    ciRevisionRole: role,
    attempt: env["GITHUB_RUN_ATTEMPT"],
    role: [workflowName(env["GITHUB_WORKFLOW"]), env["GITHUB_JOB"]],
    tempDir: env["RUNNER_TEMP"],
    link: name === "github" && !env["ACT"] ? linkOf(env) : undefined,
    forge,
  };
}

/** In this order: what the event is about, what the workflow's author says, what the ref says, what a run lists. */
function changeOf(event: GitHubEvent, env: Environment, ref: string): Partial<WorkItem> | undefined {
  const ofRef = /^refs\/pull\/(\d+)\//.exec(ref)?.[1];
  return event.change ?? changeNamedIn(env) ?? (ofRef === undefined ? event.changeOfRun : { number: ofRef });
}

function readPayload(path: string | undefined, readFile: ReadFile): unknown {
  const text = path === undefined ? undefined : readFile(path);
  try {
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined; // cut, or not JSON: the environment still tells most
  }
}

function runOf(env: Environment, name: string): { run_id: unknown; run_url: unknown; run_attempt: unknown } {
  const run = { run_id: env["GITHUB_RUN_ID"], run_url: undefined, run_attempt: env["GITHUB_RUN_ATTEMPT"] };
  const runs = `${env["GITHUB_SERVER_URL"]}/${env["GITHUB_REPOSITORY"]}/actions/runs`;
  const page = name === "forgejo" ? env["GITHUB_RUN_NUMBER"] : run.run_id;
  // Runs of nektos/act are nowhere to be seen, and Gitea's pages go by id or by number, depending on its version.
  if (!page || env["ACT"] || name === "gitea") return run;
  return {
    ...run,
    run_url: `${runs}/${page}${name === "forgejo" ? "" : `/attempts/${run.run_attempt ?? 1}`}`,
  };
}

/** A workflow without a name goes by its path. */
function workflowName(workflow: string | undefined): string | undefined {
  return workflow?.replace(/^.*\/([^/]+)\.ya?ml$/, "$1");
}

/**
 * The ids that the OpenTelemetry collector's `githubreceiver` gives to this run
 * (opentelemetry-collector-contrib, receiver/githubreceiver/trace_event_handling.go): decimal numbers, no separator.
 */
function linkOf(env: Environment): Link | undefined {
  const id = env["GITHUB_RUN_ID"];
  if (id === undefined || id === "") return undefined;
  const run = `${id}${env["GITHUB_RUN_ATTEMPT"] ?? 1}`;
  return {
    trace_id: sha256(`${run}t`).slice(0, 32),
    span_id: sha256(`${run}s`).slice(16, 32),
    kind: "ci_run",
  };
}
