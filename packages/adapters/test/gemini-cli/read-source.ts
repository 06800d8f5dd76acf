/** Reads sources as the recorder and the import do: line by line, whatever they hold. */

import { readFileSync } from "node:fs";
import type { Parser, SourceKind, SourceLine } from "../../src/adapter.ts";
import type { Event } from "../../src/event.ts";
import { geminiCli } from "../../src/gemini-cli/index.ts";
import { parseText } from "../../src/source-text.ts";

export const FIXTURES: string = new URL(
  "../../../../fixtures/transcripts-genuine/gemini-cli/",
  import.meta.url,
).pathname;

const OBSERVED_AT = "2026-11-20T12:00:00.000Z";

/** The lines of a text as a parser is given them. */
export function linesOf(
  text: string,
  sourceName = "project/chats/session-2026-11-20T14-40-00000000.jsonl",
  kind: SourceKind = "transcript",
  source = 0,
): SourceLine[] {
  return parseText(text).flatMap((parsed) =>
    parsed.kind === "object"
      ? [{ source, sourceName, kind, line: parsed.line, value: parsed.value, observedAt: OBSERVED_AT }]
      : [],
  );
}

export function linesOfFile(path: string): SourceLine[] {
  const isStream = /stream[^/]*\.jsonl$|\.stdout\.jsonl$/.test(path);
  const name = isStream ? "stdout" : (geminiCli.filesOf(path, () => [])[0]?.name ?? "");
  return linesOf(readFileSync(path, "utf8"), name, isStream ? "stream" : "transcript");
}

/** A chat from its records. */
export function chat(...records: readonly object[]): SourceLine[] {
  return linesOf(records.map((record) => `${JSON.stringify(record)}\n`).join(""));
}

export function stream(...records: readonly object[]): SourceLine[] {
  return linesOf(records.map((record) => `${JSON.stringify(record)}\n`).join(""), "stdout", "stream");
}

export function read(lines: readonly SourceLine[], parser: Parser = geminiCli.createParser()): Event[] {
  return lines.flatMap((line) => parser.read(line));
}

/** Everything, up to the end of the source. */
export function readAll(lines: readonly SourceLine[], parser: Parser = geminiCli.createParser()): Event[] {
  return [...read(lines, parser), ...parser.flush("stop")];
}

export function ofType<T extends Event["type"]>(
  events: readonly Event[],
  type: T,
): Extract<Event, { type: T }>[] {
  return events.filter((event): event is Extract<Event, { type: T }> => event.type === type);
}
