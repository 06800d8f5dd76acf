/**
 * Makes fixtures of what `collect.ts` kept: the same files in the agents' own directory trees, without
 * the vendors' prompt texts and without what names the machine.
 *
 *     node test/agents/scrub.ts <folder of collect.ts> fixtures/transcripts
 *
 * A line that needs no change is copied byte for byte. Whatever the scripts of the scenarios say is
 * shorter than LONGEST_OWN_TEXT_BYTES, so every longer string is a vendor's and gives way to its size.
 */

import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { AGENTS } from "./agents.ts";

const LONGEST_OWN_TEXT_BYTES = 400;

/** Descriptions of tools' arguments: many short vendor texts. */
const SCHEMA_KEYS = new Set(["parameters", "input_schema", "inputSchema", "parametersJsonSchema", "format"]);

/** Values that identify one machine or one process's secret, wherever they stand. */
const MACHINE_FACTS: readonly (readonly [RegExp, string])[] = [
  [/"peerToken":"[0-9a-f]+"/g, '"peerToken":"scrubbed"'],
  [/"pidDomain":"[^"]*"/g, '"pidDomain":"linux:scrubbed"'],
  [/"x-codex-installation-id":"[^"]*"/g, '"x-codex-installation-id":"scrubbed"'],
  [/Linux \d+\.\d+\.\d+[\w.-]*/g, "Linux 6.0.0"],
  [new RegExp(`${homedir()}/\\.cache/spoor-test-agents`, "g"), "/opt/agents"],
];

/** The agents' own JSON and the truth; neither screens nor the requests, which are the vendors' text throughout. */
function keep(path: string): boolean {
  return /\.jsonl?$/.test(path) && basename(path) !== "requests.json";
}

function scrubFile(text: string): string {
  return text.split("\n").map(scrubLine).join("\n");
}

function scrubLine(line: string): string {
  const neutral = MACHINE_FACTS.reduce((rest, [pattern, by]) => rest.replace(pattern, by), line);
  if (Buffer.byteLength(neutral) <= LONGEST_OWN_TEXT_BYTES) return neutral;
  try {
    return JSON.stringify(JSON.parse(neutral), shorten);
  } catch {
    return neutral; // a pretty-printed document's line, or one cut by a kill
  }
}

function shorten(key: string, value: unknown): unknown {
  if (SCHEMA_KEYS.has(key) && typeof value === "object" && value !== null) {
    return { omitted_bytes: Buffer.byteLength(JSON.stringify(value)) };
  }
  if (typeof value !== "string") return value;
  const bytes = Buffer.byteLength(value);
  return bytes <= LONGEST_OWN_TEXT_BYTES ? value : `[vendor text, ${bytes} bytes]`;
}

const [from, to] = process.argv.slice(2);
if (from === undefined || to === undefined) throw new Error("usage: scrub.ts <from> <to>");
for (const agent of Object.keys(AGENTS).filter((name) => existsSync(join(from, name)))) {
  const truths = (await readdir(join(from, agent), { recursive: true })).filter(
    (path) => basename(path) === "truth.json",
  );
  for (const truthPath of truths) {
    const scenario = dirname(truthPath);
    const { version } = JSON.parse(await readFile(join(from, agent, truthPath), "utf8")) as {
      version: string;
    };
    const target = join(to, agent, version, scenario);
    await rm(target, { recursive: true, force: true });
    const files = await readdir(join(from, agent, scenario), { recursive: true, withFileTypes: true });
    for (const entry of files) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile() || !keep(path)) continue;
      const destination = join(target, relative(join(from, agent, scenario), path));
      await mkdir(dirname(destination), { recursive: true });
      await writeFile(destination, scrubFile(await readFile(path, "utf8")));
    }
  }
}
