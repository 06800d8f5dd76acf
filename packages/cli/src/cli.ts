/** Every command but `record`. */

import type { Io } from "./io.ts";

/** Runs the command that `args` names and returns its exit code. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  io.stderr.write(`spoor: unknown command "${args[0] ?? ""}"; there are: record, --version\n`);
  return 2;
}
