import { expect, test } from "vitest";
import { rowsOfPs } from "../../src/discover/process-source.ts";

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
