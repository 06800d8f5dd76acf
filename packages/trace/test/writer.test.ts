import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import type { Writer } from "../src/record.ts";
import { currentWriter, SILENCE_MS, writerState } from "../src/writer.ts";

const here = currentWriter();
const hasProc = existsSync("/proc/self/stat");

test("the running process is alive", () => {
  expect(here.pid).toBe(process.pid);
  expect(writerState(here, here, SILENCE_MS * 9)).toBe("alive");
});

test("a process that ended is gone at once", async () => {
  const child = spawn(process.execPath, ["-e", ""], { stdio: "ignore" });
  const pid = child.pid as number;
  await once(child, "exit");
  expect(writerState({ ...here, pid, pid_start: 1 }, here, 0)).toBe("gone");
});

test.runIf(hasProc)("another process that got the same pid is not taken for the writer", () => {
  expect(writerState({ ...here, pid_start: (here.pid_start as number) - 1 }, here, 0)).toBe("gone");
});

test.runIf(hasProc)("a killed process that nobody waited for is gone", () => {
  // The shell starts a process, does not wait for it, and asks before its own end what became of it.
  const script = `
    import { spawn } from "node:child_process";
    import { once } from "node:events";
    import { readFileSync } from "node:fs";
    import { currentWriter, writerState } from ${JSON.stringify(new URL("../src/writer.ts", import.meta.url).href)};
    const shell = spawn("sh", ["-c", "sleep 60 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
    const [line] = await once(shell.stdout, "data");
    const pid = Number(String(line));
    const state = () => readFileSync("/proc/" + pid + "/stat", "latin1").split(") ")[1][0];
    process.kill(pid, "SIGKILL");
    while (state() !== "Z") await new Promise((resolve) => setImmediate(resolve));
    const { pid_start: _, ...here } = currentWriter();
    console.log(writerState({ ...here, pid }, here, 0));
    shell.kill("SIGKILL");
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
  });
  expect({ stdout, stderr }).toMatchObject({ stdout: "gone\n" });
});

test.each<[string, Partial<Writer>]>([
  ["boot", { boot_id: "another" }],
  ["host", { host_hash: "another" }],
  ["pid namespace", { pid_namespace: "pid:[1]" }],
])("of a writer of another %s nothing is known until it was silent for a day", (_, other) => {
  const writer = { ...here, pid: 2 ** 22 + 1, ...other };
  expect(writerState(writer, here, 0)).toBe("unknown");
  expect(writerState(writer, here, SILENCE_MS)).toBe("unknown");
  expect(writerState(writer, here, SILENCE_MS + 1)).toBe("gone");
});

test("of a trace that names no writer, or no process, nothing is known either", () => {
  expect(writerState(undefined, here, 0)).toBe("unknown");
  expect(writerState({ ...here, pid: 0 }, here, 0)).toBe("unknown");
  expect(writerState({ ...here, pid: -1 }, here, 0)).toBe("unknown");
  expect(writerState({ ...here, pid: "1" as unknown as number }, here, 0)).toBe("unknown");
});
