/**
 * Redacts text that arrives in pieces: output of a child process, deltas of a model.
 *
 * A secret may lie across any two pieces, so text is held back until a window of it is full, and only the first
 * half of a window is given away, cut where no secret and no name of one is near. The windows depend on the text
 * alone, so the result does not depend on how it was cut into pieces.
 */

import type { Span } from "./scan.ts";

/** Half a window: so many characters at most are given away at once, and twice as many held back. */
const HALF_WINDOW: number = 16 * 1024;

/** A cut keeps this distance from the secret behind it, so that name and value stay together. */
const CONTEXT = 512;

export interface StreamRedactor {
  /** Takes the next piece; returns what is safe by now, often nothing. */
  push(piece: string): string;
  /** The redacted rest. The stream can then be used for another text. */
  end(): string;
}

/** What a stream needs of its redactor. Neither throws. */
export interface SpanRedactor {
  readonly find: (text: string) => readonly Span[];
  readonly redactText: (text: string) => string;
}

export class TextStream implements StreamRedactor {
  readonly #redactor: SpanRedactor;
  #held = "";

  constructor(redactor: SpanRedactor) {
    this.#redactor = redactor;
  }

  push(piece: string): string {
    this.#held += piece;
    let safe = "";
    while (this.#held.length >= 2 * HALF_WINDOW) {
      const window = this.#held.slice(0, 2 * HALF_WINDOW);
      const cut = cutOf(window, this.#redactor.find(window));
      safe += this.#redactor.redactText(window.slice(0, cut));
      this.#held = this.#held.slice(cut);
    }
    return safe;
  }

  end(): string {
    const rest = this.#redactor.redactText(this.#held);
    this.#held = "";
    return rest;
  }
}

/** Where to cut the window: at a line end if there is one, away from secrets, never inside a character. */
function cutOf(window: string, spans: readonly Span[]): number {
  let cut = lineStart(window, HALF_WINDOW);
  for (let i = spans.length - 1; i >= 0; i--) {
    const { start, end } = spans[i]!;
    if (start < cut + CONTEXT && end > cut) cut = lineStart(window, Math.max(0, start - CONTEXT));
  }
  if (cut > 0) return cut;
  // Secrets everywhere: behind the last that ends in the first half, or else behind the one that fills the window.
  const last = spans.findLast(({ end }) => end <= HALF_WINDOW) ?? spans[0];
  return last === undefined || last.end === 0 ? HALF_WINDOW : last.end;
}

/** The last start of a line in the half before `offset`; `offset` itself in a text without lines. */
function lineStart(window: string, offset: number): number {
  const newline = window.lastIndexOf("\n", offset - 1);
  if (newline !== -1 && offset - newline <= HALF_WINDOW / 2) return newline + 1;
  const isLowSurrogate = (window.charCodeAt(offset) & 0xfc00) === 0xdc00;
  return isLowSurrogate ? offset - 1 : offset;
}
