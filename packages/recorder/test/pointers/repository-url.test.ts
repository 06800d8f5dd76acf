import * as fc from "fast-check";
import { expect, test } from "vitest";
import { repositoryUrl } from "../../src/pointers/repository-url.ts";

test.each([
  ["git@github.com:Octo/Shop.git", "https://github.com/Octo/Shop"],
  ["github.com:octo/shop", "https://github.com/octo/shop"],
  ["ssh://git@github.com:22/octo/shop", "https://github.com/octo/shop"],
  ["ssh://git@ssh.github.com:443/octo/shop.git", "https://github.com/octo/shop"],
  ["git@altssh.gitlab.com:group/sub/shop.git", "https://gitlab.com/group/sub/shop"],
  ["git://git.example.org/shop.git", "https://git.example.org/shop"],
  ["git+ssh://git@example.org/o/r.git/", "https://example.org/o/r"],
  ["https://user:tok@GitHub.com/Octo/Shop.git/?x=1#y", "https://github.com/Octo/Shop"],
  ["https://gitlab-ci-token:abc@gitlab.example.org:8443/g/s/r.git", "https://gitlab.example.org:8443/g/s/r"],
  ["http://git.example.org:80/o/r", "https://git.example.org/o/r"],
  ["https://bitbucket.example.org/scm/shop/cart.git", "https://bitbucket.example.org/scm/shop/cart"],
  [
    "https://org@dev.azure.com/org/my%20project/_git/shop",
    "https://dev.azure.com/org/my%20project/_git/shop",
  ],
  ["git@ssh.dev.azure.com:v3/org/project/shop", "https://dev.azure.com/org/project/_git/shop"],
  ["org@vs-ssh.visualstudio.com:v3/org/project/shop", "https://dev.azure.com/org/project/_git/shop"],
  ["https://git.sr.ht/~someone/shop", "https://git.sr.ht/~someone/shop"],
  ["ssh://git@[::1]:2222/o/r.git", "https://[::1]/o/r"],
])("%s is %s", (remote, expected) => {
  expect(repositoryUrl(remote)).toBe(expected);
});

test.each([
  "file:///srv/git/shop.git",
  "/srv/git/shop.git",
  "../shop",
  "./a:b",
  "C:\\work\\shop",
  "C:/home/shop",
  "ext::sh -c whoami",
  "https://github.com",
  "https://github.com/",
  "https://github.com/.git",
  "ssh://git@host/~/",
  "git@github.com:",
  "",
  "  ",
  "not a url",
  "https://exa mple.org/o/r",
  "https://example.org/o/r\nx",
  "https://example.org/a/..",
  "x".repeat(5000),
  undefined,
  7,
  { toString: () => "https://github.com/o/r" },
])("%j names no repository that others could open", (remote) => {
  expect(repositoryUrl(remote)).toBeUndefined();
});

const SECRET = "s3cr3t";
/** Anything a person may have pasted as a user or password, around the secret. */
const userInfo = fc
  .tuple(
    fc.string({ maxLength: 8 }),
    fc.constantFrom("", ":", "/", "?", "#", "@", "\\", "%40"),
    fc.string({ maxLength: 8 }),
  )
  .map(([before, middle, after]) => `${before}${SECRET}${middle}${after}`);

test("user information never survives, whatever stands in it and whatever the form", () => {
  const form = fc.constantFrom(
    (user: string) => `https://${user}@example.org/o/r.git`,
    (user: string) => `https://x:${user}@example.org/o/r.git`,
    (user: string) => `http://${user}:x@example.org:8080/o/r`,
    (user: string) => `ssh://${user}@example.org:22/o/r`,
    (user: string) => `git://${user}@example.org/o/r`,
    (user: string) => `${user}@example.org:o/r.git`,
    (user: string) => `x:${user}@example.org:o/r.git`,
  );
  fc.assert(
    fc.property(userInfo, form, (user, write) => {
      expect(repositoryUrl(write(user)) ?? "").not.toContain(SECRET);
    }),
    { numRuns: 5000 },
  );
});

test("what it returns is https, without user, query, fragment and .git, and returned unchanged the next time", () => {
  const part = fc.string({ minLength: 1, maxLength: 12 });
  const remote = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
    fc.tuple(part, part, part).map(([user, host, path]) => `${user}@${host}:${path}.git`),
  );
  fc.assert(
    fc.property(remote, (text) => {
      const url = repositoryUrl(text);
      if (url === undefined) return;
      expect(url).toMatch(/^https:\/\/[^/@?#]+\/[^@?#\s]+[^/@?#\s]$|^https:\/\/[^/@?#]+\/[^/@?#\s]$/);
      expect(repositoryUrl(url)).toBe(url);
    }),
    { numRuns: 3000 },
  );
});
