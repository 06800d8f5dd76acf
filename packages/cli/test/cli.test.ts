import { describe, expect, test } from "vitest";
import { spoor } from "./fake-io.ts";
import { exampleStore, makeFolder } from "./make-trace.ts";

describe("help", () => {
  test("without a command it leads with what one types first", async () => {
    const { code, stdout, stderr } = await spoor([]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(`\n${stdout}`).toMatchInlineSnapshot(`
      "
      A flight recorder for AI coding agents. Traces stay on this machine.

        spoor record -- claude -p "fix the failing test"
        spoor import --since 7d             what your agents stored by themselves
        spoor list                          the runs
        spoor show                          the latest run as a tree
        spoor show --prompt ID              what a model call was really asked
        spoor list --json | jq .cost.usd    every list is also data

      Usage: spoor COMMAND [OPTION…]

        record      Runs a command untouched and leaves a trace of what its agent did.
        import      Makes traces of the conversations that agents stored by
                    themselves; doing it again adds only what is new.
        list        Lists the runs of the store, newest first.
        show        Shows one run as a tree: turns, model calls, tools, with times on
                    one scale.
        decision    Declares what was decided, from inside a run or for one that is
                    named.
        verify      Checks files before others see them: format of traces, torn lines
                    and gaps, and secrets anywhere.
        redact      Reads text, writes it without its secrets.
        doctor      Tells what was found here: agents, their conversations, git, CI,
                    the store; and what to do about it.
        completion  Prints a script that completes commands and options in bash, zsh
                    or fish.

      \`spoor COMMAND --help\` tells the options of each. Every command takes --dir
      DIRECTORY.
      Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 could not do it;
      \`record\` returns its command's own.
      "
    `);
  });

  test.each([["--help"], ["-h"], ["help"]])("spoor %s is the same", async (word) => {
    expect(await spoor([word])).toEqual(await spoor([]));
  });

  test("of a command: one sentence, examples, options", async () => {
    expect(`\n${(await spoor(["show", "--help"])).stdout}`).toMatchInlineSnapshot(`
      "
      Shows one run as a tree: turns, model calls, tools, with times on one scale.

        spoor show                        the latest run
        spoor show 3f9c2ab81d04           by the end of its id, as \`spoor list\` prints it
        spoor show --span 8e21c0          all that is known of one span
        spoor show --prompt 8e21c0        what a model call was asked, in full
        spoor show last --json --level full

      Usage: spoor show [run] [OPTION…]

        RUN                    \`last\` (the default), a path, an id of a run or the
                               beginning or end of one, a trace id, or a conversation
                               id
        --span ID              Only this span, with its contents
        --prompt ID            The full prompt of this model call, restored
        --level full|metadata  With --json: whether spans have their contents
                               (default: metadata)
        --json                 The documented shape and nothing else
        --dir DIRECTORY        The store (default: $SPOOR_DIR, else under CI its
                               temporary folder, else the user's state folder)
      "
    `);
  });

  test("spoor help show is spoor show --help, whatever else stands there", async () => {
    const { stdout } = await spoor(["show", "--help"]);
    expect((await spoor(["help", "show"])).stdout).toBe(stdout);
    expect((await spoor(["show", "-h", "--bogus"])).stdout).toBe(stdout);
  });

  test("a command whose argument cannot be left out can still be asked for help", async () => {
    expect(await spoor(["decision", "--help"])).toMatchObject({ code: 0, stderr: "" });
  });

  test("record's help is its own", async () => {
    expect((await spoor(["help", "record"])).stdout).toMatch(/^Runs a command untouched/);
  });

  test("fits a narrow terminal", async () => {
    for (const words of [[], ["list"], ["import"], ["verify"], ["redact"]]) {
      const { stdout } = await spoor([...words, "--help"], { terminal: 60 });
      // Examples are for copying and stay in one line.
      const lines = stdout.split("\n").filter((line) => !/^ {2}(spoor|echo|gh) /.test(line));
      for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(60);
    }
  });
});

test("--version, before or after a command", async () => {
  for (const words of [["--version"], ["list", "--version"]])
    expect(await spoor(words)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
});

describe("a wrong call ends with 2 and says what would be right", () => {
  test.each([
    [["lsit"], "no such command: lsit; did you mean `list`? `spoor --help` lists the commands"],
    [
      ["recrod", "--", "true"],
      "no such command: recrod; did you mean `record`? `spoor --help` lists the commands",
    ],
    [["frobnicate"], "no such command: frobnicate. `spoor --help` lists the commands"],
    [["summarize"], "no such command: summarize. `spoor --help` lists the commands"],
    [["--jsno"], "no such option or argument: jsno. `spoor --help` lists the commands"],
    [["list", "--jsno"], "list: no such option or argument: jsno. See `spoor list --help`"],
    [["list", "extra"], "list: no such option or argument: extra. See `spoor list --help`"],
    [["list", "--since"], "list: --since: expected a value. See `spoor list --help`"],
    [["list", "--since", "soon"], '--since: expected a time such as 7d, 36h or 2026-11-01; got "soon"'],
    [["list", "--limit", "0"], '--limit: expected a number from 1 on; got "0"'],
    [
      ["show", "--level", "some"],
      'show: level: got "some", expected one of "full", "metadata". See `spoor show --help`',
    ],
    [["decision"], "decision: got 0 arguments, expected at least 1. See `spoor decision --help`"],
  ])("%j", async (words, complaint) => {
    expect(await spoor(words)).toEqual({ code: 2, stdout: "", stderr: `spoor: ${complaint}\n` });
  });
});

test("a word on the command line cannot act on the terminal", async () => {
  expect((await spoor(["\u001b]0;owned\u0007"])).stderr).toMatch(/^spoor: no such command: ␛\]0;owned␇/);
});

test("what the system refuses is told with its reason, and ends with 3", async () => {
  const path = `${makeFolder()}/gone.jsonl`;
  expect(await spoor(["show", path])).toEqual({
    code: 3,
    stdout: "",
    stderr: `spoor: ${path}: no such file or folder (ENOENT)\n`,
  });
});

test("--dir stands before or after the command, and the last one counts", async () => {
  const store = exampleStore();
  const { stdout } = await spoor(["list", "--dir", store]);
  expect((await spoor(["--dir", store, "list"])).stdout).toBe(stdout);
  expect((await spoor(["list", `--dir=${store}`])).stdout).toBe(stdout);
  expect((await spoor(["list", "--dir", "/nowhere", "--dir", store])).stdout).toBe(stdout);
  expect((await spoor(["list"], { env: { SPOOR_DIR: store } })).stdout).toBe(stdout);
});
