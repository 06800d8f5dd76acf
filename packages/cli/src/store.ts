/** The store as commands see it: which folder it is, its runs, and what to say when it is empty. */

import { statSync } from "node:fs";
import { homedir } from "node:os";
import {
  currentWriter,
  foldTrace,
  type Invocation,
  readEntries,
  type ReadOptions,
  toInvocation,
  type Trace,
  traceDirectory,
  writerState,
} from "@spoor/trace";
import type { CommonArguments } from "./command.ts";
import { countConversations } from "./conversations.ts";
import { Failure } from "./errors.ts";
import { absolutePath, type Io } from "./io.ts";
import { briefEntries } from "./show/brief.ts";
import { soundEntries } from "./sound-entries.ts";

/**
 * The folder of the store, absolute.
 *
 * @throws {Failure} When it is named from a working folder that has been removed.
 */
export function storeDirectory({ dir }: CommonArguments, { cwd, env }: Pick<Io, "cwd" | "env">): string {
  const home = homeOf(env);
  const named = traceDirectory({ flag: dir, env, platform: process.platform, home });
  const directory = absolutePath(named, { cwd });
  if (directory === undefined)
    throw new Failure(
      `the store is ${named} in the working folder, which is gone; name it by an absolute path`,
    );
  return directory;
}

export function homeOf(env: Io["env"]): string {
  return env["HOME"] || homedir();
}

/** One trace, whatever its file holds. */
export function readTrace(path: string, options: ReadOptions = {}): Trace {
  return foldTrace(soundEntries(readEntries(path, options)));
}

/** One trace without its contents. */
export function readHeads(path: string): Trace {
  return readTrace(path, { headOnly: true });
}

/** One trace with of its contents what a tree can show. */
export function readBriefly(path: string): Trace {
  return foldTrace(briefEntries(soundEntries(readEntries(path))));
}

/** The invocation object, `running` or `crashed` included where the trace has no end. */
export function invocationOf(trace: Trace, path: string, { now }: Pick<Io, "now">): Invocation {
  return toInvocation(trace, path, () => {
    const silentMs = now() - statSync(path).mtimeMs;
    return writerState(trace.invocation?.start?.writer, currentWriter(), silentMs);
  });
}

/** What to tell one who looks into a store without runs: why, and what could be there. */
export function emptyStoreText(directory: string, io: Io): string {
  const found = countConversations(io.env, homeOf(io.env)).filter(({ count }) => count > 0);
  if (found.length === 0)
    return `0 runs here (${directory}). Record one: \`spoor record -- claude -p "fix the failing test"\`\n`;
  const counts = found.map(({ title, count }) => `${count} ${title}`).join(", ");
  const total = found.reduce((sum, { count }) => sum + count, 0);
  return `0 runs here; ${counts} conversation${total === 1 ? "" : "s"} found: \`spoor import --since 7d\`\n`;
}
