import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { finished, record, type Running } from "./spoor.ts";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "spoor-home-"));
});
afterAll(() => rm(home, { recursive: true }));

/** A command that prints each signal it gets and ends by itself once its stdin does. */
const LISTENER = `
for (const signal of ["SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"]) {
  process.on(signal, () => console.log("got", signal));
}
process.stdin.on("end", () => process.exit(9)).resume();
console.log("pid", process.pid);
`;

async function listener(env: NodeJS.ProcessEnv = {}): Promise<Running & { pid: number }> {
  const running = record(home, [process.execPath, "-e", LISTENER], { env });
  const [, pid] = await running.shows(/pid (\d+)/);
  return { ...running, pid: Number(pid) };
}

const got = (running: Running, signal: string): number =>
  running.output().match(new RegExp(`got ${signal}$`, "gm"))?.length ?? 0;

test.each(["SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"] as const)(
  "without a terminal %s to spoor reaches the command once, and spoor lives on with it",
  async (signal) => {
    const running = await listener();
    running.process.kill(signal);
    await running.shows(new RegExp(`got ${signal}`));
    running.stdin.end();
    expect(await finished(running)).toMatchObject({ code: 9, signal: null });
    expect(got(running, signal)).toBe(1);
  },
);

test("the same signal twice is passed on twice", async () => {
  const running = await listener();
  running.process.kill("SIGINT");
  await running.shows(/got SIGINT/);
  running.process.kill("SIGINT");
  await running.shows(/got SIGINT[^]*got SIGINT/);
  running.stdin.end();
  expect(await finished(running)).toMatchObject({ code: 9 });
});

test("a signal that ends the command makes spoor exit with 128 + n, not die of it", async () => {
  const running = record(home, ["sh", "-c", "echo ready; exec sleep 1000"]);
  await running.shows(/ready/);
  running.process.kill("SIGTERM");
  expect(await finished(running)).toMatchObject({ code: 143, signal: null });
});

test("a command that spoor is told to end while nohup protects it goes on", async () => {
  const running = await listener({ _: "/usr/bin/nohup" });
  running.process.kill("SIGHUP");
  running.process.kill("SIGUSR1"); // arrives after it
  await running.shows(/got SIGUSR1/);
  expect(got(running, "SIGHUP")).toBe(0);
  running.stdin.end();
  expect(await finished(running)).toMatchObject({ code: 9 });
});

test("under nohup the command itself ignores SIGHUP, as it would without us", async () => {
  const running = record(home, ["sh", "-c", "kill -HUP $$; echo still here"], {
    env: { _: "/usr/bin/nohup" },
  });
  expect(await finished(running)).toMatchObject({ code: 0, output: "still here\n" });
});
