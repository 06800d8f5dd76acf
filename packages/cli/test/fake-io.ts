/** A process around a command that is all in memory. */

import { run } from "../src/cli.ts";
import type { Io, Output } from "../src/io.ts";

export interface FakeOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** A terminal of so many columns on stdout and stderr. */
  terminal?: number;
  stdin?: string | readonly Uint8Array[];
  /** @default 2026-11-20T12:00:00Z */
  now?: string;
}

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `spoor WORDS…` and gives what it wrote. */
export async function spoor(words: readonly string[], options: FakeOptions = {}): Promise<Ran> {
  const written = { stdout: "", stderr: "" };
  const output = (name: keyof typeof written): Output => ({
    isTTY: options.terminal !== undefined,
    columns: options.terminal ?? 80,
    write: (text) => {
      written[name] += text;
    },
  });
  const { stdin = "" } = options;
  const io: Io = {
    stdin: async function* chunks() {
      if (typeof stdin === "string") yield Buffer.from(stdin);
      else for (const chunk of stdin) yield Buffer.from(chunk);
    },
    stdout: output("stdout"),
    stderr: output("stderr"),
    env: { TZ: "UTC", HOME: "/nonexistent", PAGER: "cat", ...options.env },
    cwd: options.cwd ?? "/",
    now: () => Date.parse(options.now ?? "2026-11-20T12:00:00Z"),
  };
  const code = await run(words, io);
  return { code, ...written };
}
