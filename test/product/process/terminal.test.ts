import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { finished, hasPseudoTerminals, onTerminal, type Running, SPOOR_IN_SHELL } from "./spoor.ts";

const CTRL_C = "\x03";
const CTRL_Z = "\x1a";
const CTRL_BACKSLASH = "\x1c";

/**
 * A command that says which signals it gets. It prints spoor's process id and its own when it is ready, and ends
 * with code 9 on SIGTERM. Signals named in its arguments it takes too, and so does not act as they would.
 */
const LISTENER = `
for (const signal of ["SIGINT", "SIGQUIT", "SIGCONT", "SIGUSR1", ...process.argv.slice(2)]) {
  process.on(signal, () => console.log("got", signal));
}
process.on("SIGTERM", () => process.exit(9));
setInterval(() => {}, 1e6);
console.log(\`spoor \${process.ppid} command \${process.pid}\`); // as one text: on a terminal, numbers have colours
`;

const record = `${SPOOR_IN_SHELL} record --`;

let home: string;
let listener: string;
beforeAll(async () => {
  if (!hasPseudoTerminals)
    console.warn("SKIPPED: script(1) of util-linux is missing, so nothing ran on a terminal");
  home = await mkdtemp(join(tmpdir(), "spoor-home-"));
  const path = join(home, "listener.cjs");
  await writeFile(path, LISTENER);
  listener = `'${process.execPath}' '${path}'`;
});
afterAll(() => rm(home, { recursive: true }));

async function pidsOf(running: Running): Promise<{ spoor: number; command: number }> {
  const [, spoor, command] = await running.shows(/spoor (\d+) command (\d+)/);
  return { spoor: Number(spoor), command: Number(command) };
}

/** Its letter in ps(1): T is stopped. */
function stateOf(pid: number): string | undefined {
  return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))?.[1];
}

/** An interactive shell, which has job control, with `line` typed into it. */
function typed(line: string): Running {
  const running = onTerminal(home, "exec bash --norc --noprofile -i", { PS1: "$ " });
  running.stdin.write(`${line}\n`);
  return running;
}

describe.runIf(hasPseudoTerminals)("on a terminal", () => {
  const keys: [name: string, key: string, screen: RegExp, said: RegExp, before: string][] = [
    ["Ctrl-C", CTRL_C, /\^C/, /got SIGINT/, "exec"],
    ["Ctrl-\\", CTRL_BACKSLASH, /\^\\/, /got SIGQUIT/, "exec"],
    ["Ctrl-C while stdin is a pipe", CTRL_C, /\^C/, /got SIGINT/, "trap : INT; sleep 1000 |"],
  ];
  test.each(keys)("%s reaches the command, and spoor outlives it", async (_, key, _screen, said, before) => {
    const running = onTerminal(home, `${before} ${record} ${listener}`);
    const { spoor } = await pidsOf(running);
    running.stdin.write(key);
    await running.shows(said);
    process.kill(spoor, "SIGTERM");
    expect(await finished(running)).toMatchObject({ code: 9 });
  });

  test.each(keys)("%s is not passed on by spoor, so it comes once", async (_, key, screen, said, before) => {
    // In a session of its own the command gets only what spoor passes on.
    const running = onTerminal(home, `${before} ${record} setsid ${listener}`);
    const { spoor } = await pidsOf(running);
    running.stdin.write(key);
    await running.shows(screen); // shown after the signal is sent
    process.kill(spoor, "SIGUSR1"); // passed on, together with whatever else would be
    await running.shows(/got SIGUSR1/);
    process.kill(spoor, "SIGTERM");
    const { code, output } = await finished(running);
    expect(code).toBe(9);
    expect(output).not.toMatch(said);
  });

  test("the command has the terminal as its stdin, stdout and stderr", async () => {
    const { output } = await finished(
      onTerminal(home, `exec ${record} sh -c 'test -t 0 && test -t 1 && test -t 2 && echo three'`),
    );
    expect(output).toContain("three");
  });

  test("Ctrl-Z stops both, and fg continues both", async () => {
    const running = typed(`${record} ${listener}; echo code $?`);
    const { spoor, command } = await pidsOf(running);
    running.stdin.write(CTRL_Z);
    await running.shows(/Stopped/);
    expect([stateOf(spoor), stateOf(command)]).toEqual(["T", "T"]);

    running.stdin.write("fg\n");
    await running.shows(/got SIGCONT/);
    running.stdin.write(CTRL_C); // so both have the terminal again
    await running.shows(/got SIGINT/);
    process.kill(spoor, "SIGTERM");
    running.stdin.end("exit\n");
    expect((await finished(running)).output).toMatch(/got SIGINT[^]*\$ exit/);
  });

  test("a command that stops itself gives the terminal back to the shell, and fg continues it", async () => {
    const running = typed(`${record} sh -c 'kill -STOP $$; echo went on'`);
    await running.shows(/Stopped/);
    running.stdin.write("fg\n");
    await running.shows(/\nwent on/);
    running.stdin.end("exit\n");
    expect(await finished(running)).toMatchObject({ code: 0 });
  });

  test("a command that does not let itself be stopped keeps the terminal", async () => {
    const running = typed(`${record} ${listener} SIGTSTP`);
    const { spoor } = await pidsOf(running);
    running.stdin.write(CTRL_Z);
    await running.shows(/got SIGTSTP/);
    running.stdin.write(CTRL_C);
    await running.shows(/got SIGINT/);
    expect(stateOf(spoor)).not.toBe("T");
    process.kill(spoor, "SIGTERM");
    running.stdin.end("exit\n");
    await finished(running);
  });

  test("spoor stopped and continued alone continues a command that was stopped", async () => {
    const running = onTerminal(home, `${record} ${listener}; exit $?`); // a child of script itself must not stop: it would too
    const { spoor, command } = await pidsOf(running);
    process.kill(command, "SIGSTOP");
    while (stateOf(spoor) !== "T") await setTimeout(5);
    process.kill(spoor, "SIGCHLD"); // another child of spoor's has ended meanwhile
    process.kill(spoor, "SIGCONT");
    await running.shows(/got SIGCONT/);
    process.kill(spoor, "SIGTERM");
    expect(await finished(running)).toMatchObject({ code: 9 });
  });

  test("modes that the command sets on the terminal are still set after spoor", async () => {
    const { output } = await finished(onTerminal(home, `${record} stty -echo; stty -a`));
    expect(output).toMatch(/ -echo /);
  });

  test("both end when the terminal goes away", async () => {
    const running = onTerminal(home, `exec ${record} ${listener}`);
    const { spoor, command } = await pidsOf(running);
    running.process.kill("SIGKILL");
    for (const pid of [command, spoor]) {
      await expect(goneOrZombie(pid)).resolves.toBeUndefined();
    }
  });
});

async function goneOrZombie(pid: number): Promise<void> {
  for (;;) {
    try {
      if (stateOf(pid) === "Z") return;
    } catch {
      return;
    }
    await setTimeout(5);
  }
}
