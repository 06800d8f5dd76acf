/**
 * The turns of a rollout. A turn's first line does not have its prompt, which comes some lines later, so its
 * record waits for that, at the latest for the first thing that happens in it.
 */

import type { TurnStatus } from "@spoor/trace";
import type { JsonObject } from "../adapter.ts";
import type { Conversation } from "../conversation.ts";
import { asNumber } from "../json.ts";
import type { At } from "../thread.ts";
import type { Here } from "./here.ts";

interface Turn {
  /** Absent in old files. */
  id: string | undefined;
  /** Its id, unless an earlier turn had it. */
  key: string;
  start: Here;
  number: number;
  /** Whether its record is written. */
  begun: boolean;
}

export class RolloutTurns {
  readonly #conversation: Conversation;
  readonly #keys = new Set<string>();
  /** The call that each turn began after: what going back to before it leaves. */
  readonly #callsBefore: (string | undefined)[] = [];
  #turn: Turn | undefined;
  #count = 0;
  #words: string | undefined;
  /** Whether the file names its turns at all: versions of 2025 do not. */
  named = false;
  /** The thread was spawned by another, which also gives it its prompts. */
  byAgent = false;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  get count(): number {
    return this.#count;
  }

  get isOpen(): boolean {
    return this.#turn !== undefined;
  }

  /** Whether its prompt is known: what the user says now is added to a turn that runs. */
  get hasBegun(): boolean {
    return this.#turn?.begun === true;
  }

  /** Whether a line that names a turn may speak of the open one. */
  isAbout(id: string | undefined): boolean {
    const turn = this.#turn;
    return turn !== undefined && (turn.id === undefined || id === undefined || turn.id === id);
  }

  open(id: string | undefined, start: Here): void {
    const key = id === undefined || this.#keys.has(id) ? start.key : id;
    this.#keys.add(key);
    this.#count++;
    this.#turn = { id, key, start, number: this.#count, begun: false };
  }

  /** The user's latest words: the prompt of a turn, should no other line give it one. */
  say(words: string): void {
    this.#words = words;
  }

  /** @param here Where a file that names no turns, and shows no prompt, begins one all the same. */
  begin(here?: Here): void {
    if (this.#turn === undefined && !this.named && here !== undefined) this.open(undefined, here);
    const turn = this.#turn;
    if (turn === undefined || turn.begun) return;
    turn.begun = true;
    this.#callsBefore[turn.number - 1] = this.#conversation.main.lastCall;
    const origin = this.byAgent ? "agent" : "user";
    this.#conversation.startTurn(turn.start.at, turn.key, origin, this.#words, turn.number);
    this.#words = undefined;
  }

  /** @param reported The line that ends it, with Codex's own figures. */
  end(where: At | undefined, status: TurnStatus, reported: JsonObject): void {
    this.#conversation.endTurn(where, status, {
      durationMs: roundOf(reported["duration_ms"]),
      timeToFirstTokenMs: roundOf(reported["time_to_first_token_ms"]),
    });
    this.#turn = undefined;
    this.#words = undefined;
  }

  /** @returns The call that the conversation goes on from once the latest turns are taken back. */
  takeBack(turns: number): string | undefined {
    const kept = Math.max(0, this.#callsBefore.length - turns);
    const call = this.#callsBefore[kept];
    this.#callsBefore.length = kept;
    return call;
  }

  /** A turn cut in two begins again, under its number. */
  resume(): void {
    this.#words = undefined;
    if (this.#turn !== undefined) this.#turn.begun = false;
    this.#callsBefore.fill(undefined);
  }
}

function roundOf(value: unknown): number | undefined {
  const number = asNumber(value);
  return number === undefined ? undefined : Math.max(0, Math.round(number));
}
