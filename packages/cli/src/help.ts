/** Help texts: what one types first, then the options. */

import { COMMON_OPTIONS, type Command, type Option, usageOf } from "./command.ts";

const TOP_SUMMARY = "A flight recorder for AI coding agents. Traces stay on this machine.";

const TOP_EXAMPLES = [
  'spoor record -- claude -p "fix the failing test"',
  "spoor import --since 7d             what your agents stored by themselves",
  "spoor list                          the runs",
  "spoor show                          the latest run as a tree",
  "spoor show --prompt ID              what a model call was really asked",
  "spoor list --json | jq .cost.usd    every list is also data",
];

const TOP_NOTES = `\`spoor COMMAND --help\` tells the options of each. Every command takes --dir DIRECTORY.
Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 could not do it; \`record\` returns its command's own.`;

/** @param columns The width to wrap at. */
export function topHelp(commands: readonly Pick<Command, "name" | "summary">[], columns: number): string {
  const rows = commands.map(({ name, summary }): Row => [name, summary]);
  return page(TOP_SUMMARY, TOP_EXAMPLES, "COMMAND", rows, TOP_NOTES, columns);
}

export function commandHelp(command: Command, columns: number): string {
  const { summary, examples, notes, positionals, options } = command;
  const rows: Row[] = [
    ...Object.entries(positionals).map(([name, { describe }]): Row => [name.toUpperCase(), describe ?? ""]),
    ...Object.entries<Option>({ ...options, ...COMMON_OPTIONS }).map(([name, option]): Row => {
      const { describe = "", type, choices, placeholder = choices?.join("|") ?? "VALUE" } = option;
      const short = typeof option.alias === "string" ? `-${option.alias}, ` : "";
      return [`${short}--${name}${type === "boolean" ? "" : ` ${placeholder}`}`, describe];
    }),
  ];
  return page(summary, examples, usageOf(command), rows, notes, columns);
}

function page(
  summary: string,
  examples: readonly string[],
  usage: string,
  rows: readonly Row[],
  notes: string | undefined,
  columns: number,
): string {
  const paragraphs = [
    wrap(summary, columns),
    examples.map((example) => `  ${example}`),
    [`Usage: spoor ${usage} [OPTION…]`],
    rowLines(rows, columns),
    ...(notes === undefined ? [] : [wrap(notes, columns)]),
  ];
  return `${paragraphs.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

type Row = readonly [name: string, description: string];

/** A name longer than this stands on a line of its own. */
const WIDEST_NAME = 26;
const WIDEST_TEXT = 100;

function rowLines(rows: readonly Row[], columns: number): string[] {
  const fitting = rows.map(([name]) => name.length).filter((length) => length <= WIDEST_NAME);
  const indent = 2 + Math.max(...fitting) + 2;
  const room = Math.max(24, Math.min(columns, WIDEST_TEXT) - indent);
  return rows.flatMap(([name, description]) => {
    const [first = "", ...more] = wrap(description, room).map((line) => " ".repeat(indent) + line);
    const start = `  ${name}  `;
    const head = start.length > indent ? [start.trimEnd(), first] : [start + first.slice(start.length)];
    return [...head, ...more];
  });
}

/** Lines of at most `columns` characters; line breaks of the text stay. */
function wrap(text: string, columns: number): string[] {
  const limit = Math.min(columns, WIDEST_TEXT);
  return text.split("\n").flatMap((paragraph) => {
    const lines: string[] = [];
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line !== "" && line.length + 1 + word.length > limit) {
        lines.push(line);
        line = word;
      } else line = line === "" ? word : `${line} ${word}`;
    }
    return [...lines, line];
  });
}
