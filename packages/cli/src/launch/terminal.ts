/** What Node would do to the terminal when it exits. */

import { closeSync, fstatSync } from "node:fs";

/**
 * Keeps Node from setting the terminal's modes back to what they were when it started, as it does on exit: a
 * recorded command may have changed them on purpose (`stty -echo`), and when we run in the background they may
 * by now be another program's. Node leaves descriptors alone that are closed; so call this last.
 */
export function leaveTerminalAsItIs(): void {
  for (const fd of [0, 1, 2]) {
    try {
      if (fstatSync(fd).isCharacterDevice()) closeSync(fd);
    } catch {
      // closed already
    }
  }
}
