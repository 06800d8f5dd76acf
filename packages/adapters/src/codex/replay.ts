/**
 * Which lines of a forked thread are copies of its parent's.
 *
 * A fork (also a sub-agent that inherits its parent's context) used to begin with the parent's lines,
 * rewritten in one burst under new timestamps, before the first turn of its own. They say nothing new, and
 * summing them counts the parent again. From 0.169 on ("paginated" history) nothing is copied.
 */

import type { Timestamp } from "@spoor/trace";
import type { JsonObject } from "../adapter.ts";
import { asText } from "../json.ts";

/** Where no id tells: a burst is over when nothing came for so long. 1 000 lines were seen within 14 ms. */
const BURST_GAP_MS = 500;

export class Replay {
  readonly #threadId: string;
  #lastTime: Timestamp;

  constructor(threadId: string, time: Timestamp) {
    this.#threadId = threadId;
    this.#lastTime = time;
  }

  /** Whether this line, and so all after it, is the thread's own. */
  isOver(type: unknown, payload: JsonObject, time: Timestamp): boolean {
    const gapMs = Date.parse(time) - Date.parse(this.#lastTime);
    this.#lastTime = time;
    const begins = payload["type"] === "task_started" || type === "turn_context";
    const turnId = begins ? payload["turn_id"] : undefined;
    return isUuidV7(turnId) && isUuidV7(this.#threadId)
      ? !isReplayedTurn(turnId, this.#threadId)
      : gapMs > BURST_GAP_MS;
  }
}

/** Turn and thread ids are UUIDv7, whose first 48 bits are their time: a turn older than its thread is a copy. */
export function isReplayedTurn(turnId: unknown, threadId: string): boolean {
  return isUuidV7(turnId) && isUuidV7(threadId) && turnId.slice(0, 13) < threadId.slice(0, 13);
}

function isUuidV7(value: unknown): value is string {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/.test(asText(value) ?? "");
}
