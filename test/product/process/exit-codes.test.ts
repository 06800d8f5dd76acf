import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { finished, homeOf, record, run, SPOOR } from "./spoor.ts";

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

describe("in a working folder that has been removed", () => {
  const inRemoved = (...words: string[]): Promise<Awaited<ReturnType<typeof finished>>> => {
    const script = 'mkdir -p "$0/gone" && cd "$0/gone" && rmdir "$0/gone" && exec "$@"';
    return finished(run(["sh", "-c", script, home, ...SPOOR, ...words], { env: homeOf(home) }));
  };

  test("a command runs without a trace where the store is named from there", async () => {
    const { code, output, errors } = await inRemoved(
      "record",
      "--dir",
      "rel",
      "--",
      "sh",
      "-c",
      "echo ran; exit 7",
    );
    expect({ code, output }).toEqual({ code: 7, output: "ran\n" });
    expect(errors).toMatch(
      /^spoor: no trace of this run: .*rel in the working folder, which is gone\. .*\n$/m,
    );
  });

  test("a run is recorded and listed where the store has an absolute path", async () => {
    const recorded = await inRemoved("record", "--dir", join(home, "far"), "--", "echo", "ran");
    expect(recorded).toMatchObject({ code: 0, output: "ran\n" });
    const listed = await inRemoved("list", "--dir", join(home, "far"));
    expect(listed.errors).toBe("");
    expect(listed.output).toContain("success");
  });

  test("the other commands say in one sentence that they need an absolute path", async () => {
    const { code, errors } = await inRemoved("list", "--dir", "rel");
    expect(code).toBe(3);
    expect(errors).toMatch(/^spoor: .*absolute path\n$/);
  });

  test("the doctor still finds git", async () => {
    const { code, output } = await inRemoved("doctor");
    expect(code).toBe(0);
    expect(output).not.toContain("no `git`");
  });
});
