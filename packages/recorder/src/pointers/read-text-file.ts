/** The edge to files that others wrote: reads a regular file whole or not at all, and never waits. */

import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";

/** GitHub's own limit for a webhook payload; larger refs and config files do not exist either. */
const MAX_BYTES = 25 * 1024 * 1024;

/** Undefined if absent, unreadable, larger than 25 MiB, or not a regular file (a pipe would block, a device never end). */
export function readTextFile(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined; // absent or closed to us
  }
  try {
    const stat = fstatSync(file);
    return stat.isFile() && stat.size <= MAX_BYTES ? readFileSync(file, "utf8") : undefined;
  } catch {
    return undefined; // an input/output error: as good as absent
  } finally {
    closeSync(file);
  }
}
