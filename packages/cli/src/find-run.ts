/**
 * Which trace a person means: `last`, a path, or an id of one of the four kinds that they may have at hand.
 *
 * The end of an invocation id stands in the file's name, so the usual case opens nothing. Only an id that no
 * name shows makes us read the heads of the store.
 */

import { basename, resolve } from "node:path";
import { listTraceFiles, type Trace } from "@spoor/trace";
import { Failure, UsageError } from "./errors.ts";
import type { Io } from "./io.ts";
import { formatLocalTime } from "./local-time.ts";
import { emptyStoreText, readHeads } from "./store.ts";

/** Fewer characters would name a run by chance. */
const SHORTEST_ID = 4;
const MOST_LISTED = 10;

/**
 * @param reference `last` (also when absent), a path, an invocation id or its beginning or end, a trace id, or a
 * conversation id.
 * @throws {Failure} When nothing is found. {@link UsageError} when several are.
 */
export function findRun(reference: string | undefined, directory: string, io: Io): string {
  if (reference !== undefined && (/[/\\]/.test(reference) || reference.endsWith(".jsonl")))
    return resolve(io.cwd, reference);
  const paths = listTraceFiles(directory);
  if (paths.length === 0) throw new Failure(emptyStoreText(directory, io).trimEnd());
  if (reference === undefined || reference === "last") return latest(paths);

  const id = reference.toLowerCase();
  if (id.length < SHORTEST_ID)
    throw new UsageError(`"${reference}": expected at least ${SHORTEST_ID} characters of an id, or "last"`);
  const named = paths.filter((path) => isNamed(path, id));
  const [only] = named;
  if (only !== undefined && named.length === 1) return only;

  const matching = [...readable(paths)].filter(({ trace }) => isMeant(trace, id));
  // Conversations that a recorded command started carry its trace id, below its span; the id means the command.
  const spans = new Set(matching.map(({ trace }) => trace.invocation?.start?.span_id));
  const roots = matching.filter(({ trace }) => {
    const parent = trace.invocation?.start?.parent_span_id;
    return parent === undefined || !spans.has(parent);
  });
  const [found, ...others] = roots.length > 0 ? roots : matching;
  if (found === undefined)
    throw new Failure(
      `no run "${reference}" in ${directory}; expected an id of a run, trace or conversation, "last", or a path. \`spoor list\` shows the runs`,
    );
  if (others.length > 0) throw new UsageError(severalText(reference, [found, ...others], io));
  return found.path;
}

interface Candidate {
  path: string;
  trace: Trace;
}

/** The newest that has anything in it: a process killed at its first step leaves an empty file. */
function latest(paths: readonly string[]): string {
  for (const { path } of readable(paths)) return path;
  throw new Failure("no trace of the store can be read; `spoor verify` tells why");
}

function isNamed(path: string, id: string): boolean {
  const tail = /-([0-9a-f]{12})\.jsonl$/.exec(basename(path))?.[1];
  return (
    tail !== undefined &&
    (id.length <= tail.length ? tail.endsWith(id) : /^[0-9a-f-]{36}$/.test(id) && id.endsWith(tail))
  );
}

function isMeant({ invocation_id: invocationId = "", invocation }: Trace, id: string): boolean {
  const { trace_id: traceId, conversation_id: conversationId } = invocation?.start ?? {};
  return [invocationId, traceId, conversationId].some((own) => {
    const text = typeof own === "string" ? own.toLowerCase() : "";
    return text.startsWith(id) || text.endsWith(id);
  });
}

function* readable(paths: readonly string[]): Generator<Candidate> {
  for (const path of paths) {
    try {
      const trace = readHeads(path);
      if (trace.records > 0) yield { path, trace };
    } catch {
      // Gone meanwhile or not ours to read: `verify` says which, and one such file must not hide the others.
    }
  }
}

function severalText(reference: string, found: readonly Candidate[], { env }: Io): string {
  const lines = found.slice(0, MOST_LISTED).map(({ trace }) => {
    const start = trace.invocation?.start;
    return `  ${trace.invocation_id ?? ""}  ${formatLocalTime(start?.time ?? "", env["TZ"])}  ${start?.agent?.name ?? ""}`;
  });
  const more = found.length > MOST_LISTED ? [`  … ${found.length - MOST_LISTED} more`] : [];
  return [`"${reference}" is ${found.length} runs; name one of them:`, ...lines, ...more].join("\n");
}
