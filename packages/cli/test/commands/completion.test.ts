import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { spoor } from "../fake-io.ts";

const script = (await spoor(["completion", "bash"])).stdout;

/** What bash would offer for the last word; `provided` is what the user's shell has besides. */
function completions(words: readonly string[], provided = ""): string[] {
  const program = `
${provided}
${script}
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_spoor
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const output = execFileSync("bash", ["--norc", "-c", program, "bash", ...words], {
    encoding: "utf8",
    cwd: import.meta.dirname,
    env: { PATH: process.env["PATH"] },
  });
  return output.split("\n").filter(Boolean);
}

describe("bash completes", () => {
  test.each([
    ["commands", ["spoor", "re"], ["record", "redact"]],
    ["commands behind --dir", ["spoor", "--dir", "/x", "sh"], ["show"]],
    ["a command's options", ["spoor", "list", "--s"], ["--since", "--status", "--session"]],
    ["an option's choices", ["spoor", "list", "--status", "c"], ["cancelled", "crashed"]],
    ["nothing where it cannot know", ["spoor", "list", "--since", ""], []],
    ["an argument's choices", ["spoor", "decision", "re"], ["request_changes", "reject"]],
    ["files where files are meant", ["spoor", "verify", "compl"], ["completion.test.ts"]],
    ["record's options, while they last", ["spoor", "record", "--le"], ["--level"]],
    ["record's choices", ["spoor", "record", "--level", ""], ["full", "metadata"]],
    ["a command behind record", ["spoor", "record", "--role", "x", "--", "mkfif"], ["mkfifo"]],
  ])("%s", (_, words, expected) => {
    expect([...new Set(completions(words))]).toEqual(expected);
  });

  test("what stands behind record as that command itself would", () => {
    const provided = '_command_offset() { COMPREPLY=("from ${COMP_WORDS[$1]}"); }';
    for (const words of [
      ["spoor", "record", "git", "chec"],
      ["spoor", "record", "--", "git", "--ver"],
      ["spoor", "record", "--level", "full", "--quiet", "git", ""],
      ["spoor", "--dir", "/x", "record", "git", ""],
    ])
      expect(completions(words, provided)).toEqual(["from git"]);
  });
});

test("the shell is the one in $SHELL, unless it is named", async () => {
  expect((await spoor(["completion"], { env: { SHELL: "/usr/bin/bash" } })).stdout).toBe(script);
  expect((await spoor(["completion"], { env: { SHELL: "/usr/bin/fish" } })).stdout).toMatch(
    /^# spoor completion for fish/,
  );
  expect(await spoor(["completion"], { env: { SHELL: "/bin/tcsh" } })).toEqual({
    code: 2,
    stdout: "",
    stderr: "spoor: completion: expected a shell: bash, zsh, fish\n",
  });
});

test("zsh and fish know the same commands and options", async () => {
  const zsh = (await spoor(["completion", "zsh"])).stdout;
  const fish = (await spoor(["completion", "fish"])).stdout;
  expect(zsh).toContain(
    "        list) _arguments '--since[Only runs begun since\\: 7d, 36h, 2026-11-01]:value:' \\\n",
  );
  expect(zsh).toContain(":value:(full metadata)' \\\n");
  expect(zsh).toContain("'(-)1:command: _command_names -e' \\\n          '*::arguments: _normal' ;;");
  expect(fish).toContain(
    "complete -c spoor -n \"__fish_seen_subcommand_from show\" -l level -x -a 'full metadata'",
  );
  expect(fish).toContain(
    'complete -c spoor -n "__fish_seen_subcommand_from record" -x -a "(__spoor_recorded)"',
  );
  expect(fish).toContain("the user\\'s state folder");
});
