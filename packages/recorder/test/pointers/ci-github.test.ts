import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CiFacts, readCi } from "../../src/pointers/ci.ts";

const FIXTURES = join(import.meta.dirname, "../../../../fixtures/webhooks");
const [A, B, D, E, TIP] = ["a", "b", "d", "e", "7"].map((digit) => digit.repeat(40)) as [
  string,
  string,
  string,
  string,
  string,
];
const MERGE = "c".repeat(40);

const ACTIONS = {
  CI: "true",
  GITHUB_ACTIONS: "true",
  GITHUB_SERVER_URL: "https://github.com",
  GITHUB_REPOSITORY: "example-org/shop",
  GITHUB_REPOSITORY_ID: "4100",
  GITHUB_SHA: TIP,
  GITHUB_REF: "refs/heads/main",
  GITHUB_RUN_ID: "9001",
  GITHUB_RUN_NUMBER: "31",
  GITHUB_RUN_ATTEMPT: "2",
  GITHUB_WORKFLOW: "review",
  GITHUB_JOB: "agent",
  GITHUB_ACTOR: "octo-dev",
  RUNNER_TEMP: "/runner/temp",
};

/** A run triggered by the event in `fixture`, on the default branch unless `env` says otherwise. */
function onEvent(fixture: string, env: Record<string, string> = {}): CiFacts {
  const [name = ""] = fixture.split(".");
  const path = join(FIXTURES, `${fixture}.json`);
  return readCi({ ...ACTIONS, GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: path, ...env }, (each) =>
    readFileSync(each, "utf8"),
  );
}

const onPullRequest = {
  GITHUB_SHA: MERGE,
  GITHUB_REF: "refs/pull/7/merge",
  GITHUB_HEAD_REF: "fix-cart",
  GITHUB_BASE_REF: "main",
};
const CHANGE = "https://github.com/example-org/shop/pull/7";

describe("a run on a pull request", () => {
  test("is about the head of the change, not the merge commit that was made for it", () => {
    const facts = onEvent("pull_request.synchronize", onPullRequest);
    expect(facts.pointers).toEqual({
      repository_url: "https://github.com/example-org/shop",
      repository_id: "4100",
      visibility: "internal",
      head_revision: A,
      ref_name: "fix-cart",
      base_ref: "main",
      base_revision: B,
      merge_revision: MERGE,
      change_id: "7",
      change_url: CHANGE,
      run_id: "9001",
      run_url: "https://github.com/example-org/shop/actions/runs/9001/attempts/2",
      run_attempt: 2,
      job_name: "agent",
      workflow: "review",
      provider: "github",
      event: "pull_request",
      event_time: "2026-05-04T09:30:00.000Z",
      actor: "octo-dev",
    });
    expect(facts).toMatchObject({
      attempt: 2,
      defaultRole: "review/agent",
      tempDir: "/runner/temp",
      isCi: true,
      isPublicOrUnknown: false,
    });
  });

  test("with the trust of its base takes the head from the payload, and no merge", () => {
    const { pointers } = onEvent("pull_request.synchronize", { GITHUB_EVENT_NAME: "pull_request_target" });
    expect(pointers).toMatchObject({ head_revision: A, ref_name: "fix-cart", change_url: CHANGE });
    expect(pointers).not.toHaveProperty("merge_revision");
  });

  test("that was merged knows the commit on the base, and when it was closed", () => {
    const { pointers } = onEvent("pull_request.closed");
    expect(pointers).toMatchObject({
      head_revision: A,
      merge_revision: D,
      event_time: "2026-05-04T10:00:00.000Z",
    });
  });

  test("by a review happened when the review was submitted", () => {
    const { pointers } = onEvent("pull_request_review.submitted", onPullRequest);
    expect(pointers).toMatchObject({
      head_revision: A,
      change_url: CHANGE,
      event_time: "2026-05-04T09:45:00.000Z",
    });
  });

  test("without its payload still knows the number, and leaves the head to the checkout", () => {
    const facts = readCi(
      { ...ACTIONS, ...onPullRequest, GITHUB_EVENT_NAME: "pull_request" },
      () => undefined,
    );
    expect(facts.pointers).toMatchObject({
      change_id: "7",
      change_url: CHANGE,
      merge_revision: MERGE,
      ref_name: "fix-cart",
    });
    expect(facts.pointers).not.toHaveProperty("head_revision");
    expect(facts).toMatchObject({ ciRevision: MERGE, ciRevisionRole: "merge", isPublicOrUnknown: true });
  });
});

describe("a run by a comment", () => {
  test("on a pull request is about the change, whose head the payload does not say", () => {
    const facts = onEvent("issue_comment.on-pull-request");
    expect(facts.pointers).toMatchObject({
      change_id: "7",
      change_url: CHANGE,
      event_time: "2026-05-04T09:50:00.000Z",
    });
    for (const field of ["head_revision", "ref_name", "issue_url"])
      expect(facts.pointers).not.toHaveProperty(field);
    expect(facts.ciRevisionRole).toBe("elsewhere");
  });

  test("on an issue is about the issue", () => {
    const { pointers } = onEvent("issue_comment.on-issue");
    expect(pointers).toMatchObject({
      issue_url: "https://github.com/example-org/shop/issues/12",
      event_time: "2026-05-04T09:55:00.000Z",
    });
    expect(pointers).not.toHaveProperty("change_url");
  });
});

test("an issue that was opened happened then", () => {
  expect(onEvent("issues.opened").pointers).toMatchObject({
    issue_url: "https://github.com/example-org/shop/issues/12",
    event_time: "2026-05-03T08:00:00.000Z",
  });
});

test("a push is about the pushed tip, at the time of the push and not of its commit", () => {
  expect(onEvent("push", { GITHUB_SHA: E }).pointers).toMatchObject({
    head_revision: E,
    ref_name: "main",
    event_time: "2026-05-04T09:00:00.000Z",
  });
});

test("a run after another workflow is about that one's commit, and its change if only one of this repository is there", () => {
  expect(onEvent("workflow_run.completed").pointers).toMatchObject({
    head_revision: A,
    ref_name: "fix-cart",
    change_url: CHANGE,
    event_time: "2026-05-04T09:40:00.000Z",
  });
});

test("a merge group is about the commit that the queue made, and the last change in it", () => {
  expect(onEvent("merge_group.checks_requested", { GITHUB_SHA: "2".repeat(40) }).pointers).toMatchObject({
    head_revision: "2".repeat(40),
    base_ref: "main",
    base_revision: B,
    change_url: CHANGE,
    event_time: "2026-05-04T11:00:00.000Z",
  });
});

test("a schedule has no moment of its own and leaves the commit to the checkout", () => {
  const { pointers, ciRevision, ciRevisionRole } = onEvent("schedule");
  expect(pointers).toMatchObject({ event: "schedule", ref_name: "main" });
  for (const field of ["event_time", "head_revision", "change_url"])
    expect(pointers).not.toHaveProperty(field);
  expect({ ciRevision, ciRevisionRole }).toEqual({ ciRevision: TIP, ciRevisionRole: "head" });
});

describe("a dispatched workflow", () => {
  test("finds the change in the JSON text of an input, with the repository that the change is in", () => {
    const facts = onEvent("workflow_dispatch.event_payload", {
      GITHUB_REPOSITORY: "example-org/agents",
      GITHUB_REPOSITORY_ID: "4200",
    });
    expect(facts.pointers).toMatchObject({
      repository_url: "https://github.com/example-org/shop",
      head_revision: A,
      ref_name: "fix-cart",
      change_url: CHANGE,
      run_url: "https://github.com/example-org/agents/actions/runs/9001/attempts/2",
    });
    for (const field of ["repository_id", "visibility"]) expect(facts.pointers).not.toHaveProperty(field);
    expect(facts.isPublicOrUnknown, "the traces are stored with the public repository that runs").toBe(true);
  });

  test("finds the change that gh-aw names by number", () => {
    const { pointers } = onEvent("workflow_dispatch.aw_context");
    expect(pointers).toMatchObject({
      change_id: "7",
      change_url: CHANGE,
      event_time: "2026-05-04T09:59:00.000Z",
    });
    expect(pointers, "the commit dispatched on is not the change's").not.toHaveProperty("head_revision");
  });

  test("finds the issue in whatever key the sender chose", () => {
    expect(onEvent("repository_dispatch.client_payload").pointers).toMatchObject({
      issue_url: "https://github.com/example-org/shop/issues/12",
      event_time: "2026-05-03T08:00:00.000Z",
    });
  });

  test.each([
    [{ PR_NUMBER: "7" }, { change_id: "7", change_url: CHANGE }],
    [{ GITHUB_PR_URL: `${CHANGE}/files` }, { change_id: "7", change_url: CHANGE }],
    [{ GITHUB_ISSUE_URL: CHANGE }, { change_id: "7", change_url: CHANGE }],
    [{ ISSUE_NUMBER: "12" }, { issue_url: "https://github.com/example-org/shop/issues/12" }],
    [
      { GITHUB_PR_URL: "https://github.com/example-org/cart/pull/3" },
      { change_id: "3", repository_url: "https://github.com/example-org/cart" },
    ],
  ])("takes it from the environment where no payload has it: %j", (env, expected) => {
    expect(
      readCi({ ...ACTIONS, GITHUB_EVENT_NAME: "workflow_dispatch", ...env }, () => undefined).pointers,
    ).toMatchObject(expected);
  });

  test("believes the payload before the environment, and the environment before the ref", () => {
    expect(
      onEvent("pull_request.synchronize", { ...onPullRequest, PR_NUMBER: "99" }).pointers.change_id,
    ).toBe("7");
    const env = { ...ACTIONS, GITHUB_REF: "refs/pull/5/head", PR_NUMBER: "7" };
    expect(readCi(env, () => undefined).pointers.change_id).toBe("7");
  });
});

describe("servers other than github.com", () => {
  test("are linked at their own address", () => {
    const { pointers } = readCi(
      { ...ACTIONS, GITHUB_SERVER_URL: "https://code.example.org", PR_NUMBER: "7" },
      () => undefined,
    );
    expect(pointers).toMatchObject({
      repository_url: "https://code.example.org/example-org/shop",
      change_url: "https://code.example.org/example-org/shop/pull/7",
      run_url: "https://code.example.org/example-org/shop/actions/runs/9001/attempts/2",
    });
  });

  test("Forgejo shows runs by number and changes under /pulls/", () => {
    const env = {
      ...ACTIONS,
      FORGEJO_ACTIONS: "true",
      GITHUB_SERVER_URL: "https://codeberg.org",
      PR_NUMBER: "7",
    };
    const { pointers, link } = readCi(env, () => undefined);
    expect(pointers).toMatchObject({
      provider: "forgejo",
      change_url: "https://codeberg.org/example-org/shop/pulls/7",
      run_url: "https://codeberg.org/example-org/shop/actions/runs/31",
    });
    expect(link).toBeUndefined();
  });

  test("a run of act on a laptop has no page", () => {
    const { pointers, link } = readCi({ ...ACTIONS, ACT: "true" }, () => undefined);
    expect(pointers).not.toHaveProperty("run_url");
    expect(link).toBeUndefined();
  });
});

test("the run is linked under the ids that the collector's githubreceiver gives it", () => {
  const digest = (text: string): string => hash("sha256", text, "hex");
  expect(onEvent("schedule").link).toEqual({
    trace_id: digest("90012t").slice(0, 32),
    span_id: digest("90012s").slice(16, 32),
    kind: "ci_run",
  });
});

test("a workflow without a name gives a role by its file's name", () => {
  const env = { ...ACTIONS, GITHUB_WORKFLOW: ".github/workflows/nightly-fix.yml" };
  expect(readCi(env, () => undefined).defaultRole).toBe("nightly-fix/agent");
});

describe("an event file", () => {
  const withFile = (text: string): CiFacts =>
    readCi({ ...ACTIONS, GITHUB_EVENT_NAME: "pull_request", GITHUB_EVENT_PATH: "/event.json" }, () => text);

  test.each([
    ["empty", ""],
    ["cut", readFileSync(join(FIXTURES, "pull_request.synchronize.json"), "utf8").slice(0, 500)],
    ["no object", "[1, null]"],
    ["null", "null"],
    ["nested 100 000 deep", `${"[".repeat(100_000)}${"]".repeat(100_000)}`],
    [
      "of wrong types",
      '{"pull_request":"x","issue":[],"repository":7,"inputs":null,"client_payload":"{","comment":{"created_at":{}}}',
    ],
    [
      "with keys of the prototype",
      '{"__proto__":{"pull_request":{"number":1}},"constructor":{"name":"x"},"pull_request":{"__proto__":{"number":2}}}',
    ],
    ["of 8 MB", JSON.stringify({ pull_request: { number: 7, body: "x".repeat(8_000_000) } })],
  ])("that is %s neither throws nor hides what the environment says", (_, text) => {
    expect(withFile(text).pointers).toMatchObject({
      repository_url: "https://github.com/example-org/shop",
      run_id: "9001",
    });
  });

  test("with hostile values leaves their fields absent", () => {
    const { pointers } = withFile(
      JSON.stringify({
        pull_request: {
          number: "7\u001B]0;x\u0007",
          html_url: "https://user:token@github.com/example-org/shop/pull/7",
          head: { sha: "$(whoami)", ref: "a\nb" },
        },
      }),
    );
    expect(pointers.change_url).toBe(CHANGE);
    expect(pointers.change_id, "read from the link").toBe("7");
    for (const field of ["head_revision", "ref_name"]) expect(pointers).not.toHaveProperty(field);
  });

  test("of any JSON at all never throws", () => {
    const keys = fc.constantFrom(
      "pull_request",
      "issue",
      "comment",
      "workflow_run",
      "inputs",
      "client_payload",
      "head",
      "base",
      "repo",
      "number",
      "html_url",
      "merge_group",
      "head_ref",
      "pull_requests",
      "repository",
      "item_type",
      "event_payload",
      "action",
    );
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof(
        { maxDepth: 6 },
        fc.string(),
        fc.integer(),
        fc.constantFrom(null, true, "pull_request"),
        fc.array(tie("json"), { maxLength: 3 }),
        fc.dictionary(keys, tie("json"), { maxKeys: 6 }),
      ),
    }));
    fc.assert(
      fc.property(json, (event) => void withFile(JSON.stringify(event))),
      { numRuns: 2000 },
    );
  });
});
