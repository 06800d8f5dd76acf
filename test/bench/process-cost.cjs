// Preloaded into a measured process (process-cost.ts): writes what it has used to the file it was told, on exit.
// The figures are the process's own: all its threads, the shell script that became it by exec, and no children.
const { appendFileSync, readFileSync } = require("node:fs");

process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const cost = { pid: process.pid, cpuUs: userCPUTime + systemCPUTime, maxRssKb: highWaterMark() ?? maxRSS };
  appendFileSync(process.env.PROCESS_COST_FILE, `${JSON.stringify(cost)}\n`);
});

/** Linux counts into maxRSS what the process that started this one had in memory; this figure begins at exec. */
function highWaterMark() {
  if (process.platform !== "linux") return undefined;
  return Number(/^VmHWM:\s*(\d+) kB/m.exec(readFileSync("/proc/self/status", "latin1"))[1]);
}
