// An agent that does what it is told, one JSON instruction per line of stdin, and answers each with a line. It
// leaves the traces that agents leave: transcripts written line by line or held open, notes, bytes on other files.
import { spawn } from "node:child_process";
import { appendFileSync, closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";

const open = new Map();
let below;
let answersBelow;

const instructions = {
  /** Opens the file anew for these lines, as Claude Code and Gemini CLI do. */
  append({ path, lines }) {
    mkdirSync(dirname(path), { recursive: true });
    appendFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  },
  /** Opens the file and keeps it open, as Codex does. */
  hold({ path, flags = "a" }) {
    mkdirSync(dirname(path), { recursive: true });
    open.set(path, openSync(path, flags));
  },
  write({ path, lines }) {
    for (const line of lines) writeSync(open.get(path), `${JSON.stringify(line)}\n`);
  },
  release({ path }) {
    closeSync(open.get(path));
  },
  note({ path, conversation }) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path.replace("PID", String(process.pid)), JSON.stringify({ conversation }));
  },
  forget({ path }) {
    rmSync(path.replace("PID", String(process.pid)));
  },
  /** Starts another agent below this one. */
  async start({ agent }) {
    below = spawn(process.execPath, [process.argv[1], agent], { stdio: ["pipe", "pipe", "inherit"] });
    answersBelow = createInterface({ input: below.stdout })[Symbol.asyncIterator]();
    await answersBelow.next();
  },
  /** Has that one do something. */
  async tell(how) {
    below.stdin.write(`${JSON.stringify(how.what)}\n`);
    await answersBelow.next();
  },
};

process.stdout.write(`${process.pid}\n`);
for await (const text of createInterface({ input: process.stdin })) {
  const { todo, ...how } = JSON.parse(text);
  await instructions[todo](how);
  process.stdout.write("done\n");
}
below?.stdin.end();
