/**
 * The `spoor` command: chooses what to load, and turns its outcome into the exit code. Nothing else exits.
 *
 * `record` stands between a shell and its command, so it must start fast: it and `--version` never load the
 * other commands. This file is bundled for old versions of JavaScript so that an old Node can read the sentence
 * that refuses it (scripts/bundle.mjs).
 */

import { BrokenPipe, type Io, processIo } from "./io.ts";
import { complainAboutNode } from "./launch/node-version.ts";
import { leaveTerminalAsItIs } from "./launch/terminal.ts";
import { version } from "./launch/version.ts";

const COULD_NOT_DO_IT = 3;

async function main(args: string[], io: Io): Promise<number> {
  const [command, ...rest] = args;
  if (command === "--version") {
    io.stdout.write(`${version}\n`);
    return 0;
  }
  if (command === "record") return (await import("./commands/record.ts")).record(rest, io);
  // yargs asks for it while it is being loaded, and where the folder has been removed that throws.
  const { cwd } = io;
  process.cwd = () => cwd;
  return (await import("./cli.ts")).run(args, io);
}

function codeOf(error: unknown, io: Io): number {
  if (error instanceof BrokenPipe) return 0;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  io.stderr.write(`spoor: this is a fault of spoor's own: ${text}\n`);
  return COULD_NOT_DO_IT;
}

function exit(code: number): never {
  if (process.platform !== "win32") leaveTerminalAsItIs();
  process.exit(code); // not exitCode: a process left behind by the command must not keep us
}

const io = processIo();
const complaint = complainAboutNode(process.versions.node);
if (complaint !== undefined) {
  io.stderr.write(`${complaint}\n`);
  process.exit(COULD_NOT_DO_IT);
}
main(process.argv.slice(2), io)
  .catch((error: unknown) => codeOf(error, io))
  .then(exit);
