/**
 * Which CI we run in and what it knows: repository, commit, change, run, job, who and when.
 *
 * One row per CI says where each fact stands; `admitPointers` decides what is let in. Libraries for this stop at
 * detection, or take GitHub's throw-away merge commit for the head and GitLab's internal id for the number.
 */

import type { Link, Pointers } from "@spoor/trace";
import { admitPointers, count, present, type RawPointers, revision, text } from "./admit.ts";
import type { Forge } from "./change-url.ts";
import { readGitHub } from "./ci-github.ts";
import { completeWorkItem } from "./work-item.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The text of a file; undefined if it is absent, unreadable, not a regular file or too large. */
export type ReadFile = (path: string) => string | undefined;

/**
 * What the commit that the CI checked out (`GITHUB_SHA`, `GIT_COMMIT`) is to the work at hand:
 * its `head`; a throw-away `merge` of it into its base; something `elsewhere`, such as the tip of the default
 * branch when a comment triggered the run; or either a head or a merge (`unclear`).
 */
export type CiRevisionRole = "head" | "merge" | "elsewhere" | "unclear";

/** What one CI's row finds, before admission. */
export interface CiReading {
  pointers: RawPointers;
  /** Of the repository the CI runs for, whichever the change belongs to. */
  visibility?: unknown;
  ciRevision?: unknown;
  ciRevisionRole?: CiRevisionRole;
  /** 1, 2, … where the CI counts retries. */
  attempt?: unknown;
  /** Workflow and job, as far as there are any. */
  role?: readonly (string | undefined)[];
  tempDir?: string | undefined;
  link?: Link | undefined;
  forge?: Forge | undefined;
}

export interface CiFacts {
  isCi: boolean;
  /** In a CI whose repository is not known to be private or internal: what it stores, strangers may read. */
  isPublicOrUnknown: boolean;
  pointers: Pointers;
  ciRevision?: string;
  ciRevisionRole: CiRevisionRole;
  attempt?: number;
  /** `workflow/job`, or what there is of it. */
  defaultRole?: string;
  /** A folder that the CI itself cleans up and no step commits. */
  tempDir?: string;
  /** The CI run in the trace that OpenTelemetry's `githubreceiver` makes of it. */
  link?: Link;
  /** Where changes are shown, when the host's name does not tell. */
  forge?: Forge;
}

interface Ci {
  isHere: (env: Environment) => boolean;
  read: (env: Environment, readFile: ReadFile) => CiReading;
}

const isSet = (value: string | undefined): boolean =>
  value !== undefined && !["", "0", "false"].includes(value.toLowerCase());

/** The first that is here counts. */
const CIS: readonly Ci[] = [
  { isHere: (env) => isSet(env["GITHUB_ACTIONS"]), read: readGitHub },
  { isHere: (env) => isSet(env["GITLAB_CI"]), read: readGitLab },
  { isHere: (env) => isSet(env["BUILDKITE"]), read: readBuildkite },
  { isHere: (env) => isSet(env["JENKINS_URL"]) && isSet(env["BUILD_ID"]), read: readJenkins },
  { isHere: (env) => isSet(env["CIRCLECI"]), read: readCircle },
];

/**
 * Never throws, whatever the environment and the event file hold.
 *
 * @param readFile Reads GitHub's event file; nothing else is read.
 */
export function readCi(env: Environment, readFile: ReadFile): CiFacts {
  const ci = CIS.find(({ isHere }) => isHere(env));
  const reading: CiReading = ci?.read(env, readFile) ?? { pointers: {} };
  const isCi = ci !== undefined || isSet(env["CI"]);
  const role = reading.role?.map(text).filter((part) => part !== undefined);
  return present<CiFacts>({
    isCi,
    isPublicOrUnknown: isCi && reading.visibility !== "private" && reading.visibility !== "internal",
    pointers: completeWorkItem(admitPointers(reading.pointers), env, reading.forge),
    ciRevision: revision(reading.ciRevision),
    ciRevisionRole: reading.ciRevisionRole ?? "head",
    attempt: count(reading.attempt),
    defaultRole: text(role?.join("/")),
    tempDir: text(reading.tempDir),
    link: reading.link,
    forge: reading.forge,
  });
}

function readGitLab(env: Environment): CiReading {
  // In a merged-results pipeline CI_COMMIT_SHA is the merge; only then is the source branch's commit named.
  const head = env["CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"] || undefined;
  // CI_REPOSITORY_URL holds a token and CI_MERGE_REQUEST_ID is internal: neither is read.
  const target = env["CI_MERGE_REQUEST_PROJECT_URL"] || undefined;
  const iid = env["CI_MERGE_REQUEST_IID"];
  return {
    pointers: {
      repository_url: target ?? env["CI_PROJECT_URL"],
      repository_id: (target && env["CI_MERGE_REQUEST_PROJECT_ID"]) || env["CI_PROJECT_ID"],
      visibility:
        target === undefined || target === env["CI_PROJECT_URL"] ? env["CI_PROJECT_VISIBILITY"] : undefined,
      head_revision: head ?? env["CI_COMMIT_SHA"],
      ref_name: env["CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"] || env["CI_COMMIT_REF_NAME"],
      base_ref: env["CI_MERGE_REQUEST_TARGET_BRANCH_NAME"],
      base_revision: env["CI_MERGE_REQUEST_DIFF_BASE_SHA"],
      merge_revision: head === undefined || head === env["CI_COMMIT_SHA"] ? undefined : env["CI_COMMIT_SHA"],
      change_id: iid,
      change_url: target && iid && `${target}/-/merge_requests/${iid}`,
      run_id: env["CI_PIPELINE_ID"],
      run_url: env["CI_PIPELINE_URL"],
      job_name: env["CI_JOB_NAME"],
      job_url: env["CI_JOB_URL"],
      workflow: env["CI_PIPELINE_NAME"],
      provider: "gitlab",
      event: env["CI_PIPELINE_SOURCE"],
      event_time: env["CI_PIPELINE_CREATED_AT"],
      actor: env["GITLAB_USER_LOGIN"],
    },
    visibility: env["CI_PROJECT_VISIBILITY"],
    ciRevision: env["CI_COMMIT_SHA"],
    role: [env["CI_PIPELINE_NAME"], env["CI_JOB_NAME"]],
    forge: "gitlab",
  };
}

function readBuildkite(env: Environment): CiReading {
  const buildUrl = env["BUILDKITE_BUILD_URL"];
  const retries = env["BUILDKITE_RETRY_COUNT"];
  const job = env["BUILDKITE_STEP_KEY"] || env["BUILDKITE_LABEL"];
  return {
    pointers: {
      repository_url: env["BUILDKITE_REPO"],
      // "HEAD" until the agent has checked out; then git knows.
      head_revision: env["BUILDKITE_COMMIT"],
      ref_name: env["BUILDKITE_BRANCH"],
      base_ref: env["BUILDKITE_PULL_REQUEST_BASE_BRANCH"],
      change_id: env["BUILDKITE_PULL_REQUEST"],
      run_id: env["BUILDKITE_BUILD_ID"],
      run_url: buildUrl,
      job_name: job,
      job_url: buildUrl && env["BUILDKITE_JOB_ID"] && `${buildUrl}#${env["BUILDKITE_JOB_ID"]}`,
      workflow: env["BUILDKITE_PIPELINE_SLUG"],
      provider: "buildkite",
      event: env["BUILDKITE_SOURCE"],
      actor: env["BUILDKITE_BUILD_CREATOR"],
    },
    ciRevision: env["BUILDKITE_COMMIT"],
    attempt: retries && Number(retries) + 1,
    role: [env["BUILDKITE_PIPELINE_SLUG"], job],
    forge: BUILDKITE_FORGES[env["BUILDKITE_PIPELINE_PROVIDER"] ?? ""],
  };
}

const BUILDKITE_FORGES: Readonly<Record<string, Forge | undefined>> = {
  github: "github",
  github_enterprise: "github",
  gitlab: "gitlab",
  gitlab_ee: "gitlab",
  bitbucket: "bitbucket",
};

function readJenkins(env: Environment): CiReading {
  const changeId = env["CHANGE_ID"] || env["ghprbPullId"] || env["gitlabMergeRequestIid"];
  const head = env["ghprbActualCommit"] || env["gitlabMergeRequestLastCommit"];
  // A multibranch job is named after its branch too ("shop/PR-7"), which would be a role of its own each time.
  const branch = env["BRANCH_NAME"] === undefined ? undefined : `/${encodeURIComponent(env["BRANCH_NAME"])}`;
  const job = env["JOB_NAME"];
  const workflow = branch !== undefined && job?.endsWith(branch) ? job.slice(0, -branch.length) : job;
  return {
    pointers: {
      repository_url: env["GIT_URL"],
      head_revision: head || (changeId ? undefined : env["GIT_COMMIT"]),
      ref_name: env["CHANGE_BRANCH"] || env["ghprbSourceBranch"] || env["BRANCH_NAME"],
      base_ref: env["CHANGE_TARGET"] || env["ghprbTargetBranch"],
      change_id: changeId,
      change_url: env["CHANGE_URL"] || env["ghprbPullLink"],
      run_id: env["BUILD_TAG"],
      run_url: env["BUILD_URL"],
      job_name: env["STAGE_NAME"],
      workflow,
      provider: "jenkins",
      actor: env["BUILD_USER_ID"] || env["CHANGE_AUTHOR"],
    },
    ciRevision: env["GIT_COMMIT"],
    ciRevisionRole: changeId ? "unclear" : "head",
    role: [workflow, env["STAGE_NAME"]],
  };
}

function readCircle(env: Environment): CiReading {
  const run = env["CIRCLE_WORKFLOW_ID"];
  const job = env["CIRCLE_BUILD_URL"];
  // CIRCLE_BUILD_URL is one job's; its workflow has a page on CircleCI's own host.
  const isCloud = /^https:\/\/(?:app\.)?circleci\.com\//.test(job ?? "");
  return {
    pointers: {
      repository_url: env["CIRCLE_REPOSITORY_URL"],
      head_revision: env["CIRCLE_SHA1"],
      ref_name: env["CIRCLE_BRANCH"] || env["CIRCLE_TAG"],
      change_id: env["CIRCLE_PR_NUMBER"],
      change_url: env["CIRCLE_PULL_REQUEST"],
      run_id: run,
      run_url: run && isCloud ? `https://app.circleci.com/pipelines/workflows/${run}` : job,
      job_name: env["CIRCLE_JOB"],
      job_url: job,
      provider: "circleci",
      actor: env["CIRCLE_USERNAME"],
    },
    ciRevision: env["CIRCLE_SHA1"],
    role: [env["CIRCLE_JOB"]],
  };
}
