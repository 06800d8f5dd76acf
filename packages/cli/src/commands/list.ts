/** `spoor list`: the invocations of the store, newest first. */

import { statSync } from "node:fs";
import { type Invocation, listTraceFiles } from "@spoor/trace";
import { type Command, defineCommand, JSON_OPTION } from "../command.ts";
import { describeFileError, EXIT, UsageError } from "../errors.ts";
import type { Io } from "../io.ts";
import { writeJson } from "../json.ts";
import { parseSince } from "../local-time.ts";
import { runLines } from "../runs-table.ts";
import { emptyStoreText, invocationOf, readHeads, storeDirectory } from "../store.ts";
import { lookOf, printLines } from "../terminal/screen.ts";
import { visible } from "../terminal/visible.ts";

/** What fits on a terminal without scrolling the newest away. */
const ROWS_ON_TERMINAL = 30;
const STATUSES = ["running", "success", "failure", "cancelled", "timeout", "crashed", "unknown"] as const;

export const list: Command = defineCommand({
  name: "list",
  summary: "Lists the runs of the store, newest first.",
  examples: [
    "spoor list",
    "spoor list --since 7d --status failure",
    "spoor list --repo example-org/shop --json | jq .cost.usd",
  ],
  options: {
    since: {
      type: "string",
      requiresArg: true,
      placeholder: "TIME",
      describe: "Only runs begun since: 7d, 36h, 2026-11-01",
    },
    repo: {
      type: "string",
      requiresArg: true,
      placeholder: "REPOSITORY",
      describe: "Only of this repository: its URL or the end of it",
    },
    role: { type: "string", requiresArg: true, placeholder: "ROLE", describe: "Only with this role" },
    status: {
      choices: STATUSES,
      requiresArg: true,
      placeholder: "STATUS",
      describe: `Only with this status: ${STATUSES.join(", ")}`,
    },
    session: {
      type: "string",
      requiresArg: true,
      placeholder: "ID",
      describe: "Only of this session: the URL of a change or issue, a CI run, or a conversation",
    },
    limit: {
      type: "string",
      requiresArg: true,
      placeholder: "N",
      describe: `At most so many (default: ${ROWS_ON_TERMINAL} on a terminal, else all)`,
    },
    ...JSON_OPTION,
  },
  run(args, io) {
    const directory = storeDirectory(args, io);
    const sinceMs = args.since === undefined ? undefined : parseSince(args.since, io.now());
    const limit = limitOf(args.limit, args.json, io);
    const paths = listTraceFiles(directory, {
      sinceDay: sinceMs === undefined ? undefined : new Date(sinceMs).toISOString().slice(0, 10),
    });
    const problems: Problems = { unreadable: [], empty: [] };
    const runs: Invocation[] = [];
    let more = 0;
    for (const run of invocationsOf(paths, problems, io)) {
      if (sinceMs !== undefined && Date.parse(run.start_time) < sinceMs) continue;
      if (!matches(run, args)) continue;
      if (runs.length + more >= limit) {
        more++;
        if (args.json) break;
      } else if (args.json) {
        writeJson(run, io.stdout);
        runs.push(run);
      } else runs.push(run);
    }
    if (!args.json) tell(runs, more, directory, io);
    for (const problem of [...problems.unreadable, ...problems.empty])
      io.stderr.write(`spoor: ${visible(problem)}\n`);
    return problems.unreadable.length === 0 ? EXIT.done : EXIT.couldNotDoIt;
  },
});

function limitOf(text: string | undefined, json: boolean, { stdout }: Io): number {
  if (text === undefined) return stdout.isTTY && !json ? ROWS_ON_TERMINAL : Infinity;
  if (!/^[1-9]\d*$/.test(text)) throw new UsageError(`--limit: expected a number from 1 on; got "${text}"`);
  return Number(text);
}

interface Problems {
  unreadable: string[];
  /** Files whose writer died before its first record: nothing of them can be listed, now or later. */
  empty: string[];
}

/** One unreadable file must not hide the others. */
function* invocationsOf(
  paths: readonly string[],
  { unreadable, empty }: Problems,
  io: Io,
): Generator<Invocation> {
  for (const path of paths) {
    try {
      const trace = readHeads(path);
      if (trace.records > 0) yield invocationOf(trace, path, io);
      else if (statSync(path).size === 0) empty.push(`${path}: empty: its writer came to no first record`);
      else unreadable.push(`${path}: no record in it; \`spoor verify\` tells what is there`);
    } catch (error) {
      const problem = describeFileError(error);
      if (problem === undefined) throw error;
      unreadable.push(problem);
    }
  }
}

interface Filters {
  repo?: string | undefined;
  role?: string | undefined;
  status?: string | undefined;
  session?: string | undefined;
}

function matches(run: Invocation, { repo, role, status, session }: Filters): boolean {
  return (
    (repo === undefined || isRepository(run.repository_url, repo)) &&
    (role === undefined || run.role === role) &&
    (status === undefined || run.status === status) &&
    (session === undefined || run.session_id === session)
  );
}

/** `https://github.com/example-org/shop`, also given as `git@…`-free ends of it: `example-org/shop`, `shop`. */
function isRepository(url: string | null, wanted: string): boolean {
  const name = wanted
    .replace(/\.git$/, "")
    .replace(/\/$/, "")
    .toLowerCase();
  const own = url?.toLowerCase();
  return own !== undefined && (own === name || own.endsWith(`/${name.replace(/^https?:\/\//, "")}`));
}

function tell(runs: readonly Invocation[], more: number, directory: string, io: Io): void {
  if (runs.length === 0) {
    const total = listTraceFiles(directory).length;
    const text =
      total === 0
        ? emptyStoreText(directory, io)
        : `0 of ${total} run${total === 1 ? "" : "s"} here (${directory}) match\n`;
    io.stderr.write(visible(text.trimEnd()) + "\n");
    return;
  }
  const look = lookOf(io.stdout, io.env);
  printLines(runLines(runs, look.columns, io.env["TZ"]), io.stdout, look);
  if (more > 0) io.stderr.write(`${more} more: --limit ${runs.length + more}\n`);
}
