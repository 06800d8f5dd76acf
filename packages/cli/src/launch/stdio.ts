/**
 * The descriptors we were started with, handled so that a recorded command and those at the other end of its pipes
 * do not notice that we are in between.
 */

import { closeSync, fstatSync, openSync, readlinkSync } from "node:fs";

/**
 * The descriptors above 2 that we were started with, for the command to inherit: 3, 4, … as far as they go.
 *
 * Node keeps inherited descriptors below 16 from its children. Its own ones are anonymous inodes and take the
 * lowest free numbers, so those before the first anonymous one are not Node's. Found on Linux only.
 */
export function inheritedFds(): readonly number[] {
  const found: number[] = [];
  for (let fd = 3; ; fd++) {
    try {
      if (readlinkSync(`/proc/self/fd/${fd}`).startsWith("anon_inode:")) return found;
    } catch {
      return found; // no such descriptor, or no /proc
    }
    found.push(fd);
  }
}

/**
 * Lets go of a stdin and stdout that now belong to the command, so that who is on the other end of a pipe sees it
 * close when the command closes it and not when we are done. A terminal stays: nobody waits for its end.
 *
 * @param fds Those the command has and we do not use. Each becomes the null device, so that its number stays taken.
 */
export function letGo(fds: readonly (0 | 1)[]): void {
  for (const fd of fds) {
    if (fstatSync(fd).isCharacterDevice()) continue;
    closeSync(fd);
    openSync("/dev/null", "r+"); // takes the lowest free number, which is `fd`
  }
}
