/**
 * `npm run demo`: the main job on real input. Records a small agent of our own that talks HTTP to a scripted
 * model server on loopback and runs real shell tools, imports three genuine transcripts, and shows what a user
 * would do next. Everything goes to a scratch folder; the commands printed are the commands run.
 */

import { spawnSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startModelServer } from "../model-server/index.ts";

const root = join(import.meta.dirname, "..", "..");
const scratch = mkdtempSync(join(tmpdir(), "spoor-demo-"));
const env = { ...process.env, SPOOR_DIR: join(scratch, "store"), NO_COLOR: "1" };
const spoor = join(root, "node_modules", ".bin", "spoor");
const fixtures = join(root, "fixtures", "transcripts-genuine");

const PROMPT = "Why does the build fail?";
const SCRIPT = {
  [PROMPT]: [
    { text: "I will look at the files and run the build.", tools: [shell("ls -1"), shell("make build")] },
    {
      text: "There is no Makefile yet. I write a small one.",
      tools: [shell("printf 'build:\\n\\techo built\\n' > Makefile")],
    },
    { tools: [shell("cat Makefile")] },
    { text: "The build failed because there was no Makefile; now there is one." },
  ],
};

function shell(command: string): { name: string; input: { command: string } } {
  return { name: "shell", input: { command } };
}

try {
  await using server = await startModelServer(SCRIPT);
  say(
    "1. A program records itself with @spoor/recorder (test/demo/agent.ts): real HTTP, real tools, one of which fails.",
  );
  await run(
    [
      process.execPath,
      "--conditions=@spoor/source",
      join(import.meta.dirname, "agent.ts"),
      server.url,
      PROMPT,
    ],
    "node agent.ts",
  );

  say("2. Any command is recorded untouched; its exit code is its own.");
  await run([spoor, "record", "--role", "tests", "--", "sh", "-c", "echo 1 test failed; exit 1"]);

  say(
    "3. What agents stored by themselves is imported: Claude Code with a sub-agent, Codex, and an older Claude Code.",
  );
  await run([
    spoor,
    "import",
    join(fixtures, "claude-code", "self-2.1.329-ok", "eb801caf-7e32-4e8a-8993-f18a3008df73.jsonl"),
    join(
      fixtures,
      "codex",
      "0.169.0",
      "rollout-2026-11-20T14-40-48-01a1f967-2190-7642-a110-f87372fbfa8c.jsonl",
    ),
    join(fixtures, "claude-code", "viewer-1af7fc5e.jsonl"),
  ]);

  say("4. What is there now:");
  await run([spoor, "list"]);

  say("5. One of them, call by call:");
  const invocations = spawnSync(spoor, ["list", "--json"], { env, encoding: "utf8" }).stdout;
  const demo = invocations.split("\n").find((line) => line.includes('"agent":"demo-agent"')) ?? "{}";
  const { invocation_id: id = "last" } = JSON.parse(demo) as { invocation_id?: string };
  await run([spoor, "show", id.slice(-12)]);

  say("6. And the gate before anything is uploaded:");
  await run([spoor, "verify", env.SPOOR_DIR]);
  console.log(
    "\nThat was a scratch store. Yours fills with `spoor record -- <your agent>`, or now with `spoor import`.",
  );
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function say(text: string): void {
  console.log(`\n${text}\n`);
}

/** Prints a command as a user would type it, then runs it. */
async function run([program = "", ...args]: readonly string[], shown?: string): Promise<void> {
  const words = [program === spoor ? "spoor" : program, ...args].map((word) =>
    word.replace(`${root}/`, "").replace(scratch, "…"),
  );
  console.log(`$ ${shown ?? words.map((word) => (/[\s;]/.test(word) ? `'${word}'` : word)).join(" ")}`);
  // Not spawnSync: the model server answers in this process.
  const child = spawn(program, args, { env, cwd: scratch, stdio: ["ignore", "inherit", "inherit"] });
  await once(child, "exit");
}
