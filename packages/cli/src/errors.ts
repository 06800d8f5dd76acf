/** What a command may fail of, and the one place where that gets its words and its exit code. */

/** The command was called wrongly: exit code 2. The message says what came, what was expected, what to do. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** It could not be done: exit code 3. */
export class Failure extends Error {
  override readonly name = "Failure";
}

export const EXIT = { done: 0, answerIsNo: 1, wrongUsage: 2, couldNotDoIt: 3 } as const;

/** Reasons of the system that a person can act on; the code itself is always told as well. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "not permitted",
  ENOENT: "no such file or folder",
  ENOTDIR: "a part of the path is not a folder",
  EISDIR: "it is a folder",
  ELOOP: "too many symbolic links",
  EMFILE: "too many open files",
  ENOSPC: "the disk is full",
  EROFS: "the file system is read-only",
  EIO: "the disk reports an error",
};

/** A problem with a file in words; undefined for any other error, which is then a fault of our own. */
export function describeFileError(error: unknown): string | undefined {
  const { code, path } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || code === undefined || !/^E[A-Z]+$/.test(code)) return undefined;
  return `${path ?? "a file"}: ${REASONS[code] ?? "the system refused it"} (${code})`;
}
