import { type Dirent, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Changes } from "@spoor/trace";
import { afterAll, describe, expect, test } from "vitest";
import { readChanges } from "../../src/pointers/git-changes.ts";
import { type GitFacts, type GitTools, readGit } from "../../src/pointers/git.ts";
import { readTextFile } from "../../src/pointers/read-text-file.ts";
import { runGit } from "../../src/pointers/run-git.ts";
import { commit, ENV, git, gitWith, makeFolder, makeRepository, write } from "./make-repository.ts";

const TOOLS: GitTools = { run: runGit, readFile: readTextFile, timeoutMs: 20_000 };
const made: string[] = [];
afterAll(() => made.forEach((root) => rmSync(root, { recursive: true, force: true })));

/** What `work` in the repository amounts to, for a run that began just before it. */
async function changesBy(
  root: string,
  work: (root: string) => void,
  env: object = ENV,
): Promise<Changes | undefined> {
  made.push(root);
  const start = (await readGit(root, { ...env }, TOOLS)) as GitFacts;
  const startTimeMs = Date.now();
  work(root);
  return readChanges(start, startTimeMs, { ...env }, TOOLS);
}

test("a run that touches nothing changes nothing", async () => {
  const root = makeRepository();
  expect(await changesBy(root, () => {})).toEqual({
    head_revision: git(root, "rev-parse", "HEAD"),
    commits: 0,
    files: 0,
    lines_added: 0,
    lines_removed: 0,
  });
});

test("what was committed and what was not are counted once, as one difference to the start", async () => {
  const root = makeRepository();
  const changes = await changesBy(root, () => {
    commit(root, { "README.md": "one\nTWO\nthree\n", "new.txt": "a\nb\n" });
    commit(root, { "new.txt": "a\nb\nc\n" });
    write(root, { "README.md": "one\nTWO\nthree\nfour\n" });
  });
  expect(changes).toEqual({
    head_revision: git(root, "rev-parse", "HEAD"),
    commits: 2,
    files: 2,
    lines_added: 5,
    lines_removed: 1,
  });
});

test("a commit that is amended or taken back is not counted", async () => {
  const root = makeRepository();
  const changes = await changesBy(root, () => {
    commit(root, { "a.txt": "1\n" });
    git(root, "reset", "--quiet", "--hard", "HEAD~1");
  });
  expect(changes).toMatchObject({ commits: 0, files: 0 });
});

test("commits that a pull or a switch of branches brings were not made here", async () => {
  const root = makeRepository();
  const changes = await changesBy(root, () => {
    for (const subject of ["theirs", "theirs too"]) {
      const date = { GIT_COMMITTER_DATE: "2020-01-01T00:00:00Z" };
      gitWith(date, root, "commit", "--quiet", "--allow-empty", `--message=${subject}`);
    }
    commit(root, { "mine.txt": "x\n" });
  });
  expect(changes).toMatchObject({ commits: 1, files: 1 });
});

test("everything is new where there was no commit at the start", async () => {
  const root = makeFolder();
  git(root, "init", "--quiet");
  expect(await changesBy(root, () => {})).toBeUndefined();
  expect(await changesBy(root, () => void commit(root, { "a.txt": "1\n2\n" }))).toMatchObject({
    commits: 1,
    files: 1,
    lines_added: 2,
    lines_removed: 0,
  });
});

test("a file without lines counts as a file", async () => {
  const root = makeRepository();
  const changes = await changesBy(root, () => void commit(root, { "image.bin": "\0\u0001\0" }));
  expect(changes).toMatchObject({ files: 1, lines_added: 0, lines_removed: 0 });
});

test("in a worktree, the changes are the worktree's", async () => {
  const root = makeRepository();
  made.push(root);
  git(root, "worktree", "add", "--quiet", "-b", "fix", `${root}-tree`);
  const changes = await changesBy(`${root}-tree`, (tree) => void commit(tree, { "fix.txt": "x\n" }));
  expect(changes).toMatchObject({ commits: 1, files: 1, lines_added: 1 });
});

test("in a container's foreign checkout they are counted all the same", async () => {
  const env = { ...ENV, CI: "true", GIT_TEST_ASSUME_DIFFERENT_OWNER: "1" };
  expect(
    await changesBy(makeRepository(), (root) => void commit(root, { "a.txt": "1\n" }), env),
  ).toMatchObject({ commits: 1 });
});

test("no program that the repository names for differences is started", async () => {
  const root = makeRepository();
  git(root, "config", "diff.external", "false");
  git(root, "config", "diff.evil.textconv", "false");
  const changes = await changesBy(root, () =>
    write(root, { ".git/info/attributes": "* diff=evil\n", "README.md": "x\n" }),
  );
  expect(changes).toMatchObject({ files: 1, lines_added: 1, lines_removed: 3 });
});

test("a start that is gone leaves its figures absent", async () => {
  const root = makeRepository();
  made.push(root);
  const start = { ...((await readGit(root, ENV, TOOLS)) as GitFacts), revision: "1".repeat(40) };
  expect(await readChanges(start, Date.now(), ENV, TOOLS)).toEqual({
    head_revision: git(root, "rev-parse", "HEAD"),
  });
});

test("without an answer from git only the head is known, and nothing once the folder is gone", async () => {
  const root = makeRepository();
  made.push(root);
  const start = (await readGit(root, ENV, TOOLS)) as GitFacts;
  const tools: GitTools = { ...TOOLS, run: () => Promise.resolve({ kind: "timeout" }) };
  expect(await readChanges(start, Date.now(), ENV, tools)).toEqual({
    head_revision: start.revision,
    commits: 0,
  });
  commit(root, { "a.txt": "1\n" });
  expect(await readChanges(start, Date.now(), ENV, tools)).toEqual({
    head_revision: git(root, "rev-parse", "HEAD"),
  });
  rmSync(root, { recursive: true });
  expect(await readChanges(start, Date.now(), ENV, TOOLS), "the agent removed the folder").toBeUndefined();
});

describe("files that git does not track", () => {
  test("count with their lines when they are new and not ignored", async () => {
    const root = makeRepository();
    const changes = await changesBy(root, () =>
      write(root, {
        ".gitignore": "*.log\n",
        "a/new.txt": "1\n2\n3",
        "a/empty": "",
        "a/image.bin": "\0\n\n",
        "noise.log": "x\n",
      }),
    );
    expect(changes).toMatchObject({ commits: 0, files: 4, lines_added: 4, lines_removed: 0 });
  });

  test("leave the lines absent when one is too large to be read", async () => {
    const root = makeRepository();
    const changes = await changesBy(root, () => write(root, { "large.txt": "x\n".repeat(600_000) }));
    expect(changes).toEqual({ head_revision: git(root, "rev-parse", "HEAD"), commits: 0, files: 1 });
  });

  test("do not count when they are the store's own", async () => {
    const root = makeRepository();
    made.push(root);
    const start = (await readGit(root, ENV, TOOLS)) as GitFacts;
    write(root, { "traces/one.jsonl": "{}\n", "traces.txt": "x\n" });
    const changes = await readChanges(start, Date.now(), ENV, TOOLS, join(root, "traces"));
    expect(changes).toMatchObject({ files: 1, lines_added: 1 });
  });
});

describe("what differed from the commit before the run", () => {
  /** A repository with a changed, a removed and a new file, and what `work` then amounts to. */
  async function changesOfDirty(work: (root: string) => void): Promise<Changes | undefined> {
    const root = makeRepository();
    made.push(root);
    commit(root, { "gone.txt": "1\n2\n" });
    write(root, { "README.md": "one\nTWO\nthree\nfour\n", "new.txt": "1\n2\n3\n" });
    rmSync(join(root, "gone.txt"));
    const start = (await readGit(root, ENV, TOOLS)) as GitFacts;
    work(root);
    return readChanges(start, Date.now() + 1000, ENV, TOOLS);
  }

  test("does not count while it stays as it is, also when it is committed", async () => {
    expect(await changesOfDirty(() => {})).toMatchObject({ files: 0, lines_added: 0, lines_removed: 0 });
    const committed = await changesOfDirty((root) => void commit(root, {}));
    expect(committed).toMatchObject({ files: 0, lines_added: 0, lines_removed: 0 });
  });

  test("counts when it is taken back, with the lines the other way around", async () => {
    const changes = await changesOfDirty((root) => {
      git(root, "checkout", "--quiet", "--", ".");
      rmSync(join(root, "new.txt"));
    });
    expect(changes).toMatchObject({ files: 3, lines_added: 3, lines_removed: 5 });
  });

  test("leaves the lines absent when it is changed again, beside files that were clean", async () => {
    const changes = await changesOfDirty((root) => write(root, { "README.md": "one\n", "other.txt": "x\n" }));
    expect(changes).toMatchObject({ files: 2 });
    expect(changes).not.toHaveProperty("lines_added");
    expect(changes).not.toHaveProperty("lines_removed");
  });
});

test("what the command did before the start was read was done by the command", async () => {
  const root = makeRepository();
  made.push(root);
  const startTimeMs = Date.now();
  write(root, { "README.md": "one\n", "new.txt": "1\n" });
  const start = (await readGit(root, ENV, TOOLS)) as GitFacts;
  const changes = await readChanges(start, startTimeMs, ENV, TOOLS);
  expect(changes).toMatchObject({ files: 2, lines_added: 1, lines_removed: 2 });
});

test("the repository itself is left as it was", async () => {
  const root = makeRepository();
  made.push(root);
  write(root, { "README.md": "x\n", "before.txt": "1\n" });
  const inside = (): string[] =>
    (readdirSync(join(root, ".git"), { recursive: true, withFileTypes: true }) as Dirent[])
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => `${path} ${statSync(path).mtimeMs}`);
  const found = inside();
  const start = (await readGit(root, ENV, TOOLS)) as GitFacts;
  write(root, { "after.txt": "1\n" });
  await readChanges(start, Date.now(), ENV, TOOLS);
  expect(inside()).toEqual(found);
});
