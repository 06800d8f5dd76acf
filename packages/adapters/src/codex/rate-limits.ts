/** Codex repeats its account's limits with every call; a trace keeps what changed. */

import type { Timestamp } from "@spoor/trace";
import { asNumber, asTime, at, present } from "../json.ts";

/** A change worth a record within one turn, in percent of the limit. */
const NOTABLE_PERCENT = 5;

export class RateLimits {
  #told: { percent: number; turn: number } | undefined;

  /** @returns The fields of a `rate_limit` event, where there is something to say. */
  news(limits: unknown, turn: number): { used_percent: number; resets_at?: Timestamp } | undefined {
    const percent = asNumber(at(limits, "primary", "used_percent"));
    if (percent === undefined) return undefined;
    const told = this.#told;
    const change = told === undefined ? percent : Math.abs(percent - told.percent);
    if (change === 0 || (change < NOTABLE_PERCENT && told?.turn === turn)) return undefined;
    this.#told = { percent, turn };
    const seconds = asNumber(at(limits, "primary", "resets_at"));
    return {
      used_percent: percent,
      ...present({ resets_at: seconds === undefined ? undefined : asTime(seconds * 1_000) }),
    };
  }
}
