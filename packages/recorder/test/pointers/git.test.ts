import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type GitFacts, type GitTools, readGit, readParents } from "../../src/pointers/git.ts";
import { readTextFile } from "../../src/pointers/read-text-file.ts";
import { type GitOutcome, runGit } from "../../src/pointers/run-git.ts";
import { commit, ENV, git, makeFolder, makeRepository, write } from "./make-repository.ts";

const TOOLS: GitTools = { run: runGit, readFile: readTextFile, timeoutMs: 20_000 };
const WITHOUT_GIT = { ...ENV, PATH: "/nonexistent" };

const made: string[] = [];
const remember = (root: string): string => {
  made.push(root);
  return root;
};
afterAll(() => made.forEach((root) => rmSync(root, { recursive: true, force: true })));

const repository = (remote?: string): string => remember(makeRepository(remote));
const read = (cwd: string, env: object = ENV, tools = TOOLS): Promise<GitFacts | undefined> =>
  readGit(cwd, { ...env }, tools);

describe("a checkout", () => {
  test("tells its commit, branch, remote and root, from any folder in it", async () => {
    const root = repository("https://octo:s3cr3t@github.com/example-org/shop.git");
    mkdirSync(join(root, "a/b"), { recursive: true });
    const facts = await read(join(root, "a/b"));
    expect(facts).toEqual({
      topLevel: root,
      gitDir: join(root, ".git"),
      commonDir: join(root, ".git"),
      isWorktree: false,
      isShallow: false,
      revision: git(root, "rev-parse", "HEAD"),
      refName: "main",
      dirty: false,
      difference: new Map(),
      repositoryUrl: "https://github.com/example-org/shop",
      trust: [],
    });
    expect(JSON.stringify(facts)).not.toContain("s3cr3t");
  });

  test.each([
    ["a tracked file differs", { "README.md": "other\n" }],
    ["a file is not tracked", { "new.txt": "x" }],
  ])("is dirty when %s", async (_, files) => {
    const root = repository();
    write(root, files);
    expect((await read(root))?.dirty).toBe(true);
  });

  test("is dirty about untracked files even if the user hides them", async () => {
    const root = repository();
    git(root, "config", "status.showUntrackedFiles", "no");
    write(root, { "new.txt": "x" });
    expect((await read(root))?.dirty).toBe(true);
  });

  test("is at the commit of the beginning, although one is made before git answers", async () => {
    const root = repository();
    const head = git(root, "rev-parse", "HEAD");
    const run: GitTools["run"] = (...question) => {
      commit(root, { "a.txt": "1\n" });
      return TOOLS.run(...question);
    };
    expect(await read(root, ENV, { ...TOOLS, run })).toMatchObject({ revision: head, refName: "main" });
  });

  test("on an unborn branch has a name and no commit", async () => {
    const root = remember(makeFolder());
    git(root, "init", "--quiet");
    const facts = await read(root);
    expect(facts).toMatchObject({ refName: "main", dirty: false });
    expect(facts).not.toHaveProperty("revision");
  });

  test("of a worktree is its own, with the remotes of the repository", async () => {
    const root = repository();
    const tree = join(root, ".trees/fix");
    git(root, "worktree", "add", "--quiet", "-b", "fix", tree);
    const revision = commit(tree, { "fix.txt": "x" });
    const expected = {
      topLevel: tree,
      isWorktree: true,
      revision,
      refName: "fix",
      repositoryUrl: "https://github.com/example-org/shop",
    };
    expect(await read(tree)).toMatchObject({ ...expected, dirty: false });
    expect(await read(tree, WITHOUT_GIT)).toMatchObject(expected);
  });

  test("of depth 1 is shallow and still tells the parents of its commit", async () => {
    const origin = repository();
    git(origin, "switch", "--quiet", "-c", "side");
    const head = commit(origin, { "side.txt": "x" });
    git(origin, "switch", "--quiet", "main");
    const base = commit(origin, { "main.txt": "x" });
    git(origin, "merge", "--quiet", "--no-ff", "--no-edit", "side");
    const root = join(remember(makeFolder()), "clone");
    git(origin, "clone", "--quiet", "--depth=1", `file://${origin}`, root);
    const facts = await read(root);
    expect(facts).toMatchObject({ isShallow: true, refName: "main" });
    expect(facts, "the origin is a local path").not.toHaveProperty("repositoryUrl");
    expect(await readParents(facts as GitFacts, ENV, TOOLS)).toEqual([base, head]);
  });

  test("of a submodule is the submodule's, and names the repository around it", async () => {
    const library = repository("https://github.com/example-org/library.git");
    const root = repository();
    git(root, "submodule", "--quiet", "add", library, "lib");
    git(join(root, "lib"), "remote", "set-url", "origin", "git@github.com:example-org/library.git");
    const expected = {
      topLevel: join(root, "lib"),
      superproject: root,
      isWorktree: false,
      revision: git(library, "rev-parse", "HEAD"),
      repositoryUrl: "https://github.com/example-org/library",
    };
    expect(await read(join(root, "lib"))).toMatchObject(expected);
    expect(await read(join(root, "lib"), WITHOUT_GIT)).toMatchObject(expected);
  });

  test("that GIT_DIR names from elsewhere is the one there", async () => {
    const root = repository();
    const outside = remember(makeFolder());
    expect(await read(outside, { ...ENV, GIT_DIR: join(root, ".git"), GIT_WORK_TREE: root })).toMatchObject({
      topLevel: root,
      refName: "main",
      dirty: false,
    });
  });
});

describe("a detached head", () => {
  const detached = (): string => {
    const root = repository();
    git(root, "checkout", "--quiet", "--detach");
    return root;
  };

  test("goes by the one branch that is there, never by HEAD", async () => {
    expect((await read(detached()))?.refName).toBe("main");
  });

  test("goes by the branch of a remote, then by a tag", async () => {
    const root = detached();
    git(root, "update-ref", "refs/remotes/origin/feature/x", "HEAD");
    git(root, "update-ref", "refs/remotes/pull/7/merge", "HEAD");
    git(root, "tag", "v1");
    git(root, "branch", "--quiet", "-D", "main");
    expect((await read(root))?.refName).toBe("feature/x");
    git(root, "update-ref", "-d", "refs/remotes/origin/feature/x");
    expect((await read(root))?.refName).toBe("v1");
  });

  test("has no name when several branches are there, or none", async () => {
    const root = detached();
    git(root, "branch", "other");
    expect(await read(root)).not.toHaveProperty("refName");
    commit(root, { "x.txt": "x" });
    const facts = await read(root);
    expect(facts).not.toHaveProperty("refName");
    expect(facts?.revision).toBe(git(root, "rev-parse", "HEAD"));
  });

  test("goes by the name that GitHub Actions gives it", async () => {
    expect((await read(detached(), { ...ENV, GITHUB_HEAD_REF: "fix-cart" }))?.refName).toBe("fix-cart");
  });
});

describe("of several remotes", () => {
  const withRemotes = (): string => {
    const root = repository("git@github.com:me/shop.git");
    git(root, "remote", "add", "upstream", "https://github.com/example-org/shop.git");
    return root;
  };

  test("the branch's own comes first", async () => {
    const root = withRemotes();
    git(root, "config", "branch.main.remote", "upstream");
    expect((await read(root))?.repositoryUrl).toBe("https://github.com/example-org/shop");
    expect((await read(root, WITHOUT_GIT))?.repositoryUrl).toBe("https://github.com/example-org/shop");
  });

  test("then origin, then the first", async () => {
    const root = withRemotes();
    expect((await read(root))?.repositoryUrl).toBe("https://github.com/me/shop");
    git(root, "remote", "rename", "origin", "zed");
    expect((await read(root))?.repositoryUrl).toBe("https://github.com/me/shop");
  });

  test("one that is a local path is passed over", async () => {
    const root = withRemotes();
    git(root, "remote", "set-url", "origin", "/srv/mirror/shop.git");
    expect((await read(root))?.repositoryUrl).toBe("https://github.com/example-org/shop");
  });

  test("none brings the token that insteadOf would put in", async () => {
    const root = repository("https://github.com/example-org/shop.git");
    git(root, "config", "url.https://x:s3cr3t@proxy.example.org/.insteadOf", "https://github.com/");
    expect((await read(root))?.repositoryUrl).toBe("https://github.com/example-org/shop");
  });
});

describe("without an answer from git", () => {
  test("no git at all: the files tell commit, branch and remote, but not whether it is dirty", async () => {
    const root = repository();
    const facts = await read(root, WITHOUT_GIT);
    expect(facts).toMatchObject({
      revision: git(root, "rev-parse", "HEAD"),
      refName: "main",
      repositoryUrl: "https://github.com/example-org/shop",
    });
    expect(facts).not.toHaveProperty("dirty");
  });

  test("packed refs are found too, also below a branch with a slash", async () => {
    const root = repository();
    git(root, "switch", "--quiet", "-c", "feature/x");
    const revision = commit(root, { "x.txt": "x" });
    git(root, "pack-refs", "--all");
    expect(await read(root, WITHOUT_GIT)).toMatchObject({ revision, refName: "feature/x" });
  });

  test("a detached head has its commit", async () => {
    const root = repository();
    git(root, "checkout", "--quiet", "--detach");
    const facts = await read(root, WITHOUT_GIT);
    expect(facts?.revision).toBe(git(root, "rev-parse", "HEAD"));
    expect(facts).not.toHaveProperty("refName");
  });

  test("not in time: dirty is absent, the rest comes from the files", async () => {
    const root = repository();
    const run: GitTools["run"] = (args, options) =>
      args[0] === "status" ? Promise.resolve<GitOutcome>({ kind: "timeout" }) : runGit(args, options);
    const facts = await read(root, ENV, { ...TOOLS, run });
    expect(facts).toMatchObject({ refName: "main", repositoryUrl: "https://github.com/example-org/shop" });
    expect(facts).not.toHaveProperty("dirty");
  });

  test("more output than is read: it is dirty", async () => {
    const root = repository();
    for (let folder = 0; folder < 8; folder++) {
      mkdirSync(join(root, "x".repeat(200) + folder));
      commit(root, { [`${"x".repeat(200)}${folder}/keep`]: "" });
      for (let file = 0; file < 700; file++)
        writeFileSync(join(root, "x".repeat(200) + folder, `${"y".repeat(200)}${file}`), "");
    }
    expect(await read(root)).toMatchObject({
      dirty: true,
      refName: "main",
      revision: git(root, "rev-parse", "HEAD"),
    });
  });

  test("a run that takes too long is ended and said so", async () => {
    const root = repository();
    write(root, { "wait.sh": "sleep 5\n" });
    const outcome = await runGit(["-c", `alias.wait=!sh ${join(root, "wait.sh")}`, "wait"], {
      cwd: root,
      env: ENV,
      timeoutMs: 50,
    });
    expect(outcome).toEqual({ kind: "timeout" });
  });
});

test("a process that the system cannot start is as good as none", async () => {
  expect(await runGit(["status"], { cwd: "\0", env: ENV, timeoutMs: 1000 })).toEqual({ kind: "missing" });
});

describe("a repository that another user owns", () => {
  const FOREIGN = { ...ENV, GIT_TEST_ASSUME_DIFFERENT_OWNER: "1" };

  test("is trusted in a CI, where the owner is the host's user", async () => {
    const root = repository();
    expect(await read(root, { ...FOREIGN, CI: "true" })).toMatchObject({
      refName: "main",
      dirty: false,
      repositoryUrl: "https://github.com/example-org/shop",
      trust: ["-c", `safe.directory=${root}`],
    });
  });

  test("is read from its files elsewhere, where its settings could name a program of a stranger", async () => {
    const root = repository();
    const witness = join(root, "ran");
    git(root, "config", "filter.evil.clean", `touch ${witness}; cat`);
    write(root, { ".gitattributes": "* filter=evil\n", "README.md": "changed\n" });
    const facts = await read(root, FOREIGN);
    expect(facts).toMatchObject({
      refName: "main",
      repositoryUrl: "https://github.com/example-org/shop",
      trust: [],
    });
    expect(facts).not.toHaveProperty("dirty");
    expect(readTextFile(witness)).toBeUndefined();
  });
});

test("a file system monitor that the repository names is not started", async () => {
  const root = repository();
  const witness = join(root, "ran");
  git(root, "config", "core.fsmonitor", `touch ${witness}; false`);
  expect((await read(root))?.refName).toBe("main");
  expect(readTextFile(witness)).toBeUndefined();
});

describe("no repository", () => {
  test("means no process is started", async () => {
    const run: GitTools["run"] = () => Promise.reject(new Error("asked git"));
    expect(await read(remember(makeFolder()), ENV, { ...TOOLS, run })).toBeUndefined();
  });

  test("is what a .git that git does not accept is", async () => {
    const root = remember(makeFolder());
    write(root, { ".git/HEAD": "ref: refs/heads/main\n" });
    expect(await read(root)).toBeUndefined();
  });

  test.each(["gitdir: /nonexistent\n", "gitdir: \n", "garbage", "\0"])(
    "is behind a .git file that says %j",
    async (text) => {
      const root = remember(makeFolder());
      write(root, { ".git": text });
      expect(await read(root, WITHOUT_GIT)).toBeUndefined();
    },
  );
});

test("a head that leads out of the folder is not followed", async () => {
  const root = repository();
  write(root, { ".git/HEAD": "ref: refs/heads/../../../README.md\n", "README.md": "a".repeat(40) });
  const facts = await read(root, WITHOUT_GIT);
  expect(facts).not.toHaveProperty("revision");
});
