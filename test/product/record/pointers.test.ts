import { createHash } from "node:crypto";
import { join } from "node:path";
import { foldTrace, listTraceFiles, readEntries } from "@spoor/trace";
import { describe, expect, test } from "vitest";
import type { Step } from "./agents/play.ts";
import { commandOf, genuine, GENUINE_AGENTS, type GenuineAgent, writing } from "./genuine.ts";
import { Place, type StoredTrace } from "./place.ts";

const WEBHOOKS = join(import.meta.dirname, "../../../fixtures/webhooks");
const CHANGE = "https://github.com/example-org/shop/pull/18";

/** A tool call of the fixtures that succeeds, and its output, as commands that open a pull request. */
const OPENS_CHANGE: Readonly<Record<GenuineAgent, readonly (readonly [string, string])[]>> = {
  "claude-code": [
    ['"command":"ls"', '"command":"gh pr create --fill"'],
    ['"content":"README.md"', `"content":"${CHANGE}"`],
  ],
  codex: [
    ['\\"cmd\\":\\"ls\\"', '\\"cmd\\":\\"gh pr create --fill\\"'],
    ["Output:\\nREADME.md", `Output:\\n${CHANGE}`],
  ],
  "gemini-cli": [
    ['"command":"echo one"', '"command":"gh pr create --fill"'],
    ["Output: one", `Output: ${CHANGE}`],
  ],
};

const startOf = (trace: StoredTrace | undefined): Record<string, unknown> =>
  ({ ...trace?.trace.invocation?.start }) as Record<string, unknown>;
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A repository with a commit, a remote and instructions for agents. */
function repository(place: Place): void {
  place.git("init", "-q", "-b", "fix-cart");
  place.write("README.md", "# Shop\n");
  place.write("AGENTS.md", "Be brief.\n");
  place.write("sub/CLAUDE.md", "Be kind.\n");
  place.git("add", "-A");
  place.git("commit", "-qm", "start");
  place.git("remote", "add", "origin", "git@github.com:example-org/shop.git");
}

describe.concurrent("a run in a git repository", () => {
  test.each([
    ["nothing, after edits of others", "true", { files: 0, lines_added: 0, lines_removed: 0 }],
    ["a new file", "seq 50 > new.txt", { files: 1, lines_added: 50, lines_removed: 0 }],
  ])("says of a quick command what it changed itself: %s", async (_, script, changes) => {
    await using place = new Place();
    repository(place);
    if (script === "true") place.write("README.md", "# Shop\n\nOpen.\n");
    await place.record(["sh", "-c", script]).ended;
    expect(place.trace.trace.invocation?.end?.changes).toMatchObject({ commits: 0, ...changes });
  });

  test("does not take its own store for a change", async () => {
    await using place = new Place();
    repository(place);
    await place.record(["true"], { options: ["--dir", "runs"] }).ended;
    const [path] = listTraceFiles(join(place.cwd, "runs"));
    const end = foldTrace(readEntries(path ?? "")).invocation?.end;
    expect(end?.changes).toMatchObject({ files: 0, lines_added: 0 });
  });

  test("says which one, at which commit and branch, and what was changed and committed meanwhile", async () => {
    await using place = new Place();
    repository(place);
    const before = place.git("rev-parse", "HEAD");
    const git = ["git", "-c", "user.name=Dev", "-c", "user.email=dev@example.com"];
    const ran = (...command: readonly string[]): Step => ({ do: "run", command });
    place.play(
      "go",
      { do: "pass", gate: "work" },
      ran("sh", "-c", "printf 'one\\ntwo\\n' > new.txt; echo '# Shops' > README.md"),
      ran("git", "add", "-A"),
      ran(...git, "commit", "-qm", "work"),
      ran("sh", "-c", "echo three >> new.txt"),
    );
    const running = place.record(["claude", "go"]);
    await place.until("git has answered", () => startOf(place.trace)["pointers"] !== undefined);
    place.open("work");
    await running.ended;
    expect(startOf(place.trace)["pointers"]).toMatchObject({
      repository_url: "https://github.com/example-org/shop",
      head_revision: before,
      ref_name: "fix-cart",
      dirty: false,
    });
    expect(place.trace.trace.invocation?.end?.changes).toEqual({
      head_revision: place.git("rev-parse", "HEAD"),
      commits: 1,
      files: 2,
      lines_added: 4,
      lines_removed: 1,
    });
    expect(place.trace).toMatchObject({ head_revision: before });
  });

  test("says that there was uncommitted work, and under which instructions it ran", async () => {
    await using place = new Place();
    repository(place);
    place.write("README.md", "# Not yet\n");
    await place.record(["true"], { cwd: join(place.cwd, "sub") }).ended;
    const start = startOf(place.trace);
    expect(start["pointers"]).toMatchObject({ dirty: true });
    expect(start["instructions"]).toEqual([
      { path: "AGENTS.md", sha256: sha256("Be brief.\n") },
      { path: "sub/CLAUDE.md", sha256: sha256("Be kind.\n") },
    ]);
  });

  test("tells it in the trace of each of its conversations, also when git is slower than they", async () => {
    await using place = new Place();
    repository(place);
    place.program(
      "git",
      `#!/bin/sh\nwhile [ ! -e ${place.root}/git-may ]; do sleep 0.02; done\nPATH=/usr/local/bin:/usr/bin:/bin exec git "$@"\n`,
    );
    const ok = genuine(place, "claude-code", "ok");
    place.play("go", writing(ok, place), { do: "pass", gate: "end" });
    const running = place.record(["sh", "-c", "claude go; true"]);
    await place.until("the conversation has its trace", () => place.traces().length === 2);
    place.write("../git-may", "");
    await place.until("git has answered", () => startOf(place.traces()[0])["instructions"] !== undefined);
    place.open("end");
    await running.ended;
    const [command, conversation] = place.traces();
    expect(conversation).toMatchObject({ repository_url: "https://github.com/example-org/shop", ...ok.sums });
    expect(startOf(conversation)["pointers"]).toEqual(startOf(command)["pointers"]);
    expect(startOf(conversation)["instructions"]).toEqual(startOf(command)["instructions"]);
  });

  test.each(GENUINE_AGENTS)("learns of the pull request that its agent opens: %s", async (agent) => {
    await using place = new Place();
    repository(place);
    const opened = genuine(place, agent, agent === "gemini-cli" ? "resume" : "ok", OPENS_CHANGE[agent]);
    place.play("go", writing(opened, place));
    await place.record([commandOf(agent), "go"]).ended;
    const [start] = place.trace.records;
    expect(start).not.toHaveProperty("pointers.change_url");
    expect(place.trace).toMatchObject({ change_url: CHANGE, session_id: CHANGE });
    expect(startOf(place.trace)["pointers"]).toMatchObject({ change_id: "18", ref_name: "fix-cart" });
  });

  test("is recorded without git as well", async () => {
    await using place = new Place();
    repository(place);
    const ok = genuine(place, "claude-code", "ok");
    place.play("go", writing(ok, place));
    const { code } = await place.record(["claude", "go"], { env: { PATH: place.bin } }).ended;
    expect(code).toBe(0);
    expect(place.trace).toMatchObject({ ...ok.sums, losses: {} });
    expect(startOf(place.trace)["instructions"]).toHaveLength(1);
  });
});

describe.concurrent("a run under GitHub Actions", () => {
  const run = {
    GITHUB_ACTIONS: "true",
    CI: "true",
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_REPOSITORY: "example-org/shop",
    GITHUB_RUN_ID: "123456",
    GITHUB_RUN_ATTEMPT: "2",
    GITHUB_WORKFLOW: "review",
    GITHUB_JOB: "agent",
    GITHUB_ACTOR: "someone",
  };

  test("points at the pull request's own head, not at the commit that was made up for the run", async () => {
    await using place = new Place();
    const env = {
      ...run,
      GITHUB_EVENT_NAME: "pull_request",
      GITHUB_EVENT_PATH: join(WEBHOOKS, "pull_request.synchronize.json"),
      GITHUB_REF: "refs/pull/7/merge",
      GITHUB_SHA: "c".repeat(40),
    };
    await place.record(["true"], { env }).ended;
    expect(place.trace).toMatchObject({
      role: "review/agent",
      head_revision: "a".repeat(40),
      change_url: "https://github.com/example-org/shop/pull/7",
      session_id: "https://github.com/example-org/shop/pull/7",
      run_url: "https://github.com/example-org/shop/actions/runs/123456/attempts/2",
    });
    const start = place.trace.trace.invocation?.start;
    expect(start?.agent).toMatchObject({ attempt: 2 });
    expect(start?.pointers).toMatchObject({
      merge_revision: "c".repeat(40),
      event: "pull_request",
      provider: "github",
    });
    expect(start?.links).toMatchObject([{ kind: "ci_run" }]);
    expect(place.trace.trace_id).not.toBe(start?.links?.[0]?.trace_id);
  });

  test("keeps its link to the CI run when it goes on from an earlier conversation", async () => {
    await using place = new Place();
    const env = { ...run, GITHUB_EVENT_NAME: "push", GITHUB_SHA: "d".repeat(40) };
    const resumed = genuine(place, "claude-code", "resume");
    const { path, lines } = resumed.transcript;
    const cut = resumed.laterRuns[0] ?? 0;
    for (const [name, text] of Object.entries({ one: lines.slice(0, cut), two: lines.slice(cut) })) {
      const [take = [], put = []] = [writing(resumed, place).slice(0, 1), writing(resumed, place).slice(-1)];
      place.play(name, take, { do: "append", file: path, text: text.join("") }, put);
      await place.record(["claude", name], { env }).ended;
    }
    const [, second] = place.traces();
    expect(second?.trace.invocation?.start?.links?.map(({ kind }) => kind)).toEqual(["ci_run", "resumes"]);
  });

  test.each(["no-such-file.json", "issue_comment.on-issue.json"])(
    "is recorded whatever its event file: %s",
    async (name) => {
      await using place = new Place();
      place.write("no-json", "{{{");
      for (const path of [join(WEBHOOKS, name), join(place.cwd, "no-json"), place.cwd]) {
        const { code } = await place.record(["true"], { env: { ...run, GITHUB_EVENT_PATH: path } }).ended;
        expect(code).toBe(0);
      }
      for (const trace of place.traces())
        expect(trace).toMatchObject({ status: "success", role: "review/agent" });
    },
  );
});
