import { describe, expect, test } from "vitest";
import { findChangeOfTool, findCreatedChange } from "../../src/pointers/pull-request-links.ts";

const URL_7 = "https://github.com/example-org/shop/pull/7";
const GH_OUTPUT = `Creating pull request for fix-cart into main in example-org/shop\n\n${URL_7}\n`;
const found = (command: string | string[], output = GH_OUTPUT) => findCreatedChange(command, output)?.url;

describe("a change is found in the output of", () => {
  test.each([
    "gh pr create --fill",
    "gh pr new -t x -b y",
    "cd /w && git push -u origin HEAD && gh pr create --title 'a; b' --body \"$(cat <<'EOF'\nSee https://github.com/example-org/shop/pull/3\nEOF\n)\"",
    "GH_TOKEN=x gh pr create",
    "/usr/bin/gh pr create",
    "gh -R example-org/shop pr create",
    'URL="$(gh pr create --fill)"; echo "$URL"',
    "if true; then gh pr create; fi",
    "git add -A\ngit commit -m x\ngh pr create --draft",
    'bash -lc "git push && gh pr create --fill"',
    "tea pr create",
    "hub pull-request -m x",
  ])("%s", (command) => {
    expect(found(command)).toBe(URL_7);
  });

  test("an argument list, as Codex writes its commands", () => {
    expect(found(["bash", "-lc", "gh pr create --fill"])).toBe(URL_7);
    expect(found(["gh", "pr", "create", "--fill"])).toBe(URL_7);
  });

  test("glab", () => {
    const output =
      "Creating merge request for fix into main in g/shop\n\n!7 fix (fix)\n https://gitlab.example.org/g/shop/-/merge_requests/7\n\n";
    expect(findCreatedChange("glab mr create --fill --yes", output)).toEqual({
      url: "https://gitlab.example.org/g/shop/-/merge_requests/7",
      id: "7",
      repositoryUrl: "https://gitlab.example.org/g/shop",
    });
  });

  test("a terminal with carriage returns", () => {
    expect(found("gh pr create", `x\r\n${URL_7}\r\n`)).toBe(URL_7);
  });
});

describe("no change is found", () => {
  test.each([
    "gh pr view 7",
    "gh pr list",
    "echo 'gh pr create'",
    'git commit -m "use gh pr create"',
    "cat gh-pr-create.md",
    "gh issue create",
    "gh pr created",
    "mygh pr create",
    ["echo", "x; y"].join(" "),
  ])("in the output of another command: %s", (command) => {
    expect(found(command)).toBeUndefined();
  });

  test.each([
    ["it exists already", `a pull request for branch "fix" into branch "main" already exists:\n${URL_7}`],
    [
      "links stand inside sentences only",
      `remote: Create a pull request by visiting ${URL_7}\nSee ${URL_7}.`,
    ],
    ["several changes are listed", `${URL_7}\nhttps://github.com/example-org/shop/pull/8\n`],
    [
      "the link leads elsewhere",
      "https://github.com/example-org/shop/pull/new/fix\nhttps://github.com/example-org/shop/issues/7",
    ],
    ["there is no output", ""],
  ])("when %s", (_, output) => {
    expect(found("gh pr create --fill", output)).toBeUndefined();
  });
});

test("the tools of MCP servers that create changes answer with JSON", () => {
  const result = JSON.stringify({
    id: 1,
    number: 7,
    url: "https://api.github.com/repos/example-org/shop/pulls/7",
    html_url: URL_7,
  });
  expect(findChangeOfTool("mcp__github__create_pull_request", result)?.url).toBe(URL_7);
  expect(
    findChangeOfTool("create_merge_request", '{"web_url": "https://gitlab.com/g/r/-/merge_requests/7"}')?.id,
  ).toBe("7");
  expect(findChangeOfTool("create_pull_request", JSON.stringify([{ type: "text", text: result }]))?.url).toBe(
    URL_7,
  );
  expect(findChangeOfTool("mcp__github__get_pull_request", result)).toBeUndefined();
});
