import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readEntries } from "@spoor/trace";
import { afterAll, beforeAll, expect, test } from "vitest";

/** 500 for the figure in the documents; fewer where every test run pays. */
const KILLS = Number(process.env["SPOOR_TEST_KILLS"] ?? 60);
const KILLS_PER_FILE = 20;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "spoor-crash-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test(`${KILLS} times SIGKILL: no completed record is lost, at most one is torn each time, and the next writer goes on`, async () => {
  for (let first = 0; first < KILLS; first += KILLS_PER_FILE) {
    const path = join(folder, `${first}.jsonl`);
    writeFileSync(path, "");
    const acknowledged: string[] = [];
    const rounds = Math.min(KILLS_PER_FILE, KILLS - first);
    for (let round = 0; round < rounds; round++)
      acknowledged.push(...(await writeUntilKilled(path, first + round)));

    const names = new Set<string>();
    const seqs: number[] = [];
    let damaged = 0;
    for (const entry of readEntries(path)) {
      if (entry.kind !== "record") damaged++;
      else {
        names.add(String((entry.record as { name?: unknown }).name));
        seqs.push(entry.record.seq);
      }
    }
    expect(acknowledged.filter((name) => !names.has(name))).toEqual([]);
    expect(damaged).toBeLessThanOrEqual(rounds);
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    expect(new Set(seqs).size).toBe(seqs.length);
    rmSync(path);
  }
}, 600_000);

/** @returns What the writer acknowledged before it was killed, at a moment that differs from round to round. */
async function writeUntilKilled(path: string, round: number): Promise<string[]> {
  const writer = join(import.meta.dirname, "crash", "writer.ts");
  const child = spawn(process.execPath, ["--conditions=@spoor/source", writer, path, String(round)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    // The first word says that it writes; then chance decides where in its work it dies.
    if (!child.killed) setTimeout(() => child.kill("SIGKILL"), Math.random() * 30);
  });
  await once(child, "close");
  return text.split("\n").slice(0, -1);
}
