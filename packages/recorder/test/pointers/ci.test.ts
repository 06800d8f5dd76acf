import { describe, expect, test } from "vitest";
import { type Environment, readCi } from "../../src/pointers/ci.ts";

const HEAD = "a".repeat(40);
const BASE = "b".repeat(40);
const MERGED = "c".repeat(40);
const read = (env: Environment) => readCi(env, () => undefined);

test("outside of a CI there is nothing to say", () => {
  expect(read({})).toEqual({ isCi: false, isPublicOrUnknown: false, pointers: {}, ciRevisionRole: "head" });
});

test.each(["false", "0", ""])("CI=%s means no CI", (value) => {
  expect(read({ CI: value }).isCi).toBe(false);
});

test("an unknown CI is a CI, of unknown visibility", () => {
  expect(read({ CI: "true" })).toMatchObject({ isCi: true, isPublicOrUnknown: true, pointers: {} });
});

test("without a CI the environment may still name the work item", () => {
  expect(read({ GITHUB_PR_URL: "https://github.com/o/r/pull/7" }).pointers).toEqual({
    repository_url: "https://github.com/o/r",
    change_id: "7",
    change_url: "https://github.com/o/r/pull/7",
  });
});

describe("GitLab", () => {
  const MERGE_REQUEST = {
    CI: "true",
    GITLAB_CI: "true",
    CI_REPOSITORY_URL: "https://gitlab-ci-token:s3cr3t@gitlab.example.org/g/shop.git",
    CI_PROJECT_URL: "https://gitlab.example.org/g/shop",
    CI_PROJECT_ID: "41",
    CI_PROJECT_VISIBILITY: "private",
    CI_COMMIT_SHA: HEAD,
    CI_COMMIT_REF_NAME: "fix-cart",
    CI_MERGE_REQUEST_ID: "987654",
    CI_MERGE_REQUEST_IID: "7",
    CI_MERGE_REQUEST_PROJECT_URL: "https://gitlab.example.org/g/shop",
    CI_MERGE_REQUEST_PROJECT_ID: "41",
    CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: "fix-cart",
    CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: "",
    CI_MERGE_REQUEST_TARGET_BRANCH_NAME: "main",
    CI_MERGE_REQUEST_DIFF_BASE_SHA: BASE,
    CI_PIPELINE_ID: "1001",
    CI_PIPELINE_URL: "https://gitlab.example.org/g/shop/-/pipelines/1001",
    CI_PIPELINE_SOURCE: "merge_request_event",
    CI_PIPELINE_CREATED_AT: "2026-05-04T09:00:00Z",
    CI_JOB_NAME: "review",
    CI_JOB_URL: "https://gitlab.example.org/g/shop/-/jobs/2002",
    GITLAB_USER_LOGIN: "octo-dev",
  };

  test("names a merge request by the number people see, and never reads the URL with the token", () => {
    const facts = read(MERGE_REQUEST);
    expect(facts.pointers).toEqual({
      repository_url: "https://gitlab.example.org/g/shop",
      repository_id: "41",
      visibility: "private",
      head_revision: HEAD,
      ref_name: "fix-cart",
      base_ref: "main",
      base_revision: BASE,
      change_id: "7",
      change_url: "https://gitlab.example.org/g/shop/-/merge_requests/7",
      run_id: "1001",
      run_url: "https://gitlab.example.org/g/shop/-/pipelines/1001",
      job_name: "review",
      job_url: "https://gitlab.example.org/g/shop/-/jobs/2002",
      provider: "gitlab",
      event: "merge_request_event",
      event_time: "2026-05-04T09:00:00.000Z",
      actor: "octo-dev",
    });
    expect(facts).toMatchObject({ defaultRole: "review", isPublicOrUnknown: false });
    expect(JSON.stringify(facts)).not.toContain("s3cr3t");
  });

  test("takes the source branch's commit for the head in a merged-results pipeline", () => {
    const { pointers } = read({
      ...MERGE_REQUEST,
      CI_COMMIT_SHA: MERGED,
      CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: HEAD,
    });
    expect(pointers).toMatchObject({ head_revision: HEAD, merge_revision: MERGED });
  });

  test("names the target's repository when the pipeline runs in a fork", () => {
    const facts = read({
      ...MERGE_REQUEST,
      CI_PROJECT_URL: "https://gitlab.example.org/me/shop",
      CI_PROJECT_ID: "77",
      CI_PROJECT_VISIBILITY: "public",
    });
    expect(facts.pointers).toMatchObject({
      repository_url: "https://gitlab.example.org/g/shop",
      repository_id: "41",
    });
    expect(facts.pointers).not.toHaveProperty("visibility");
    expect(facts.isPublicOrUnknown).toBe(true);
  });
});

describe("Buildkite", () => {
  const BUILD = {
    BUILDKITE: "true",
    BUILDKITE_REPO: "git@github.com:example-org/shop.git",
    BUILDKITE_COMMIT: HEAD,
    BUILDKITE_BRANCH: "fix-cart",
    BUILDKITE_PULL_REQUEST: "7",
    BUILDKITE_PULL_REQUEST_BASE_BRANCH: "main",
    BUILDKITE_PIPELINE_PROVIDER: "github",
    BUILDKITE_PIPELINE_SLUG: "shop",
    BUILDKITE_BUILD_ID: "0190-aa",
    BUILDKITE_BUILD_URL: "https://buildkite.com/example-org/shop/builds/5",
    BUILDKITE_JOB_ID: "0190-bb",
    BUILDKITE_STEP_KEY: "agent",
    BUILDKITE_RETRY_COUNT: "1",
    BUILDKITE_SOURCE: "webhook",
    BUILDKITE_BUILD_CREATOR: "Octo Dev",
  };

  test("builds the change's link from the repository, and the job's from the build", () => {
    const facts = read(BUILD);
    expect(facts.pointers).toEqual({
      repository_url: "https://github.com/example-org/shop",
      head_revision: HEAD,
      ref_name: "fix-cart",
      base_ref: "main",
      change_id: "7",
      change_url: "https://github.com/example-org/shop/pull/7",
      run_id: "0190-aa",
      run_url: "https://buildkite.com/example-org/shop/builds/5",
      job_name: "agent",
      job_url: "https://buildkite.com/example-org/shop/builds/5#0190-bb",
      workflow: "shop",
      provider: "buildkite",
      event: "webhook",
      actor: "Octo Dev",
    });
    expect(facts).toMatchObject({ attempt: 2, defaultRole: "shop/agent", isPublicOrUnknown: true });
  });

  test("says HEAD and false where it does not know yet, which are no commit and no change", () => {
    const { pointers } = read({ ...BUILD, BUILDKITE_COMMIT: "HEAD", BUILDKITE_PULL_REQUEST: "false" });
    for (const field of ["head_revision", "change_id", "change_url"])
      expect(pointers).not.toHaveProperty(field);
  });
});

describe("Jenkins", () => {
  const BUILD = {
    JENKINS_URL: "https://ci.example.org/",
    BUILD_ID: "12",
    BUILD_TAG: "jenkins-shop-PR-7-12",
    BUILD_URL: "https://ci.example.org/job/shop/job/PR-7/12/",
    JOB_NAME: "shop/PR-7",
    BRANCH_NAME: "PR-7",
    STAGE_NAME: "Agent",
    GIT_URL: "https://github.com/example-org/shop.git",
    GIT_COMMIT: MERGED,
  };

  test("leaves the head of a change open: what it checked out may be a merge", () => {
    const facts = read({
      ...BUILD,
      CHANGE_ID: "7",
      CHANGE_URL: "https://github.com/example-org/shop/pull/7",
      CHANGE_BRANCH: "fix-cart",
      CHANGE_TARGET: "main",
      CHANGE_AUTHOR: "octo-dev",
    });
    expect(facts.pointers).toEqual({
      repository_url: "https://github.com/example-org/shop",
      ref_name: "fix-cart",
      base_ref: "main",
      change_id: "7",
      change_url: "https://github.com/example-org/shop/pull/7",
      run_id: "jenkins-shop-PR-7-12",
      run_url: "https://ci.example.org/job/shop/job/PR-7/12",
      job_name: "Agent",
      workflow: "shop",
      provider: "jenkins",
      actor: "octo-dev",
    });
    expect(facts).toMatchObject({ ciRevision: MERGED, ciRevisionRole: "unclear", defaultRole: "shop/Agent" });
  });

  test("takes the head from the pull request builder where that is used", () => {
    expect(read({ ...BUILD, ghprbPullId: "7", ghprbActualCommit: HEAD }).pointers).toMatchObject({
      head_revision: HEAD,
      change_url: "https://github.com/example-org/shop/pull/7",
    });
  });

  test("takes GIT_COMMIT for a branch", () => {
    expect(read({ ...BUILD, BRANCH_NAME: "feature/x", JOB_NAME: "shop/feature%2Fx" })).toMatchObject({
      pointers: { head_revision: MERGED, ref_name: "feature/x", workflow: "shop" },
    });
  });
});

test("CircleCI gives the number in a link only, and the run's page by its workflow", () => {
  const facts = read({
    CIRCLECI: "true",
    CIRCLE_REPOSITORY_URL: "git@github.com:example-org/shop.git",
    CIRCLE_SHA1: HEAD,
    CIRCLE_BRANCH: "fix-cart",
    CIRCLE_PULL_REQUEST: "https://github.com/example-org/shop/pull/7",
    CIRCLE_WORKFLOW_ID: "aaaa-bbbb",
    CIRCLE_BUILD_URL: "https://circleci.com/gh/example-org/shop/55",
    CIRCLE_JOB: "agent",
    CIRCLE_USERNAME: "octo-dev",
  });
  expect(facts.pointers).toEqual({
    repository_url: "https://github.com/example-org/shop",
    head_revision: HEAD,
    ref_name: "fix-cart",
    change_id: "7",
    change_url: "https://github.com/example-org/shop/pull/7",
    run_id: "aaaa-bbbb",
    run_url: "https://app.circleci.com/pipelines/workflows/aaaa-bbbb",
    job_name: "agent",
    job_url: "https://circleci.com/gh/example-org/shop/55",
    provider: "circleci",
    actor: "octo-dev",
  });
  expect(facts.defaultRole).toBe("agent");
});

test("every URL loses its credentials on the way in", () => {
  const userInfo = "octo:s3cr3t@";
  const env = {
    BUILDKITE: "true",
    BUILDKITE_REPO: `https://${userInfo}github.com/o/r.git`,
    BUILDKITE_BUILD_URL: `https://${userInfo}buildkite.com/o/r/builds/5`,
    BUILDKITE_JOB_ID: "1",
    GITHUB_PR_URL: `https://${userInfo}github.com/o/r/pull/7`,
    GITHUB_ISSUE_URL: `https://${userInfo}github.com/o/r/issues/8`,
  };
  expect(read(env).pointers).toMatchObject({ change_id: "7", issue_url: "https://github.com/o/r/issues/8" });
  expect(JSON.stringify(read(env))).not.toContain("s3cr3t");
});
