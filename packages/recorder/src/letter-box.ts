/**
 * Where other processes leave what a run's recorder is to write: a trace has one writer.
 *
 * A box is a folder of the store named by the run, a letter a file in it with one event, already redacted.
 */

import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { DecisionEvent, ScoreEvent } from "@spoor/adapters";
import type { InvocationId } from "@spoor/trace";
import { randomName } from "./random.ts";

export type Letter = DecisionEvent | ScoreEvent;

export interface Letters {
  events: Letter[];
  /** How many could not be read. */
  malformed: number;
}

/**
 * Whole or not at all: the recorder may look at any moment.
 *
 * @throws The `node:fs` error where it cannot be left.
 */
export function leaveLetter(directory: string, invocationId: InvocationId, event: Letter): void {
  const box = boxOf(directory, invocationId);
  mkdirSync(box, { recursive: true, mode: 0o700 });
  const name = join(box, `${Date.now()}-${randomName()}`);
  writeFileSync(`${name}.part`, JSON.stringify(event), { mode: 0o600, flag: "wx" });
  renameSync(`${name}.part`, `${name}.json`);
}

/** Takes what was left since the last time, oldest first. Never throws. */
export function takeLetters(directory: string, invocationId: InvocationId): Letters {
  const taken: Letters = { events: [], malformed: 0 };
  const box = boxOf(directory, invocationId);
  for (const name of lettersIn(box)) {
    const path = join(box, name);
    try {
      const event = JSON.parse(readFileSync(path, "utf8")) as Letter;
      unlinkSync(path);
      if (event.type === "decision" || event.type === "score") taken.events.push(event);
      else taken.malformed++;
    } catch {
      taken.malformed++;
    }
  }
  return taken;
}

/** Nothing more is taken: the box goes when it is empty. */
export function removeLetterBox(directory: string, invocationId: InvocationId): void {
  try {
    rmdirSync(boxOf(directory, invocationId));
  } catch {
    // There was none, or a last letter came in between: whoever declares after the end appends himself.
  }
}

function boxOf(directory: string, invocationId: InvocationId): string {
  return join(directory, "declared", invocationId);
}

function lettersIn(box: string): string[] {
  try {
    return readdirSync(box)
      .filter((name) => name.endsWith(".json"))
      .sort();
  } catch {
    // No box: nobody has declared anything.
    return [];
  }
}
