import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { GIT_TOOLS, readCi, readPointers, readTextFile, sessionId } from "../../src/pointers/index.ts";
import { commit, ENV, git, makeFolder, makeRepository, write } from "./make-repository.ts";

const TOOLS = { ...GIT_TOOLS, timeoutMs: 20_000 };
const made: string[] = [];
const repository = (remote?: string): string => {
  const root = makeRepository(remote);
  made.push(root);
  return root;
};
afterAll(() => made.forEach((root) => rmSync(root, { recursive: true, force: true })));

async function pointersIn(cwd: string, env: Record<string, string> = {}) {
  const whole = { ...ENV, ...env };
  return (await readPointers(cwd, whole, readCi(whole, readTextFile), TOOLS)).pointers;
}

const revision = (root: string, name = "HEAD"): string => git(root, "rev-parse", name);

/** A checkout as GitHub Actions leaves it on a pull request: detached at a merge of the change into its base. */
function mergeCheckout(): { root: string; head: string; base: string; merge: string } {
  const root = repository();
  git(root, "switch", "--quiet", "-c", "fix-cart");
  const head = commit(root, { "fix.txt": "x" });
  git(root, "switch", "--quiet", "main");
  const base = commit(root, { "main.txt": "x" });
  git(root, "checkout", "--quiet", "--detach");
  git(root, "merge", "--quiet", "--no-ff", "--no-edit", "fix-cart");
  git(root, "branch", "--quiet", "-D", "fix-cart");
  return { root, head, base, merge: revision(root) };
}

const ACTIONS = {
  GITHUB_ACTIONS: "true",
  GITHUB_SERVER_URL: "https://github.com",
  GITHUB_REPOSITORY: "example-org/shop",
};

test("on a laptop the head is the checkout", async () => {
  const root = repository();
  write(root, { "new.txt": "x" });
  expect(await pointersIn(root)).toEqual({
    repository_url: "https://github.com/example-org/shop",
    head_revision: revision(root),
    ref_name: "main",
    checkout_revision: revision(root),
    dirty: true,
  });
});

test("keys are in the order of the format, whoever found them", async () => {
  const pointers = await pointersIn(repository(), {
    ...ACTIONS,
    GITHUB_REF: "refs/heads/main",
    GITHUB_ACTOR: "octo-dev",
    PR_NUMBER: "7",
    ISSUE_NUMBER: "12",
  });
  expect(Object.keys(pointers)).toEqual([
    "repository_url",
    "checkout_revision",
    "dirty",
    "change_id",
    "change_url",
    "issue_url",
    "provider",
    "actor",
  ]);
});

test("nowhere at all there are no pointers", async () => {
  const folder = makeFolder();
  made.push(folder);
  expect(await pointersIn(folder)).toEqual({});
  expect(await pointersIn(join(folder, "gone"))).toEqual({});
});

test("a number in the environment becomes a link once git has told the repository", async () => {
  expect(await pointersIn(repository(), { PR_NUMBER: "7" })).toMatchObject({
    change_id: "7",
    change_url: "https://github.com/example-org/shop/pull/7",
  });
  expect(
    await pointersIn(repository("git@gitlab.com:g/s/shop.git"), { PR_NUMBER: "7", ISSUE_NUMBER: "12" }),
  ).toMatchObject({
    change_url: "https://gitlab.com/g/s/shop/-/merge_requests/7",
    issue_url: "https://gitlab.com/g/s/shop/-/issues/12",
  });
  const unknown = await pointersIn(repository("https://git.example.org/o/r"), { PR_NUMBER: "7" });
  expect(unknown).toMatchObject({ change_id: "7" });
  expect(unknown, "nobody knows how this host shows changes").not.toHaveProperty("change_url");
});

test("a change in the original repository of a fork makes that the repository", async () => {
  const root = repository("git@github.com:me/shop.git");
  expect(
    await pointersIn(root, { GITHUB_PR_URL: "https://github.com/example-org/shop/pull/7" }),
  ).toMatchObject({
    repository_url: "https://github.com/example-org/shop",
    checkout_revision: revision(root),
  });
});

describe("when the CI does not say which commit is the change's head", () => {
  test("the second parent of the merge that was checked out is", async () => {
    const { root, head, merge } = mergeCheckout();
    const env = {
      ...ACTIONS,
      GITHUB_EVENT_NAME: "pull_request",
      GITHUB_REF: "refs/pull/7/merge",
      GITHUB_SHA: merge,
      GITHUB_HEAD_REF: "fix-cart",
    };
    expect(await pointersIn(root, env)).toMatchObject({
      head_revision: head,
      merge_revision: merge,
      checkout_revision: merge,
      ref_name: "fix-cart",
      change_url: "https://github.com/example-org/shop/pull/7",
    });
  });

  test("so it is in a clone of depth 1", async () => {
    const { root, head, merge } = mergeCheckout();
    git(root, "branch", "merged");
    const clone = `${root}-clone`;
    made.push(clone);
    git(root, "clone", "--quiet", "--depth=1", "--branch=merged", `file://${root}`, clone);
    const env = {
      ...ACTIONS,
      GITHUB_EVENT_NAME: "pull_request",
      GITHUB_REF: "refs/pull/7/merge",
      GITHUB_SHA: merge,
    };
    expect((await pointersIn(clone, env)).head_revision).toBe(head);
  });

  const ON_COMMENT = {
    ...ACTIONS,
    GITHUB_EVENT_NAME: "issue_comment",
    GITHUB_REF: "refs/heads/main",
    PR_NUMBER: "7",
  };

  test("a checkout of the default branch, where a comment starts its run, is not it", async () => {
    const root = repository();
    const pointers = await pointersIn(root, { ...ON_COMMENT, GITHUB_SHA: revision(root) });
    expect(pointers).toMatchObject({ change_id: "7", checkout_revision: revision(root) });
    for (const field of ["head_revision", "ref_name"]) expect(pointers).not.toHaveProperty(field);
  });

  test("a checkout that the workflow chose itself is, with its branch", async () => {
    const root = repository();
    const tip = revision(root);
    git(root, "switch", "--quiet", "-c", "fix-cart");
    const head = commit(root, { "fix.txt": "x" });
    expect(await pointersIn(root, { ...ON_COMMENT, GITHUB_SHA: tip })).toMatchObject({
      head_revision: head,
      ref_name: "fix-cart",
    });
  });

  test("of a test merge that the workflow chose itself, the second parent is", async () => {
    const { root, head, base } = mergeCheckout();
    expect((await pointersIn(root, { ...ON_COMMENT, GITHUB_SHA: base })).head_revision).toBe(head);
  });

  test("a head that has the base merged into it stays itself", async () => {
    const root = repository();
    const tip = revision(root);
    git(root, "switch", "--quiet", "-c", "fix-cart");
    commit(root, { "fix.txt": "x" });
    git(root, "switch", "--quiet", "main");
    commit(root, { "main.txt": "x" });
    git(root, "switch", "--quiet", "fix-cart");
    git(root, "merge", "--quiet", "--no-ff", "--no-edit", "main");
    expect((await pointersIn(root, { ...ON_COMMENT, GITHUB_SHA: tip })).head_revision).toBe(revision(root));
  });

  test("Jenkins' checkout is, unless it is a merge in an order nobody knows", async () => {
    const jenkins = { JENKINS_URL: "https://ci.example.org/", BUILD_ID: "1", CHANGE_ID: "7" };
    const root = repository();
    expect((await pointersIn(root, { ...jenkins, GIT_COMMIT: revision(root) })).head_revision).toBe(
      revision(root),
    );
    const { root: merged, merge } = mergeCheckout();
    const pointers = await pointersIn(merged, { ...jenkins, GIT_COMMIT: merge });
    expect(pointers).toMatchObject({ checkout_revision: merge });
    expect(pointers).not.toHaveProperty("head_revision");
  });

  test("a checkout of another repository tells nothing about it", async () => {
    const root = repository("https://github.com/example-org/library.git");
    const pointers = await pointersIn(root, { ...ON_COMMENT, GITHUB_SHA: "1".repeat(40) });
    expect(pointers).toMatchObject({
      repository_url: "https://github.com/example-org/shop",
      checkout_revision: revision(root),
    });
    for (const field of ["head_revision", "ref_name"]) expect(pointers).not.toHaveProperty(field);
  });
});

describe("without a change", () => {
  const SCHEDULED = { ...ACTIONS, GITHUB_EVENT_NAME: "schedule", GITHUB_REF: "refs/heads/main" };

  test("the head of a scheduled run is what it checked out", async () => {
    const root = repository();
    git(root, "switch", "--quiet", "-c", "release");
    const head = commit(root, { "x.txt": "x" });
    expect(await pointersIn(root, { ...SCHEDULED, GITHUB_SHA: "1".repeat(40) })).toMatchObject({
      head_revision: head,
      ref_name: "release",
    });
  });

  test("and without a checkout the commit that the CI names", async () => {
    const folder = makeFolder();
    made.push(folder);
    expect(await pointersIn(folder, { ...SCHEDULED, GITHUB_SHA: "1".repeat(40) })).toMatchObject({
      head_revision: "1".repeat(40),
      ref_name: "main",
    });
  });

  test("Buildkite's HEAD is whatever git has checked out", async () => {
    const root = repository();
    const env = {
      BUILDKITE: "true",
      BUILDKITE_COMMIT: "HEAD",
      BUILDKITE_BRANCH: "main",
      BUILDKITE_PULL_REQUEST: "false",
    };
    expect(await pointersIn(root, env)).toMatchObject({ head_revision: revision(root), ref_name: "main" });
  });
});

describe("the session", () => {
  const run = {
    run_url: "https://github.com/o/r/actions/runs/9/attempts/2",
    run_id: "9",
    provider: "github",
  };

  test.each([
    [
      { change_url: "https://github.com/o/r/pull/7", issue_url: "https://github.com/o/r/issues/1", ...run },
      "https://github.com/o/r/pull/7",
    ],
    [{ issue_url: "https://github.com/o/r/issues/1", ...run }, "https://github.com/o/r/issues/1"],
    [run, "https://github.com/o/r/actions/runs/9"],
    [
      { run_id: "9", repository_url: "https://gitea.example.org/o/r" },
      "https://gitea.example.org/o/r/runs/9",
    ],
    [{ run_id: "jenkins-shop-12", provider: "jenkins" }, "jenkins/runs/jenkins-shop-12"],
    [{ repository_url: "https://github.com/o/r" }, "conversation-1"],
  ])("of %j is %s", (pointers, expected) => {
    expect(sessionId(pointers, "conversation-1")).toBe(expected);
  });

  test("is not known before the conversation is", () => {
    expect(sessionId({})).toBeUndefined();
  });

  test("is never longer than backends keep", () => {
    const pointers = { change_url: `https://github.com/${"o".repeat(200)}/r/pull/7`, ...run };
    expect(sessionId(pointers)).toBe("https://github.com/o/r/actions/runs/9");
  });
});
