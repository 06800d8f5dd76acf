/**
 * Reads all files of a conversation through its adapter's parser: the events, and what it says about itself.
 */

import { statSync } from "node:fs";
import type { ConversationFacts, Event } from "@spoor/adapters";
import type { Losses, Source } from "@spoor/trace";
import type { FoundConversation } from "./find-conversations.ts";
import { readSource, type SourceText } from "./read-source.ts";

export interface ParsedConversation {
  events: Event[];
  facts: ConversationFacts;
  /** In the order that the events' `from` counts. */
  sources: Source[];
  losses: Losses;
}

/** @throws The `node:fs` error where the main file cannot be read; a missing side file is no conversation's end. */
export function parseConversation({ adapter, identity, files }: FoundConversation): ParsedConversation {
  const parser = adapter.createParser();
  const events: Event[] = [];
  const losses: Losses = {};
  const sources = files.map((file): Source => ({ kind: file.kind, name: file.name }));
  for (const [source, file] of files.entries()) {
    const text = source === 0 ? readSource(file.path) : readSideFile(file.path);
    if (text === undefined) continue;
    const { modifiedMs } = text;
    const parsed = [...text.lines];
    const earliest = earliestTime(parsed, identity.conversationId, modifiedMs);
    // A stream without any time yet would be given another one when it has grown.
    if (earliest === undefined && file.kind === "stream") continue;
    const observedAt = earliest ?? new Date(0).toISOString();
    for (const line of parsed) {
      if (line.kind !== "object") {
        losses[line.kind] = (losses[line.kind] ?? 0) + 1;
        continue;
      }
      try {
        const read = parser.read({
          source,
          sourceName: file.name,
          kind: file.kind,
          line: line.line,
          value: line.value,
          observedAt,
        });
        for (const event of read) events.push(event);
      } catch {
        // A parser never throws for what a line contains; if one does, the line is lost, not the conversation.
        losses.adapter_failed = (losses.adapter_failed ?? 0) + 1;
      }
    }
  }
  events.push(...parser.flush("stop"));
  const unknown = Object.values(parser.facts.unknownTypes).reduce((sum, count) => sum + count, 0);
  if (unknown > 0) losses.unknown = unknown;
  return { events, facts: parser.facts, sources, losses };
}

/** What is named like a side file may be anything: for a pipe we would wait until somebody writes to it. */
function readSideFile(path: string): SourceText | undefined {
  try {
    return statSync(path).isFile() ? readSource(path) : undefined;
  } catch {
    // Gone, or not ours to read.
    return undefined;
  }
}

/**
 * The earliest time a stored stream's lines can have: its first own timestamp; else when its conversation
 * was begun, which a UUIDv7 tells (Codex); else, of one that is finished, the file's last change.
 */
function earliestTime(
  lines: Iterable<{ kind: string; value?: Record<string, unknown> }>,
  conversationId: string | undefined,
  modifiedMs: number,
): string | undefined {
  for (const line of lines) {
    const timestamp = line.value?.["timestamp"];
    const ms = typeof timestamp === "string" ? Date.parse(timestamp) : Number.NaN;
    if (Number.isFinite(ms)) return new Date(ms).toISOString();
  }
  const begun = /^([0-9a-f]{8})-([0-9a-f]{4})-7/.exec(conversationId ?? "");
  if (begun !== null) return new Date(Number.parseInt(`${begun[1]}${begun[2]}`, 16)).toISOString();
  return isFinished(lines) ? new Date(Math.floor(modifiedMs)).toISOString() : undefined;
}

/** Whether a stream tells its end: Claude Code's and Gemini CLI's last line is their `result`. */
function isFinished(lines: Iterable<{ value?: Record<string, unknown> }>): boolean {
  for (const line of lines) if (line.value?.["type"] === "result") return true;
  return false;
}
