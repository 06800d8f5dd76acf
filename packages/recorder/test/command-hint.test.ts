import { expect, test } from "vitest";
import { commandHint } from "../src/command-hint.ts";

/** The hint for `command` typed by a user of zsh whose home holds `files`. */
function hint(command: string[], files: Record<string, string> = {}): string | undefined {
  const env = { HOME: "/home/ada", SHELL: "/bin/zsh" };
  return commandHint(command, { env, readText: (path) => files[path] });
}

test.each([
  ["a bash or zsh alias", ".zshrc", "alias cc='claude --continue'"],
  ["a zsh alias with an option", ".zshrc", "alias -g cc=claude"],
  ["a function", ".bashrc", "cc() {\n  claude\n}"],
  ["a function with the keyword", ".bash_aliases", "export A=1\nfunction cc { claude; }"],
  ["a fish alias", ".config/fish/config.fish", "  alias cc claude"],
])("%s is recognised where it is defined and run through the shell", (_, file, text) => {
  expect(hint(["cc", "-p"], { [`/home/ada/${file}`]: text })).toBe(
    `It is an alias or function in ~/${file}; run it through your shell: spoor record -- /bin/zsh -ic 'cc …'`,
  );
});

test("another word's alias is not taken for the command's", () => {
  const text = "alias ccx=claude\nalias x='cc'\n# cc () is handy";
  expect(hint(["cc"], { "/home/ada/.zshrc": text })).toMatch(/^If it is an alias/);
});

test("Claude Code's local install is named when it is there", () => {
  const files = { "/home/ada/.claude/local/claude": "#!/bin/sh" };
  expect(hint(["claude"], files)).toBe(
    "Claude Code's local install is not on PATH: spoor record -- ~/.claude/local/claude …",
  );
  expect(hint(["claude"])).not.toMatch(/local install/);
});

test.each([
  [["cd", "src"], /part of the shell.*\/bin\/zsh -c 'cd …'/],
  [["DEBUG=1", "claude"], /^Set variables before spoor: DEBUG=1 spoor record -- …$/],
  [["claude -p hi"], /separate words.*spoor record -- claude -p hi$/],
])("%j is explained", (command, expected) => {
  expect(hint(command)).toMatch(expected);
});

test("a script whose interpreter is missing is told from one that is missing itself", () => {
  const files = { "./run.sh": "#!/opt/bash -e\necho" };
  expect(hint(["./run.sh"], files)).toBe("The script is there, but its interpreter /opt/bash is not.");
  expect(hint(["./other.sh"], files)).toBeUndefined();
});

test("characters of a command do not act as a pattern", () => {
  expect(hint(["c++("], { "/home/ada/.bashrc": "alias ccc=x" })).toMatch(/^If it is/);
});
