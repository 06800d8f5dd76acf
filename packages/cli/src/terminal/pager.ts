/** Long texts go through the reader's pager, as `git` does it; without a terminal they are simply written. */

import { spawn } from "node:child_process";
import type { Io } from "../io.ts";
import { type Line, type Look, lookOf, printLines, renderLine } from "./screen.ts";

/** Shows lines at their full length. */
export async function pageLines(lines: readonly Line[], { stdout, env }: Io): Promise<void> {
  const look: Look = { ...lookOf(stdout, env), columns: Infinity };
  const pager = env["PAGER"] ?? "less -R";
  if (stdout.isTTY && pager !== "" && pager !== "cat") {
    const text = lines.map((line) => `${renderLine(line, look)}\n`).join("");
    if (await pageThrough(pager, text, env)) return;
  }
  printLines(lines, stdout, look);
}

/** @returns false when there is no such pager. */
function pageThrough(pager: string, text: string, env: Io["env"]): Promise<boolean> {
  const child = spawn(pager, {
    shell: true,
    stdio: ["pipe", "inherit", "inherit"],
    // Short texts are written and stay on the screen.
    env: { LESS: "FRX", ...env },
  });
  // Ctrl-C is for the pager; without us it would be left alone with the terminal.
  const ignore = (): void => {};
  process.on("SIGINT", ignore);
  return new Promise((resolve) => {
    const done = (shown: boolean): void => {
      process.off("SIGINT", ignore);
      resolve(shown);
    };
    child.on("error", () => done(false));
    // What the shell says when there is no such command.
    child.on("close", (code) => done(code !== 127));
    child.stdin.on("error", () => {}); // the reader quit before the end
    child.stdin.end(text);
  });
}
