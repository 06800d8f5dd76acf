/**
 * The change that an agent opens during a run, seen in what its tools print.
 *
 * Only the answer to a command that creates one counts: agents print and read links of other changes all day.
 */

import { type Change, parseChangeUrl } from "./change-url.ts";

/** Where one command of a shell's line ends and another may begin. */
const COMMAND_BOUNDARY = /[\n;&|(){}`]|\b(?:then|do|else)\s/;

/** `gh pr create`, `glab mr create` and their kin at the beginning of a command, behind assignments and `sudo`. */
const CREATING_COMMAND =
  /^(?:\w+=\S*\s+|(?:sudo|env|exec|time)\s+)*(?:\S*\/)?(?:(?:gh|glab|tea)\s+(?:-\S+\s+(?:[^-\s]\S*\s+)?)?(?:pr|mr|pulls?)\s+(?:create|new)|hub\s+pull-request)(?:\s|$)/;

/** Tools of MCP servers: `create_pull_request`, `mcp__github__create_pull_request`, `create_merge_request`. */
const CREATING_TOOL = /(?:^|_|-|\.)create_(?:pull|merge)_request$/;

const MAX_COMMAND_LENGTH = 64 * 1024;
const MAX_OUTPUT_LENGTH = 256 * 1024;

/**
 * The change that `command` created, according to its `output`.
 *
 * The link must stand alone on its line, as these commands print it, and be the only one; "already exists" with
 * a link is an answer of `gh`, but nothing was created.
 *
 * @param command A shell's command line, or an argument list such as `["bash", "-lc", "gh pr create"]`.
 */
export function findCreatedChange(command: string | readonly string[], output: string): Change | undefined {
  const line = typeof command === "string" ? unwrapShell(command) : scriptOf(command);
  const commands = line.slice(0, MAX_COMMAND_LENGTH).split(COMMAND_BOUNDARY);
  if (!commands.some((each) => CREATING_COMMAND.test(each.trimStart()))) return undefined;
  const lines = output
    .slice(-MAX_OUTPUT_LENGTH)
    .split("\n")
    .map((each) => each.trim())
    .filter((each) => each !== "");
  const created = lines.filter((_, index) => !/already exists:?$/.test(lines[index - 1] ?? ""));
  return onlyChange(created);
}

/** Likewise for a tool whose name says that it creates a change, from the link in its JSON result. */
export function findChangeOfTool(toolName: string, result: string): Change | undefined {
  if (!CREATING_TOOL.test(toolName)) return undefined;
  const links = result
    .slice(0, MAX_OUTPUT_LENGTH)
    .matchAll(/\\?"(?:html_url|web_url|url)\\?"\s*:\s*\\?"([^"\\]+)/g);
  return onlyChange([...links].map(([, link = ""]) => link));
}

function onlyChange(links: readonly string[]): Change | undefined {
  const changes = links.flatMap((link) => parseChangeUrl(link) ?? []);
  return new Set(changes.map(({ url }) => url)).size === 1 ? changes[0] : undefined;
}

/** The script of `["bash", "-lc", script]`, else the words in a row. */
function scriptOf(words: readonly string[]): string {
  const isShell = /(?:^|\/)(?:ba|z|da)?sh$/.test(words[0] ?? "") && /^-\w*c$/.test(words[1] ?? "");
  return isShell ? (words[2] ?? "") : words.join(" ");
}

/** `bash -lc "script"` to `script`. */
function unwrapShell(line: string): string {
  return /^\s*(?:\S*\/)?(?:ba|z|da)?sh\s+-\w*c\s+(["'])([^]*)\1\s*$/.exec(line)?.[2] ?? line;
}
