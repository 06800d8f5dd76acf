/**
 * Where turns begin and end. No line marks a turn for certain: the terminal interface writes
 * `turn_duration`, `claude -p` only `cost-state` when it exits, the stream `init` and `result`; a killed one
 * nothing. So a turn ends at the first of these, at the next prompt, or where the lines end.
 */

import type { Part, TurnStart, TurnStatus } from "@spoor/trace";
import type { SourceLine } from "../adapter.ts";
import type { Conversation } from "../conversation.ts";
import { asText } from "../json.ts";
import type { At } from "../thread.ts";
import { asMs, placeOf } from "./lines.ts";

interface Reported {
  status?: TurnStatus;
  durationMs?: number | undefined;
  timeToFirstTokenMs?: number | undefined;
}

export class Turns {
  readonly #conversation: Conversation;
  readonly #keys = new Set<string>();
  /** A slash command: a turn only if the model is asked. */
  #command: { at: At; key: string; text: string } | undefined;
  /** How the latest answer of the turn ended. */
  #outcome: TurnStatus = "unknown";
  /** Turns of the stream that ended, but whose `result` line is still to come. */
  readonly #unreported: string[] = [];

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  begin(line: SourceLine, where: At, origin: TurnStart["origin"], prompt: string | Part[] | undefined): void {
    this.end(undefined);
    this.#outcome = "unknown";
    this.#conversation.startTurn(where, this.#keyOf(line), origin, prompt);
  }

  command(line: SourceLine, where: At, text: string): void {
    this.end(undefined);
    this.#command = { at: where, key: this.#keyOf(line), text };
  }

  /** Comes once a turn; where turns follow one another on their own, all results stand at the end. */
  beginInStream(line: SourceLine, where: At): void {
    const { turnKey } = this.#conversation;
    if (turnKey !== undefined) this.#unreported.push(turnKey);
    this.begin(line, where, this.#unreported.length === 0 ? "user" : "notification", undefined);
  }

  /** The model is asked: without a prompt before it (a slash command, a file's missing start) in a turn all the same. */
  asked(line: SourceLine, where: At): void {
    if (this.#conversation.turnOpen) return;
    const command = this.#command;
    this.#command = undefined;
    this.#outcome = "unknown";
    if (command !== undefined) this.#conversation.startTurn(command.at, command.key, "user", command.text);
    else this.#conversation.startTurn(where, placeOf(line), undefined, undefined);
  }

  answered(stopReason: string | undefined, failed: boolean): void {
    if (failed) this.#outcome = "error";
    else this.#outcome = stopReason === "end_turn" || stopReason === "stop_sequence" ? "success" : "unknown";
  }

  /** A structured answer ends the turn, though the model stopped to use a tool. */
  answeredByTool(): void {
    this.#outcome = "success";
  }

  interrupted(where: At): void {
    this.#command = undefined;
    this.#conversation.endTurn(where, "interrupted");
  }

  /** @param where Where the source says it ended; undefined: at its last line. */
  end(where: At | undefined, { status, ...durations }: Reported = {}): void {
    this.#command = undefined;
    if (!this.#conversation.turnOpen) return;
    const waits = this.#outcome !== "error" && this.#conversation.main.waitsForTools;
    this.#conversation.endTurn(where, status ?? (waits ? "interrupted" : this.#outcome), durations);
  }

  /** The end of a turn in the stream. `is_error` decides: a failed one may be of the subtype `success`. */
  reported(value: Record<string, unknown>, where: At): void {
    const status = value["is_error"] === true ? "error" : "success";
    const durationMs = asMs(value["duration_ms"]);
    const timeToFirstTokenMs = asMs(value["ttft_ms"]);
    const earlier = this.#unreported.shift();
    if (earlier === undefined) this.end(where, { status, durationMs, timeToFirstTokenMs });
    else
      this.#conversation.amendTurn(where, earlier, {
        status,
        duration_ms: durationMs,
        time_to_first_token_ms: timeToFirstTokenMs,
      });
  }

  #keyOf(line: SourceLine): string {
    const promptId = asText(line.value["promptId"]);
    const key = promptId === undefined || this.#keys.has(promptId) ? placeOf(line) : promptId;
    this.#keys.add(key);
    return key;
  }
}
