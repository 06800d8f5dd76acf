/**
 * Imports what agents stored by themselves: one trace per conversation, nothing twice.
 *
 * A source is parsed from its start every time, by the same parser that reads it live, so its records have
 * the same keys. Those that a trace of the store already has are passed over; new ones go to the
 * conversation's own imported trace; what changed in that trace since is told by amendments. So importing a
 * part and then the whole, importing twice, and importing what was recorded all come to the same.
 */

import type { AgentName, Env } from "@spoor/adapters";
import { createRedactor } from "@spoor/redactor";
import { currentWriter, type Invocation, toInvocation } from "@spoor/trace";
import { closeDeadTraces } from "./close-dead.ts";
import { ConversationIndex, readStoredTrace } from "./conversation-index.ts";
import { findConversations, findStoredConversations, type FoundConversation } from "./find-conversations.ts";
import { type ParsedConversation, parseConversation } from "./parse-conversation.ts";
import { storeConversation } from "./store-conversation.ts";
import type { Level } from "./trace-writer.ts";

export interface ImportOptions {
  /** The store. */
  directory: string;
  env: Env;
  home: string;
  level: Level;
  agent?: AgentName | undefined;
  sinceMs?: number | undefined;
}

export interface ImportResult {
  /** Traces that were made or grew. */
  imported: Invocation[];
  /** Conversations of which every record was there already. */
  unchanged: number;
  /** Transcripts that hold no conversation: agents leave such behind. */
  empty: Problem[];
  /** What could not be read or stored. */
  failed: Problem[];
}

export interface Problem {
  path: string;
  reason: string;
}

/**
 * @param paths Files and folders; none: the agents' own folders.
 */
export function importConversations(paths: readonly string[], options: ImportOptions): ImportResult {
  const { found, unknown } =
    paths.length === 0
      ? findStoredConversations(options.env, options.home, options)
      : findConversations(paths, options);
  closeDeadTraces(options.directory, { closedBy: "import", nowMs: Date.now() });
  const index = new ConversationIndex(options.directory);
  const result: ImportResult = { imported: [], unchanged: 0, empty: [], failed: unknown };
  for (const conversation of inOrder(found)) {
    const path = conversation.files[0]?.path ?? "";
    let parsed: ParsedConversation;
    try {
      parsed = parseConversation(conversation);
    } catch (error) {
      result.failed.push({ path, reason: (error as Error).message });
      continue;
    }
    const outcome = storeConversation(conversation, parsed, index, {
      directory: options.directory,
      level: options.level,
      redactor: () => createRedactor({ env: options.env }),
      writer: currentWriter(),
    });
    if (outcome.kind === "unchanged") result.unchanged++;
    else if (outcome.kind === "empty") result.empty.push({ path, reason: outcome.reason });
    else if (outcome.kind === "failed") result.failed.push({ path, reason: outcome.reason });
    else
      for (const stored of outcome.paths)
        result.imported.push(toInvocation(readStoredTrace(stored, true).trace, stored, () => "gone"));
  }
  return result;
}

/**
 * Transcripts before streams, which know less of the same conversation; older conversations before those
 * that may have copied from them.
 */
function inOrder(found: readonly FoundConversation[]): FoundConversation[] {
  const rank = ({ identity, startedAt }: FoundConversation): string =>
    `${identity.kind === "stream" ? 1 : 0}${startedAt}`;
  return found.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
}
