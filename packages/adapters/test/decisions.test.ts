import { describe, expect, test } from "vitest";
import { commandOf, decisionOfAnswer, decisionsOfTool, toVerdict } from "../src/decisions.ts";

const decide = (command: string): string[] =>
  decisionsOfTool("Bash", { command }).map(({ verdict }) => verdict);

describe("a shell command", () => {
  test.each([
    ["gh pr review 12 --approve", ["approve"]],
    ["gh pr review -a -b 'well done'", ["approve"]],
    ["gh pr review 12 --request-changes --body 'no tests'", ["request_changes"]],
    ["gh pr review 12 -r -b no", ["request_changes"]],
    ["gh pr review 12 --comment --body hm", ["comment"]],
    ["gh pr review 12 -c -b hm", ["comment"]],
    ["gh pr merge 12 --squash", ["merge"]],
    ["gh pr merge --auto 12", ["merge"]],
    ["gh pr -R owner/repo merge 12", ["merge"]],
    ["gh pr merge -R owner/repo 12", ["merge"]],
    ["gh pr close 12", ["close"]],
    ["glab mr approve 7", ["approve"]],
    ["glab mr merge 7", ["merge"]],
    ["glab mr accept 7", ["merge"]],
    ["glab mr close 7", ["close"]],
    ["/usr/bin/gh pr merge 12", ["merge"]],
    ["cd x && gh pr merge 12", ["merge"]],
    ["cd x; GH_TOKEN=y gh pr merge 12 2>&1 | tail -1", ["merge"]],
    ["gh pr review 12 2>&1 --approve", ["approve"]],
    ["if gh pr merge 12; then echo done; fi", ["merge"]],
    ["sudo -E timeout 60 gh pr merge 12", ["merge"]],
    ["(cd x && gh pr merge 12)", ["merge"]],
    ["bash -lc 'gh pr merge 12'", ["merge"]],
    ['result="$(gh pr merge 12)"', ["merge"]],
    ["gh pr \\\n  merge 12", ["merge"]],
    ["gh pr review 1 --approve && gh pr merge 1", ["approve", "merge"]],
  ])("%s decides", (command, expected) => {
    expect(decide(command)).toEqual(expected);
  });

  test.each([
    'echo "gh pr merge 12"',
    "echo gh pr merge 12",
    "echo 'a'; # gh pr merge 12",
    "gh pr merge --help",
    "gh pr review -h",
    "gh pr merge --disable-auto 12",
    "gh pr review 12",
    "gh pr view 12",
    "gh pr checkout 12",
    "gh issue close 12",
    "git merge main",
    "rg 'gh pr merge' .",
    "git commit -m 'then gh pr merge 12'",
    'git commit -m "x\ngh pr merge 12\n"',
    "cat <<'EOF' > notes\ngh pr merge 12\nEOF",
    "cat <<-EOF > notes\n\tgh pr merge 12\n\tEOF\necho done",
    'gh pr create --body "$(cat <<\'EOF\'\nsay "\ngh pr merge 12\n" soon\nEOF\n)"',
    "grep x <<< 'gh pr merge 12'",
  ])("%s decides nothing", (command) => {
    expect(decide(command)).toEqual([]);
  });

  test("after a here-document is still found", () => {
    expect(decide("cat <<EOF > a\ngh pr close 1\nEOF\ngh pr merge 2")).toEqual(["merge"]);
  });

  test("gives the change it names and the reason it states", () => {
    const command = `gh pr review https://github.com/o/r/pull/12 --request-changes --body 'it says "no"'`;
    expect(decisionsOfTool("run_shell_command", { command })).toEqual([
      {
        verdict: "request_changes",
        basis: "tool_call",
        subject: { change_url: "https://github.com/o/r/pull/12" },
        reasoning: 'it says "no"',
      },
    ]);
    expect(decisionsOfTool("Bash", { command: String.raw`gh pr review -a --body="a \"b\""` })).toMatchObject([
      { reasoning: 'a "b"' },
    ]);
  });

  test("is read from a list of words too, as older tools are given it", () => {
    expect(commandOf({ command: ["bash", "-lc", "gh pr merge 1"] })).toBe("gh pr merge 1");
    expect(commandOf({ cmd: "gh pr merge 1" })).toBe("gh pr merge 1");
    expect(commandOf({ command: ["gh", 1] })).toBeUndefined();
    expect(decisionsOfTool("shell", { command: ["gh", "pr", "merge", "1"] })).toHaveLength(1);
  });

  test("is not what a file tool calls its command", () => {
    expect(decisionsOfTool("Edit", { command: "gh pr merge 1" })).toEqual([]);
  });

  test("of a hundred thousand nested brackets is read at all", () => {
    expect(decide("$(".repeat(100_000))).toEqual([]);
    expect(decide(`"$(`.repeat(100_000))).toEqual([]);
  });
});

describe("a call of the GitHub server", () => {
  const args = { owner: "o", repo: "r", pullNumber: 5 };

  test.each([
    ["mcp__github__merge_pull_request", {}, "merge"],
    ["mcp_github_merge_pull_request", {}, "merge"],
    ["mcp__plugin_github_github__merge_pull_request", {}, "merge"],
    ["mcp__github__create_and_submit_pull_request_review", { event: "APPROVE" }, "approve"],
    [
      "mcp__github__pull_request_review_write",
      { method: "create", event: "REQUEST_CHANGES" },
      "request_changes",
    ],
    ["mcp__github__submit_pending_pull_request_review", { event: "COMMENT" }, "comment"],
    ["mcp__github__update_pull_request", { state: "closed" }, "close"],
  ])("%s %j decides", (name, more, verdict) => {
    expect(decisionsOfTool(name, { ...args, ...more })).toEqual([
      { verdict, basis: "tool_call", subject: { change_url: "https://github.com/o/r/pull/5" } },
    ]);
  });

  test.each([
    ["mcp__github__pull_request_review_write", { method: "create" }],
    ["mcp__github__pull_request_review_write", { method: "delete_pending", event: "APPROVE" }],
    ["mcp__github__pull_request_read", {}],
    ["mcp__github__update_pull_request", { title: "x" }],
    ["merge_pull_request", {}],
  ])("%s %j decides nothing", (name, more) => {
    expect(decisionsOfTool(name, { ...args, ...more })).toEqual([]);
  });
});

describe("an answer", () => {
  test("that is an object with a verdict is a decision", () => {
    expect(decisionOfAnswer(' {"verdict":"approve","confidence":0.9,"reasoning":"clean"}\n')).toEqual({
      verdict: "approve",
      basis: "structured_output",
      confidence: 0.9,
      reasoning: "clean",
    });
    expect(decisionOfAnswer('{"verdict":"LGTM","confidence":7}')).toEqual({
      verdict: "approve",
      basis: "structured_output",
    });
  });

  test.each([
    "approve",
    '{"verdict":',
    '{"verdict":1}',
    '["verdict"]',
    '{"a":"verdict"}',
    'x {"verdict":"approve"}',
  ])("%s is none", (text) => {
    expect(decisionOfAnswer(text)).toBeUndefined();
  });

  test.each([
    ["Request changes", "request_changes"],
    ["request-changes", "request_changes"],
    ["changes_requested", "request_changes"],
    ["needs_human", "escalate"],
    ["perhaps", "other"],
    ["constructor", "other"],
  ])("says %s for %s", (word, verdict) => {
    expect(toVerdict(word)).toBe(verdict);
  });
});
