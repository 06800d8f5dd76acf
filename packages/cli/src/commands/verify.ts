/** `spoor verify`: may these files be shown to others? The gate before an upload. */

import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import { type Command, defineCommand, JSON_OPTION } from "../command.ts";
import { EXIT } from "../errors.ts";
import type { Io } from "../io.ts";
import { writeJson } from "../json.ts";
import { emptyStoreText, storeDirectory } from "../store.ts";
import { type Line, lookOf, printLines, styled } from "../terminal/screen.ts";
import { visible } from "../terminal/visible.ts";
import type { Finding } from "../verify/finding.ts";
import { type Verified, verifyPaths } from "../verify/verify-paths.ts";

export const verify: Command = defineCommand({
  name: "verify",
  summary:
    "Checks files before others see them: format of traces, torn lines and gaps, and secrets anywhere.",
  examples: [
    "spoor verify                              the whole store",
    "spoor verify artifacts/ report.html       any file, any folder",
    "spoor verify --json | jq -r .rule | sort | uniq -c",
  ],
  positionals: {
    path: {
      type: "string",
      array: true,
      describe: "Files, or folders that are searched whole (default: the store)",
    },
  },
  options: { ...JSON_OPTION },
  notes:
    "Exit code 1 when anything is found. A secret is told by file, line and rule, never by its value; this shell's own secret-looking variables are searched for as well.",
  async run({ path: paths = [], json, ...common }, io) {
    const store = storeDirectory(common, io);
    if (paths.length === 0 && !existsSync(store)) {
      io.stderr.write(emptyStoreText(store, io));
      return EXIT.done;
    }
    const given = paths.length === 0 ? [store] : paths.map((path) => resolve(io.cwd, path));
    const sum: Sum = { files: 0, records: 0, findings: 0, unchecked: 0 };
    for await (const one of verifyPaths(given, { store, redactor: { env: io.env } })) {
      add(sum, one);
      if (json) for (const finding of one.findings) writeJson(finding, io.stdout);
      else printFindings(one.findings, io);
      if (one.notChecked !== undefined)
        io.stderr.write(`spoor: ${visible(`${shortPath(one.path, io)}: ${one.notChecked}`)}\n`);
    }
    io.stderr.write(closingLine(sum));
    if (sum.findings > 0) return EXIT.answerIsNo;
    return sum.unchecked > 0 ? EXIT.couldNotDoIt : EXIT.done;
  },
});

interface Sum {
  files: number;
  records: number;
  findings: number;
  /** Files that could not be read, or are packed. */
  unchecked: number;
}

function add(sum: Sum, { findings, records = 0, notChecked }: Verified): void {
  sum.files++;
  sum.records += records;
  sum.findings += findings.length;
  if (notChecked !== undefined) sum.unchecked++;
}

function printFindings(findings: readonly Finding[], io: Io): void {
  const lines = findings.map(({ path, line, kind, rule, message }): Line => [
    `${shortPath(path, io)}${line === undefined ? "" : `:${line}`}  `,
    styled(kind === "secret" ? `secret ${rule}` : rule, kind === "secret" ? "red" : "yellow"),
    `  ${message}`,
  ]);
  printLines(lines, io.stdout, { ...lookOf(io.stdout, io.env), columns: Infinity });
}

function shortPath(path: string, { cwd }: Io): string {
  const short = relative(cwd, path);
  return short === "" || short.startsWith("..") ? path : short;
}

function closingLine({ files, records, findings, unchecked }: Sum): string {
  const many = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
  const looked = `${many(files, "file")}, ${many(records, "record")}`;
  const found = findings === 0 ? "nothing found" : many(findings, "finding");
  return `${looked}: ${found}${unchecked === 0 ? "" : `; ${many(unchecked, "file")} could not be checked`}\n`;
}
