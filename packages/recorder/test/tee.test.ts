import { type ChildProcess, execFileSync, spawn, type StdioOptions } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { closeSync, constants, openSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { TeedReport } from "./teed.ts";

/** Far more than a pipe, our buffer and a socket hold together. */
const MORE_THAN_BUFFERED_BYTES = 2_000_000;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tee-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

interface Teed {
  readonly process: ChildProcess;
  readonly stdout: Readable;
  /** The command's process id, once it has started. */
  readonly pid: Promise<number>;
  readonly report: Promise<TeedReport>;
}

/** What /proc tells is needed to see a process wait. */
const testOnLinux = test.runIf(process.platform === "linux");

/** What our own stdout may be: a shell's pipe, the socket pair of a Node program, a file. */
type Kind = "pipe" | "socket";

/** Runs `sh -c script` through a tee, in a process of its own without a terminal. */
function teed(kind: Kind | number, script: string, env: NodeJS.ProcessEnv = {}): Teed {
  const pipe = kind === "pipe" ? openPipe() : undefined;
  const stdio: StdioOptions = ["ignore", pipe?.writeEnd ?? (kind as "pipe" | number), "inherit", "pipe"];
  if (kind === "socket") stdio[1] = "pipe"; // Node's name for a socket pair
  const program = join(import.meta.dirname, "teed.ts");
  const args = ["--conditions=@spoor/source", program, "/bin/sh", "-c", script];
  const child = spawn(process.execPath, args, { stdio, detached: true, env: { ...process.env, ...env } });
  onTestFinished(() => endGroup(child.pid));
  if (pipe !== undefined) closeSync(pipe.writeEnd);
  const told = child.stdio[3] as Readable;
  return {
    process: child,
    stdout: pipe?.readEnd ?? (child.stdout as Readable),
    pid: once(told, "data").then(([first]) => Number.parseInt(String(first), 10)),
    report: text(told).then((lines) => JSON.parse(lines.slice(lines.indexOf("\n") + 1)) as TeedReport),
  };
}

/** Ends what a failed test leaves behind. */
function endGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, "SIGKILL");
  } catch {
    // all gone, as after a test that passes
  }
}

function openPipe(): { readEnd: Readable; writeEnd: number } {
  const path = join(folder, "pipe");
  execFileSync("mkfifo", [path]);
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { readEnd: new Socket({ fd, readable: true, writable: false }), writeEnd: openSync(path, "w") };
}

async function sha256(stream: AsyncIterable<unknown>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of stream) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** Bytes that the process `pid` has written until it is made to wait. */
async function bytesWrittenUntilBlocked(pid: number): Promise<number> {
  const written = (): number => Number(/^wchar: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, "latin1"))?.[1]);
  for (let last = -1, unchanged = 0; ; await setTimeout(10)) {
    const now = written();
    unchanged = now === last ? unchanged + 1 : 0;
    last = now;
    if (now > MORE_THAN_BUFFERED_BYTES || (now > 0 && unchanged === 20)) return now;
  }
}

async function hasEnded(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await setTimeout(5);
  }
}

describe.each<Kind>(["pipe", "socket"])("to a %s, what the command writes", (kind) => {
  test("arrives byte for byte, and the observer has seen the same", async () => {
    const script = "seq 1 8000000; exit 5";
    const expected = sha256(spawn("/bin/sh", ["-c", script], { stdio: ["ignore", "pipe", "ignore"] }).stdout);
    const { stdout, report } = teed(kind, script);
    expect(await sha256(stdout)).toBe(await expected);
    expect(await report).toMatchObject({
      tee: "tee",
      code: 5,
      observedBytes: 62_888_896,
      observedSha256: await expected,
    });
  });

  test("arrives at once, not when a buffer is full or the command ends", async () => {
    const { stdout, report, pid } = teed(kind, "printf a; exec sleep 1000");
    expect(String((await once(stdout, "data"))[0])).toBe("a");
    process.kill(await pid, "SIGTERM");
    expect(await report).toMatchObject({ code: 143, observedBytes: 1 });
  });

  test("arrives although the observer throws, and that is counted", async () => {
    const { stdout, report } = teed(kind, "echo one; echo two", { OBSERVER: "throws" });
    expect(await text(stdout)).toBe("one\ntwo\n");
    expect((await report).observerErrors).toBeGreaterThan(0);
  });

  test("arrives to its end when a process left behind keeps stdout open, which is not waited for", async () => {
    const { stdout, report } = teed(kind, "sleep 1000 & echo $!; head -c 60000 /dev/zero");
    const [arrived, { code }] = await Promise.all([text(stdout), report]);
    process.kill(Number.parseInt(arrived, 10));
    expect(code).toBe(0);
    expect(arrived).toMatch(/^\d+\n\0{60000}$/);
  });

  testOnLinux("comes to an end, in order, although a process left behind never stops writing", async () => {
    const { stdout, report, pid } = teed(kind, "sh -c 'echo $$; exec seq 1 900000000' & exec sleep 1000");
    let arrived = "";
    for await (const chunk of stdout) {
      if (arrived === "") {
        await bytesWrittenUntilBlocked(Number.parseInt(String(chunk), 10));
        process.kill(await pid, "SIGKILL");
      }
      arrived += String(chunk);
      await setTimeout(1); // slower than the writer, so there is always more
    }
    expect(await report).toMatchObject({ code: 137, observedBytes: arrived.length });
    expect(arrived.length).toBeLessThan(MORE_THAN_BUFFERED_BYTES);
    const numbers = arrived.split("\n").slice(1, -1);
    expect(numbers.every((number, index) => number === String(index + 1))).toBe(true);
  });

  testOnLinux("arrives in order at a reader that begins when the command has ended", async () => {
    const { stdout, report, pid } = teed(kind, "seq 1 20000 | head -c 100000; head -c 50000 /dev/zero");
    stdout.pause();
    await hasEnded(await pid);
    const [arrived] = await Promise.all([text(stdout), report]);
    const numbers = Array.from({ length: 20_000 }, (_, i) => `${i + 1}\n`).join("");
    expect(arrived === numbers.slice(0, 100_000) + "\0".repeat(50_000)).toBe(true);
  });

  test("fails to be written once our reader has gone, as it would without us", async () => {
    const { stdout, report } = teed(kind, "exec yes");
    await once(stdout, "data");
    stdout.destroy();
    expect(await report).toMatchObject({ code: 141 });
  });

  testOnLinux("waits for a slow reader instead of piling up, and signals still get through", async () => {
    const { process: spoor, stdout, report, pid } = teed(kind, "exec cat /dev/zero");
    stdout.pause();
    expect(await bytesWrittenUntilBlocked(await pid)).toBeLessThan(MORE_THAN_BUFFERED_BYTES);
    spoor.kill("SIGTERM");
    await hasEnded(await pid);
    stdout.destroy();
    expect(await report).toMatchObject({ code: 143, lateSignals: [] });
  });
});

testOnLinux("a signal after the command's end gives up a reader of a pipe that does not read", async () => {
  const { process: spoor, stdout, report, pid } = teed("pipe", "exec cat /dev/zero");
  stdout.pause();
  await bytesWrittenUntilBlocked(await pid);
  spoor.kill("SIGTERM");
  await hasEnded(await pid);
  spoor.kill("SIGINT");
  expect(await report).toMatchObject({ code: 143, lateSignals: ["SIGINT"] });
  stdout.destroy();
});

test("the command can open its stdout again", async () => {
  const { stdout } = teed("pipe", "echo a; echo b > /dev/stdout");
  expect(await text(stdout)).toBe("a\nb\n");
});

test("stdout may be a file", async () => {
  const path = join(folder, "out");
  const file = openSync(path, "w");
  const { report } = teed(file, "echo hello");
  closeSync(file);
  expect(await report).toMatchObject({ tee: "tee", observedBytes: 6 });
  expect(readFileSync(path, "utf8")).toBe("hello\n");
});

test("nothing is left in the temporary folder, not even while the command runs", async () => {
  const { stdout, report, pid } = teed("socket", "echo; exec sleep 1000", { TMPDIR: folder });
  await once(stdout, "data");
  expect(readdirSync(folder)).toEqual([]);
  process.kill(await pid);
  await report;
});

test("without mkfifo there is no tee and stdout is inherited", async () => {
  const { stdout, report } = teed("pipe", "echo hello", { PATH: folder });
  expect(await text(stdout)).toBe("hello\n");
  expect(await report).toMatchObject({ tee: "no_tee", code: 0 });
});
