import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");
const command = join(root, "node_modules/.bin/spoor");
const bundle = join(root, "packages/cli/dist/main.cjs");
const isBuilt = existsSync(bundle) && existsSync(join(root, "node_modules/.bin/spoor.cjs"));

let folder: string;
beforeAll(async () => {
  if (!isBuilt) console.warn("SKIPPED: the command is not built (pnpm run build), so nothing ran through it");
  folder = await mkdtemp(join(tmpdir(), "built-command-"));
});
afterAll(() => rm(folder, { recursive: true }));

function version(path: string, cwd: string, PATH = "/usr/bin:/bin"): string {
  const { stdout, stderr } = spawnSync(path, ["--version"], { cwd, env: { PATH }, encoding: "utf8" });
  return stdout + stderr;
}

describe.runIf(isBuilt)("the built command", () => {
  test("runs on the checkout's own Node, whatever node the PATH has", async () => {
    const bin = join(folder, "bin");
    await mkdir(bin);
    await writeFile(join(bin, "node"), "#!/bin/sh\necho the wrong node\n", { mode: 0o755 });
    expect(version(command, "/", `${bin}:/usr/bin:/bin`)).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test("runs through links to it and to its folder, absolute and relative, with spaces, from anywhere", async () => {
    await mkdir(join(folder, "a b"));
    await symlink(command, join(folder, "absolute"));
    await symlink("../absolute", join(folder, "a b", "relative"));
    await symlink(join(root, "node_modules/.bin"), join(folder, "commands"));
    for (const path of ["./absolute", "a b/relative", "commands/spoor", join(folder, "a b/relative")])
      expect(version(path, folder), path).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test("adds nothing to the environment that pnpm's own script would", () => {
    const env = { PATH: "/usr/bin:/bin", HOME: folder, PWD: folder, SPOOR_DIR: join(folder, "spoor") };
    const { stdout } = spawnSync(command, ["record", "--", "env"], { cwd: folder, env, encoding: "utf8" });
    const names = stdout
      .trim()
      .split("\n")
      .map((line) => line.split("=")[0]);
    expect(names).toEqual(expect.arrayContaining(Object.keys(env)));
    expect(names).not.toContain("NODE_PATH");
  });

  test("refuses a Node that is too old in one sentence", async () => {
    const older = join(folder, "older.cjs");
    await writeFile(older, 'Object.defineProperty(process.versions, "node", { value: "18.20.4" });');
    const { status, stderr } = spawnSync(process.execPath, ["--require", older, bundle, "record", "true"]);
    expect(status).toBe(3);
    expect(String(stderr)).toMatch(/^spoor needs Node 22 or later, and this is Node 18\.20\.4: [^\n]+\n$/);
  });
});
