import { describe, expect, test } from "vitest";
import {
  changeUrlOf,
  forgeOf,
  parseChangeUrl,
  parseIssueUrl,
  webUrl,
} from "../../src/pointers/change-url.ts";

describe("a change's link", () => {
  test.each([
    ["https://github.com/o/r/pull/7", "https://github.com/o/r/pull/7"],
    ["https://github.com/o/r/pull/7/files?w=1#diff-1", "https://github.com/o/r/pull/7"],
    ["https://user:tok@github.com/o/r/pull/7", "https://github.com/o/r/pull/7"],
    ["https://gitlab.com/g/s/r/-/merge_requests/7/diffs", "https://gitlab.com/g/s/r/-/merge_requests/7"],
    ["https://gitlab.com/g/r/merge_requests/7", "https://gitlab.com/g/r/-/merge_requests/7"],
    ["https://codeberg.org/o/r/pulls/7/", "https://codeberg.org/o/r/pulls/7"],
    ["https://bitbucket.org/o/r/pull-requests/7/overview", "https://bitbucket.org/o/r/pull-requests/7"],
    ["https://dev.azure.com/o/p/_git/r/pullrequest/7", "https://dev.azure.com/o/p/_git/r/pullrequest/7"],
    ["https://github.com/o/pull/pull/7", "https://github.com/o/pull/pull/7"],
  ])("%s is canonically %s", (link, canonical) => {
    expect(parseChangeUrl(link)).toMatchObject({ url: canonical, id: "7" });
  });

  test("names the repository it is to be merged into", () => {
    expect(parseChangeUrl("https://gitlab.com/g/s/r/-/merge_requests/7")?.repositoryUrl).toBe(
      "https://gitlab.com/g/s/r",
    );
  });

  test.each([
    "https://github.com/o/r/issues/7",
    "https://github.com/o/r/pull/new/branch",
    "https://github.com/o/r/pull/7x",
    "https://api.github.com/repos/o/r/pulls/7",
    "https://git.example.org/api/v1/repos/o/r/pulls/7",
    "github.com/o/r/pull/7",
    "javascript:alert(1)//o/r/pull/7",
    "https://github.com/o/r\n/pull/7",
    undefined,
  ])("is not %j", (link) => {
    expect(parseChangeUrl(link)).toBeUndefined();
  });
});

test("an issue's link loses what follows its number", () => {
  expect(parseIssueUrl("https://github.com/o/r/issues/12#issuecomment-3")?.url).toBe(
    "https://github.com/o/r/issues/12",
  );
  expect(parseIssueUrl("https://gitlab.com/g/r/-/issues/12")?.repositoryUrl).toBe("https://gitlab.com/g/r");
  expect(parseIssueUrl("https://github.com/o/r/pull/12")).toBeUndefined();
});

test("a link keeps http and its port, and its fragment only where asked", () => {
  expect(webUrl("http://u:p@ci.local:8080/job/x/3/?a=b#c")).toBe("http://ci.local:8080/job/x/3");
  expect(webUrl("https://buildkite.com/o/p/builds/1#0190", { keepFragment: true })).toBe(
    "https://buildkite.com/o/p/builds/1#0190",
  );
});

test("a password with a slash in it, which moves the host, makes no link", () => {
  expect(webUrl("https://tok/en@ci.local/job/1")).toBeUndefined();
  expect(webUrl("https://tok#en@ci.local/job/1", { keepFragment: true })).toBeUndefined();
});

test("the host's name tells the forge, and the forge the shape of a change's link", () => {
  expect(forgeOf("https://gitlab.example.org/g/r")).toBe("gitlab");
  expect(forgeOf("https://tenant.ghe.com/o/r")).toBe("github");
  expect(forgeOf("https://git.example.org/o/r")).toBeUndefined();
  expect(forgeOf("https://notgithub.example.org/o/r")).toBeUndefined();
  expect(changeUrlOf("https://codeberg.org/o/r", "7", "gitea")).toBe("https://codeberg.org/o/r/pulls/7");
});
