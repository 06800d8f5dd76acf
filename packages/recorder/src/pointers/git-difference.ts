/**
 * How the files of a working tree differ from a commit: what git tracks, and new files that it does not ignore.
 *
 * Read without writing anything: `git add` or `git stash create`, even with an index of their own, would leave
 * objects in the repository. Untracked files are read here instead, within bounds.
 */

import { promises as files } from "node:fs";
import { dirname, join } from "node:path";

/** What `git ARGS…` prints in the root of the working tree; undefined where it failed or was too slow. */
export type Ask = (...args: string[]) => Promise<string | undefined>;

export interface FileDifference {
  /** Absent for an untracked file that is too large to be read. */
  added?: number;
  removed: number;
  /** The same for the same content. */
  content: string;
  /** When it became as it is, in milliseconds since 1970. */
  changedMs: number;
}

/** By path, from the root of the working tree, with forward slashes. */
export type Difference = ReadonlyMap<string, FileDifference>;

/** The tree without files. @param idLength 40 in a repository with SHA-1, 64 with SHA-256 */
export function emptyTree(idLength = 40): string {
  return idLength === 64
    ? "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"
    : "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
}

const MAX_UNTRACKED = 2000;
const MAX_BYTES = 1024 * 1024;
/** For all files together. */
const READ_FOR_MS = 2000;
const DIFF = ["diff", "--numstat", "-z", "--no-renames", "--no-relative", "--no-ext-diff", "--no-textconv"];

/**
 * @param base A commit or tree.
 * @param before To compare with: of other tracked files the content is not needed, so it is not read.
 * @returns Undefined where git did not answer in time, or there is too much to be read.
 */
export async function readDifference(
  topLevel: string,
  base: string,
  ask: Ask,
  before?: Difference,
): Promise<Difference | undefined> {
  const [diff, others] = await Promise.all([
    ask(...DIFF, base),
    ask("ls-files", "--others", "--exclude-standard", "-z"),
  ]);
  if (diff === undefined || others === undefined) return undefined;
  const untracked = others.split("\0").filter((path) => path !== "" && !path.endsWith("/"));
  if (untracked.length > MAX_UNTRACKED) return undefined;

  const deadlineMs = Date.now() + READ_FOR_MS;
  const difference = new Map<string, FileDifference>();
  for (const line of diff.split("\0").filter(Boolean)) {
    const [added, removed, ...rest] = line.split("\t");
    const path = rest.join("\t");
    if (Date.now() > deadlineMs) return undefined;
    const isNeeded = before === undefined || before.has(path);
    const { content, changedMs } = isNeeded ? await readState(topLevel, path) : NOT_READ;
    // A binary file's figures are dashes.
    difference.set(path, { added: Number(added) || 0, removed: Number(removed) || 0, content, changedMs });
  }
  for (const path of untracked) {
    if (Date.now() > deadlineMs) return undefined;
    const { lines, content, changedMs } = await readState(topLevel, path);
    const removed = difference.get(path)?.removed ?? 0; // one that git no longer tracks is in both lists
    difference.set(path, { ...(lines === undefined ? {} : { added: lines }), removed, content, changedMs });
  }
  return difference;
}

const NOT_READ: FileState = { content: "not read", changedMs: Number.POSITIVE_INFINITY };

interface FileState {
  /** Absent where it is too large. */
  lines?: number;
  content: string;
  changedMs: number;
}

async function readState(topLevel: string, path: string): Promise<FileState> {
  const file = join(topLevel, path);
  try {
    const stat = await files.lstat(file);
    // The time of the inode: unlike that of the content it cannot be set, and a rename changes it.
    const changedMs = stat.ctimeMs;
    if (stat.isSymbolicLink()) return { lines: 1, content: `link ${await files.readlink(file)}`, changedMs };
    if (!stat.isFile()) return { lines: 0, content: "not a file", changedMs };
    if (stat.size > MAX_BYTES) return { content: `${stat.size} ${stat.ino} ${stat.mtimeMs}`, changedMs };
    const bytes = await files.readFile(file);
    const { hash } = process.getBuiltinModule("node:crypto"); // see random.ts
    return { lines: countLines(bytes), content: hash("sha256", bytes, "hex"), changedMs };
  } catch {
    // Removed, which its folder knows the time of, or not ours to read.
    return { lines: 0, content: "none", changedMs: await changedMsOfFolder(topLevel, dirname(path)) };
  }
}

async function changedMsOfFolder(topLevel: string, folder: string): Promise<number> {
  try {
    return (await files.lstat(join(topLevel, folder))).ctimeMs;
  } catch {
    return folder === "." ? 0 : changedMsOfFolder(topLevel, dirname(folder));
  }
}

/** As git counts them: a binary file, one with a NUL near its beginning, has none. */
function countLines(bytes: Buffer): number {
  if (bytes.length === 0 || bytes.subarray(0, 8000).includes(0)) return 0;
  let lines = bytes.at(-1) === 0x0a ? 0 : 1;
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) lines++;
  return lines;
}
