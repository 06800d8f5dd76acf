/** Reads the conversations below a folder as an import does: whose they are, which files belong together. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Adapter, JsonObject, Parser, SourceFile, SourceLine } from "../src/adapter.ts";
import type { Event } from "../src/event.ts";
import { parseText } from "../src/source-text.ts";

export const OBSERVED_AT = "2026-11-20T12:00:00.000Z";

const FIXTURES: string = new URL("../../../fixtures/", import.meta.url).pathname;

export interface StoredConversation {
  /** The main file's path below the folder. */
  name: string;
  lines: SourceLine[];
}

/** All fixtures of an agent: runs of the released CLI, and files that others published. */
export function fixturesOf(adapter: Adapter): StoredConversation[] {
  return ["transcripts", "transcripts-genuine"].flatMap((kind) =>
    conversationsBelow(adapter, `${FIXTURES}${kind}/${adapter.name}/`).map((found) => ({
      ...found,
      name: `${kind}/${adapter.name}/${found.name}`,
    })),
  );
}

export function conversationsBelow(adapter: Adapter, folder: string): StoredConversation[] {
  const taken = new Set<string>();
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.jsonl?$/.test(name) && !/(\.meta|truth)\.json$/.test(name))
    .sort((a, b) => a.split("/").length - b.split("/").length || (a < b ? -1 : 1))
    .flatMap((name): StoredConversation[] => {
      const path = join(folder, name);
      if (taken.has(path)) return [];
      const files = filesOf(adapter, path);
      for (const file of files) taken.add(file.path);
      return files.length === 0 ? [] : [{ name, lines: linesOfFiles(files) }];
    });
}

/** None where the file is not the agent's. */
function filesOf(adapter: Adapter, path: string): SourceFile[] {
  const first = recordsOf(readFileSync(path, "utf8")).slice(0, 64);
  const identity = adapter.detectFile(path, first);
  if (identity === undefined) return [];
  return identity.kind === "stream"
    ? [{ path, name: "stdout", kind: "stream" }]
    : adapter.filesOf(path, listFolder);
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // No such folder: nothing in it.
    return [];
  }
}

export function recordsOf(text: string): JsonObject[] {
  return parseText(text).flatMap((line) => (line.kind === "object" ? [line.value] : []));
}

export function linesOfFiles(files: readonly SourceFile[]): SourceLine[] {
  return files.flatMap(({ path, name, kind }, source) =>
    linesOf(readFileSync(path, "utf8"), { source, sourceName: name, kind }),
  );
}

/** The lines of a text as a parser is given them. */
export function linesOf(text: string, of: Pick<SourceLine, "source" | "sourceName" | "kind">): SourceLine[] {
  return parseText(text).flatMap((parsed) =>
    parsed.kind === "object"
      ? [{ ...of, line: parsed.line, value: parsed.value, observedAt: OBSERVED_AT }]
      : [],
  );
}

export function read(parser: Parser, lines: readonly SourceLine[]): Event[] {
  return lines.flatMap((line) => parser.read(line));
}

/** Everything, up to the end of the sources. */
export function readAll(parser: Parser, lines: readonly SourceLine[]): Event[] {
  return [...read(parser, lines), ...parser.flush("stop")];
}

export function ofType<T extends Event["type"]>(
  events: readonly Event[],
  type: T,
): Extract<Event, { type: T }>[] {
  return events.filter((event): event is Extract<Event, { type: T }> => event.type === type);
}
