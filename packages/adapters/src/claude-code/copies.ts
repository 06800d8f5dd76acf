/**
 * Which lines of a session are copies of another's.
 *
 * `--fork-session` begins a new file with the lines of the old one, under the new session's id and with new
 * prompt ids; only the copied answers say whose they were (`requestSessionId`, 2.1.329). So the first lines
 * wait for the first answer. Versions that resumed into a new file left the old session's id in the copies.
 * Copies say nothing new, and summing them counts the old session again.
 */

import type { JsonObject, SourceLine } from "../adapter.ts";
import { asText, at } from "../json.ts";
import { sessionIdOf, sessionOfFile } from "./lines.ts";

export interface Sorted {
  line: SourceLine;
  isCopy: boolean;
}

export class Copies {
  /** Lines that may be copies or not. */
  #held: SourceLine[] = [];
  #areOver = false;
  #source: string | undefined;

  /** The session that lines were copied from. */
  get source(): string | undefined {
    return this.#source;
  }

  /** The lines that can be told now, in order. */
  sort(line: SourceLine): Sorted[] {
    if (this.#areOver || line.kind === "stream") return [{ line, isCopy: false }];
    const own = sessionOfFile(line.sourceName);
    const session = sessionIdOf(line.value);
    this.#held.push(line);
    if (own !== undefined && session !== undefined && session !== own) return this.#areCopiesOf(session);
    const isAnswer =
      line.value["type"] === "assistant" && at(line.value, "message", "model") !== "<synthetic>";
    const asked = isAnswer ? askedBy(line.value) : undefined;
    if (asked !== undefined && asked !== session) return this.#areCopiesOf(asked);
    return isAnswer ? this.#areOwn(true) : [];
  }

  /** What waits is read as the session's own. */
  release(): Sorted[] {
    return this.#areOwn(false);
  }

  #areCopiesOf(source: string): Sorted[] {
    this.#source = source;
    return this.#take().map((line) => ({ line, isCopy: true }));
  }

  #areOwn(allFromHere: boolean): Sorted[] {
    this.#areOver ||= allFromHere;
    return this.#take().map((line) => ({ line, isCopy: false }));
  }

  #take(): SourceLine[] {
    const lines = this.#held;
    this.#held = [];
    return lines;
  }
}

function askedBy(line: JsonObject): string | undefined {
  return asText(line["requestSessionId"]);
}
