/** Real repositories in temporary folders, out of reach of the settings of the machine. */

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Nothing of the machine but the path to git. */
export const ENV = {
  PATH: process.env["PATH"],
  HOME: "/nonexistent",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
};

const AUTHOR = {
  GIT_AUTHOR_NAME: "Octo",
  GIT_AUTHOR_EMAIL: "octo@example.org",
  GIT_COMMITTER_NAME: "Octo",
  GIT_COMMITTER_EMAIL: "octo@example.org",
};

export function git(cwd: string, ...args: string[]): string {
  return gitWith({}, cwd, ...args);
}

export function gitWith(env: Record<string, string>, cwd: string, ...args: string[]): string {
  const settings = ["-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main"];
  return execFileSync("git", [...settings, ...args], {
    cwd,
    env: { ...ENV, ...AUTHOR, ...env },
    encoding: "utf8",
    stdio: "pipe",
  }).trim();
}

export function makeFolder(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), "spoor-pointers-")));
}

export function write(root: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

export function commit(root: string, files: Record<string, string>): string {
  write(root, files);
  git(root, "add", "--all");
  git(root, "commit", "--quiet", "--allow-empty", "--message=change");
  return git(root, "rev-parse", "HEAD");
}

/** A repository on `main` with one commit and a remote. */
export function makeRepository(remote: string = "https://github.com/example-org/shop.git"): string {
  const root = makeFolder();
  git(root, "init", "--quiet");
  git(root, "remote", "add", "origin", remote);
  commit(root, { "README.md": "one\ntwo\nthree\n" });
  return root;
}
