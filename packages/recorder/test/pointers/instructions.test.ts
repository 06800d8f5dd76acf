import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readInstructions } from "../../src/pointers/instructions.ts";
import { makeFolder, write } from "./make-repository.ts";

const MAKE_PIPE = "mkfifo";
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

let folder: string;
let root: string;
beforeEach(() => {
  folder = makeFolder();
  root = join(folder, "repository");
  write(root, { "README.md": "x" });
});
afterEach(() => rmSync(folder, { recursive: true }));

const paths = (cwd: string = root): string[] => readInstructions(cwd, root).map(({ path }) => path);

test("each file is named by its path below the root and the hash of its bytes", () => {
  write(root, { "AGENTS.md": "be kind\r\n" });
  expect(readInstructions(root, root)).toEqual([{ path: "AGENTS.md", sha256: sha256("be kind\r\n") }]);
});

test("files are looked for from the root down to the working directory, and not beside it", () => {
  write(root, {
    "CLAUDE.md": "1",
    "app/AGENTS.md": "2",
    "app/web/GEMINI.md": "3",
    "app/web/deeper/AGENTS.md": "4",
    "other/AGENTS.md": "5",
  });
  write(folder, { "CLAUDE.md": "outside" });
  expect(paths(join(root, "app/web"))).toEqual(["CLAUDE.md", "app/AGENTS.md", "app/web/GEMINI.md"]);
});

test("the files and folders of rules of the known agents are found", () => {
  write(root, {
    "AGENTS.md": "1",
    "CLAUDE.md": "2",
    "CLAUDE.local.md": "3",
    ".claude/CLAUDE.md": "4",
    "GEMINI.md": "5",
    ".github/copilot-instructions.md": "6",
    ".cursorrules": "7",
    ".cursor/rules/b.mdc": "8",
    ".cursor/rules/a.mdc": "9",
    ".cursor/rules/notes.txt": "10",
    ".github/instructions/ts.instructions.md": "11",
  });
  expect(paths()).toEqual([
    "AGENTS.md",
    "CLAUDE.md",
    "CLAUDE.local.md",
    ".claude/CLAUDE.md",
    "GEMINI.md",
    ".github/copilot-instructions.md",
    ".cursorrules",
    ".cursor/rules/a.mdc",
    ".cursor/rules/b.mdc",
    ".github/instructions/ts.instructions.md",
  ]);
});

test("a link inside the root is followed, one that leads out is not", () => {
  write(folder, { "secret.md": "s" });
  write(root, { "AGENTS.md": "1" });
  symlinkSync("AGENTS.md", join(root, "CLAUDE.md"));
  symlinkSync("../secret.md", join(root, "GEMINI.md"));
  symlinkSync("loop", join(root, "loop"));
  symlinkSync("loop", join(root, ".cursorrules"));
  expect(readInstructions(root, root)).toEqual([
    { path: "AGENTS.md", sha256: sha256("1") },
    { path: "CLAUDE.md", sha256: sha256("1") },
  ]);
});

test("a sibling whose name begins like the root is outside", () => {
  write(`${root}-other`, { "AGENTS.md": "1" });
  symlinkSync("../repository-other/AGENTS.md", join(root, "AGENTS.md"));
  expect(paths()).toEqual([]);
});

test("neither a folder, nor a named pipe, nor a file over 1 MiB is read", () => {
  write(root, { "AGENTS.md/x": "1", "GEMINI.md": "x".repeat(1024 * 1024 + 1) });
  execFileSync(MAKE_PIPE, [join(root, "CLAUDE.md")]);
  expect(paths()).toEqual([]);
});

test("no more than 32 are recorded", () => {
  write(
    root,
    Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`.cursor/rules/${index}.md`, "x"])),
  );
  expect(paths()).toHaveLength(32);
});

test("without a repository only the working directory is looked at", () => {
  write(folder, { "AGENTS.md": "outside" });
  write(root, { "CLAUDE.md": "1" });
  expect(readInstructions(root).map(({ path }) => path)).toEqual(["CLAUDE.md"]);
});

test("a folder that is gone has none", () => {
  expect(readInstructions(join(root, "gone"), join(root, "gone"))).toEqual([]);
});
