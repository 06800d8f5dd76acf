import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { finished, record, run, SPOOR } from "./spoor.ts";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "spoor-home-"));
});
afterAll(() => rm(home, { recursive: true }));

test.each([
  ["exit 0", 0],
  ["exit 1", 1],
  ["exit 200", 200],
  ["kill -TERM $$", 143],
  ["kill -KILL $$", 137],
  ["kill -PIPE $$", 141],
])("a command that does %j makes spoor exit with %i", async (script, code) => {
  expect(await finished(record(home, ["sh", "-c", script]))).toMatchObject({
    code,
    signal: null,
    output: "",
  });
});

test("a command that does not exist exits with 127 and says so in a sentence", async () => {
  const { code, output, errors } = await finished(record(home, ["no-such-agent", "-p", "hi"]));
  expect(code).toBe(127);
  expect(output).toBe("");
  expect(errors).toMatch(/no-such-agent.*not found/);
});

test("a command that looks like an alias gets a hint", async () => {
  await writeFile(join(home, ".bashrc"), "alias my-agent='claude --continue'\n");
  const { errors } = await finished(record(home, ["my-agent"], { env: { SHELL: "/bin/bash" } }));
  expect(errors).toContain("~/.bashrc");
  expect(errors).toContain("spoor record -- /bin/bash -ic 'my-agent …'");
});

test("a file that may not be executed exits with 126", async () => {
  const file = join(home, "data.txt");
  await writeFile(file, "");
  const { code, errors } = await finished(record(home, [file]));
  expect(code).toBe(126);
  expect(errors).toContain(file);
});

test("the command's arguments arrive as they are", async () => {
  const words = ["", " ", "a b", "--", "-p", "$HOME", "*", "'\"\\", "line\nline", "ü✓", "--help"];
  const { output } = await finished(record(home, ["printf", String.raw`<%s>\n`, ...words]));
  expect(output).toBe(words.map((word) => `<${word}>\n`).join(""));
});

test("options of the command are not taken for spoor's, with or without --", async () => {
  const { output } = await finished(
    run([...SPOOR, "record", "echo", "--level", "x"], { env: { HOME: home } }),
  );
  expect(output).toBe("--level x\n");
});
