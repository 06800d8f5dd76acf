import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listTraceFiles } from "@spoor/trace";
import { expect, test } from "vitest";
import { importConversations } from "../src/import.ts";

const FIXTURES = new URL("../../../fixtures/transcripts/", import.meta.url).pathname;
const SECRET = `gh${"p_"}${"aB3dE5gH7jK9mN2pQ4sT6vW8xY1zC0fL5hR7"}`;
/** Every so many fields of a line get the secret at once: enough lines stay what they were for the rest to be read. */
const STRIDE = 24;

/** The transcripts and streams of one agent's scenario. */
function sourcesOf(scenario: string): string[] {
  const names = readdirSync(join(FIXTURES, scenario), { recursive: true }) as string[];
  return names.filter((name) => name.endsWith(".jsonl")).map((name) => join(FIXTURES, scenario, name));
}

/** The value with the secret in every `STRIDE`th place, from the `phase`th on: as a value, or as a key. */
function poison(line: unknown, phase: number, asKey: boolean): unknown {
  let place = 0;
  const isHit = (): boolean => place++ % STRIDE === phase;
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (value === null || typeof value !== "object") return !asKey && isHit() ? SECRET : value;
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [asKey && isHit() ? SECRET : key, walk(one)]),
    );
  };
  return walk(line);
}

test.each([
  ["claude-code/2.1.329/ok"],
  ["claude-code/2.1.329/api-error"],
  ["codex/0.169.0/ok"],
  ["codex/0.169.0/sub-agent"],
  ["gemini-cli/0.61.0/ok"],
  ["gemini-cli/0.61.0/sub-agent"],
])("a secret in whatever field of whatever line is not stored: %s", (scenario) => {
  const folder = mkdtempSync(join(tmpdir(), "spoor-secrets-"));
  let stored = 0;
  for (const source of sourcesOf(scenario))
    for (let phase = 0; phase < STRIDE; phase++)
      for (const asKey of [false, true]) {
        const path = join(folder, source.slice(source.lastIndexOf("/") + 1));
        const lines = readFileSync(source, "utf8").trim().split("\n");
        const poisoned = lines.map((line) => JSON.stringify(poison(JSON.parse(line), phase, asKey)));
        writeFileSync(path, `${poisoned.join("\n")}\n`);
        const directory = join(folder, `${phase}${asKey}`);
        importConversations([path], { directory, env: {}, home: folder, level: "full" });
        for (const trace of listTraceFiles(directory)) {
          stored++;
          expect(readFileSync(trace, "utf8"), `${source}, phase ${phase}, asKey ${asKey}`).not.toContain(
            SECRET,
          );
        }
        rmSync(directory, { recursive: true, force: true });
      }
  expect(stored).toBeGreaterThan(STRIDE);
  rmSync(folder, { recursive: true });
});
