import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type CommandEnd, exitCodeOf, runCommand } from "../src/run-command.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "run-command-"));
});
afterEach(() => rm(folder, { recursive: true }));

const run = (...command: string[]): Promise<CommandEnd> => runCommand(command, { env: process.env });

test.each([0, 1, 3, 255])("the command's exit code %i is kept", async (code) => {
  expect(await run("sh", "-c", `exit ${code}`)).toEqual({ kind: "exited", code });
});

test.each([
  ["SIGTERM", 143],
  ["SIGKILL", 137],
  ["SIGSEGV", 139],
] as const)("a command ended by %s counts as %i and names the signal", async (signal, code) => {
  const end = await run("sh", "-c", `kill -${signal.slice(3)} $$`);
  expect(end).toEqual({ kind: "exited", code, signal });
  expect(exitCodeOf(end)).toBe(code);
});

test.each([[["/nonexistent/program"]], [["no-such-program-of-any-name"]], [[""]], [[]]])(
  "%j is not found",
  async (command) => {
    const end = await run(...command);
    expect(end).toMatchObject({ kind: "not_found" });
    expect(exitCodeOf(end)).toBe(127);
  },
);

test("a file without permission, a folder, a file taken for a folder, and too many arguments cannot be executed", async () => {
  const file = join(folder, "file");
  await writeFile(file, "#!/bin/sh\n");
  expect(await run(file)).toEqual({ kind: "not_executable", reason: "EACCES" });
  expect(await run(folder)).toEqual({ kind: "not_executable", reason: "EACCES" });
  expect(await run(join(file, "x"))).toEqual({ kind: "not_executable", reason: "ENOTDIR" });
  const tooLong = await run("true", "x".repeat(4_000_000));
  expect(tooLong).toEqual({ kind: "not_executable", reason: "E2BIG" });
  expect(exitCodeOf(tooLong)).toBe(126);
});

test("a script without a first line runs in sh, as from a shell", async () => {
  const script = join(folder, "script");
  await writeFile(script, "exit 7\n");
  await chmod(script, 0o755);
  expect(await run(script)).toEqual({ kind: "exited", code: 7 });
});

test("the caller learns the process id while the command runs", async () => {
  let pid = 0;
  const onStart = (started: number): void => {
    pid = started;
    process.kill(pid, "SIGTERM");
  };
  const end = await runCommand(["sleep", "1000"], { env: process.env, onStart });
  expect(pid).toBeGreaterThan(0);
  expect(end).toMatchObject({ signal: "SIGTERM" });
});

test("no signal handler of ours outlives the command", async () => {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGTSTP", "SIGCHLD"] as const;
  const handlers = (): number[] => signals.map((signal) => process.listenerCount(signal));
  const before = handlers();
  await run("true");
  await run("no-such-program-of-any-name");
  expect(handlers()).toEqual(before);
});
