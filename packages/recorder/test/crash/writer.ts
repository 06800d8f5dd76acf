/**
 * A process that writes until it is killed: records of 100 B to 1 MiB, each acknowledged on stdout after
 * `append` has returned. Started by trace-file.crash.test.ts.
 */

import { writeSync } from "node:fs";
import { TraceFile } from "../../src/trace-file.ts";

const [path = "", round = "0"] = process.argv.slice(2);
const opened = TraceFile.reopen(path);
if (opened.kind === "refused") throw new Error(opened.reason);

const SIZES = [100, 500, 2_000, 5_000, 50_000, 200_000, 1_000_000];
for (let n = 0; ; n++) {
  const key = `${round}.${n}`;
  opened.file.append({
    type: "event",
    time: "2026-01-01T00:00:00.000Z",
    invocation_id: "01990000-0000-7000-8000-000000000000",
    span_id: "00000000000000aa",
    name: key,
    content: { filler: "x".repeat(SIZES[(n * 7 + Number(round)) % SIZES.length] ?? 100) },
  });
  writeSync(1, `${key}\n`);
}
