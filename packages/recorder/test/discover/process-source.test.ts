import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { processSource, rowsOfPs } from "../../src/discover/process-source.ts";

test("ps tells parents, starts and command lines; zombies have ended", () => {
  const text = [
    "    1     0 Ss   Fri Nov 20 16:02:01 2026     /sbin/launchd",
    "  812     1 S+   Fri Nov  6 09:44:58 2026     claude -p hello  there",
    "  813   812 Z    Fri Nov 20 16:44:59 2026     (sh)",
    "",
  ].join("\n");
  expect([...rowsOfPs(text).values()]).toEqual([
    {
      pid: 1,
      parentPid: 0,
      start: "Fri Nov 20 16:02:01 2026",
      name: "/sbin/launchd",
      command: ["/sbin/launchd"],
    },
    {
      pid: 812,
      parentPid: 1,
      start: "Fri Nov  6 09:44:58 2026",
      name: "claude",
      command: ["claude", "-p", "hello", "", "there"],
    },
  ]);
});

test.runIf(existsSync("/proc/self/stat"))("a process that nobody has waited for tells nothing", async () => {
  // The shell's child is left to a program that does not know of it.
  const parent = spawn("sh", ["-c", "sleep 1000 & echo $!; exec sleep 1000"]);
  const pid = Number(await new Promise((resolve) => parent.stdout.once("data", resolve)));
  const source = processSource(Date.now);
  // Just forked, it still shows the shell's command.
  while (source.commandOf(pid)?.[0] !== "sleep") await delay(5);
  process.kill(pid);
  while (source.rowOf(pid) !== undefined) await delay(5);
  expect(source.commandOf(pid)).toBeUndefined();
  expect(source.environmentOf(pid)).toBeUndefined();
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  parent.kill();
});
