/** One case of append.ts in a process of its own: appends records to a file and prints the CPU time of each, in µs. */

import { openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { importedInvocationId, spanIdOf } from "@spoor/trace";
import pino from "pino";
import { type Draft, TraceFile } from "../../packages/recorder/src/trace-file.ts";

const [, , name = "", folder = "", contentBytes = "0", count = "0"] = process.argv;

const invocationId = importedInvocationId(Date.UTC(2026, 10, 20, 9), "claude-code", "bench");
const words = 'const total = prices.reduce((sum, price) => sum + price, 0); // "rounded"\n  ';
const text = words.repeat(Math.ceil(Number(contentBytes) / words.length)).slice(0, Number(contentBytes));

/** As the recorder hands it on; its head has some 330 bytes. */
function draft(n: number): Draft {
  return {
    type: "tool_result",
    time: new Date(1_795_166_043_120 + n).toISOString(),
    invocation_id: invocationId,
    span_id: spanIdOf(invocationId, "tool", "toolu_01"),
    parent_span_id: spanIdOf(invocationId, "turn", "1"),
    from: `0:${n}`,
    name: "Bash",
    call_id: "toolu_01AbCdEfGhIjKlMnOpQrStUv",
    status: "ok",
    exit_code: 0,
    duration_ms: 120 + (n % 100),
    duration_basis: "lines",
    result_bytes: text.length,
    content: { result: text },
  };
}

const path = join(folder, `${name}-${process.pid}.jsonl`);
const appenders: Record<string, () => (record: Draft, seq: number) => void> = {
  floor: () => {
    const descriptor = openSync(path, "a");
    return (record, seq) => writeSync(descriptor, `${JSON.stringify({ v: 1, seq, ...record })}\n`);
  },
  pino: () => {
    const logger = pino(pino.destination({ dest: path, sync: true }));
    return (record, seq) => logger.info({ v: 1, seq, ...record });
  },
  spoor: () => {
    const opened = TraceFile.create(folder, join(folder, "traces", "2026-11-20", `${process.pid}.jsonl`));
    if (opened.kind === "refused") throw new Error(opened.reason);
    return (record) => opened.file.append(record);
  },
};
const append = appenders[name]?.();
if (append === undefined)
  throw new Error(`no case "${name}"; expected one of ${Object.keys(appenders).join(", ")}`);

const drafts = Array.from({ length: 500 }, (_, n) => draft(n));
const appendAll = (times: number): void => {
  for (let n = 0; n < times; n++) append(drafts[n % drafts.length] as Draft, n);
};
appendAll(Math.ceil(Number(count) / 4)); // compiles what is hot
const before = process.cpuUsage();
appendAll(Number(count));
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify((user + system) / Number(count)));
// The file's timer is not to keep the process.
process.exit();
