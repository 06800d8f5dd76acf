import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { finished, homeOf, record, run, SPOOR, SPOOR_IN_SHELL } from "./spoor.ts";

/** What /proc tells is needed to see what a process was given. */
const testOnLinux = test.runIf(process.platform === "linux");

/** All that spoor may add to the command's environment. */
const ADDED_VARIABLES = ["SPOOR_INVOCATION", "TRACEPARENT", "TRACESTATE"];

let home: string;
beforeAll(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), "spoor-home-")));
});
afterAll(() => rm(home, { recursive: true }));

test("64 MB through stdin and stdout arrive byte for byte", async () => {
  const block = Buffer.from(Array.from({ length: 65_536 }, (_, i) => (i * 31) ^ (i >> 8)));
  const sent = createHash("sha256");
  const { process: spoor, stdin, bytes } = record(home, ["cat"]);
  const closed = once(spoor, "close");
  for (let n = 0; n < 1024; n++) {
    block.writeUInt32LE(n, n * 4);
    sent.update(block);
    if (!stdin.write(Buffer.from(block))) await once(stdin, "drain");
  }
  stdin.end();
  await closed;
  expect(createHash("sha256").update(bytes()).digest("hex")).toBe(sent.digest("hex"));
});

test("the command finds the working directory and the environment as we found them", async () => {
  const print = "const { env } = process; console.log(JSON.stringify({ env, cwd: process.cwd() }))";
  const env = { ...homeOf(home), EMPTY: "", LINES_OF: "a\nb", ÜMLAUT: "ü" };
  const alone = JSON.parse((await finished(run([process.execPath, "-e", print], { env, cwd: home }))).output);
  const recorded = JSON.parse(
    (await finished(record(home, [process.execPath, "-e", print], { env, cwd: home }))).output,
  );
  expect(recorded.cwd).toBe(alone.cwd);
  for (const name of ADDED_VARIABLES) delete recorded.env[name];
  expect(recorded.env).toEqual(alone.env);
});

test("a reader that goes away ends the command as it would without us, and spoor with it", async () => {
  const line = `{ ${SPOOR_IN_SHELL} record -- yes; echo "code $?" >&2; } | head -n 1`;
  const { output, errors } = await finished(run(["sh", "-c", line], { env: homeOf(home) }));
  expect(output).toBe("y\n");
  expect(errors).toMatch(/code 141\n$/);
});

test("a process that the command leaves behind is not waited for, although it has our stdout", async () => {
  const { shows, end, process: spoor } = record(home, ["sh", "-c", "sleep 1000 & echo $! left"]);
  const [, pid] = await shows(/(\d+) left/);
  expect(await end).toEqual({ code: 0, signal: null });
  process.kill(Number(pid)); // still there
  await once(spoor, "close");
});

test("who reads our stdout sees it end when the command closes it, not when the command ends", async () => {
  const { stdin, stdout, end } = record(home, ["sh", "-c", "exec >&-; read -r _; exit 6"]);
  await once(stdout, "end");
  stdin.end("go on\n");
  expect(await end).toMatchObject({ code: 6 });
});

testOnLinux("a pipe shared with the command stays blocking for it", async () => {
  const flags = "grep flags /proc/self/fdinfo/0 /proc/self/fdinfo/1 /proc/self/fdinfo/2";
  const line = `printf x | ${SPOOR_IN_SHELL} record -- sh -c '${flags}' 2>&1 | cat`;
  const { output } = await finished(run(["sh", "-c", line], { env: homeOf(home) }));
  const modes = [...output.matchAll(/flags:\s*([0-7]+)/g)].map(([, octal = ""]) => Number.parseInt(octal, 8));
  expect(modes).toHaveLength(3);
  for (const mode of modes) expect(mode & 0o4000).toBe(0); // O_NONBLOCK
});

testOnLinux(
  "descriptors above 2 reach the command: redirections, and bash's process substitution",
  async () => {
    const line = `${SPOOR_IN_SHELL} record -- sh -c 'cat <&3; cat <&4; cat "$1"' sh <(echo five) 3< <(echo three) 4< <(echo four)`;
    const { output } = await finished(run(["bash", "-c", line], { env: homeOf(home) }));
    expect(output).toBe("three\nfour\nfive\n");
  },
);

test("a command can be recorded from a folder that has been removed", async () => {
  const line = `mkdir gone && cd gone && rmdir ../gone && ${SPOOR_IN_SHELL} record -- echo here`;
  const { code, output } = await finished(run(["sh", "-c", line], { env: homeOf(home), cwd: home }));
  expect({ code, output }).toEqual({ code: 0, output: "here\n" });
});

test("the version is printed alone", async () => {
  const { output, errors } = await finished(run([...SPOOR, "--version"]));
  expect(output).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(errors).toBe("");
});

test("the version for a reader who has gone is no error", async () => {
  // Both ends of the FIFO are opened, then only the one to write to stays.
  const line = `mkfifo pipe; exec 3<>pipe; exec >pipe 3<&-; ${SPOOR_IN_SHELL} --version; echo "code $?" >&2`;
  const { errors } = await finished(run(["sh", "-c", line], { cwd: home }));
  expect(errors).toBe("code 0\n");
});
