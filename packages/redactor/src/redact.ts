/** The two questions one may ask of a single text: what is it without its secrets, and where are they. */

import { findSpans } from "./find.ts";
import { createPrefilter } from "./prefilter.ts";
import { Budget } from "./scan.ts";
import { createRedactor, type RedactorOptions, formsOfOptions } from "./redactor.ts";

/** `text` with each secret replaced. Knows no environment; numbers secrets from 1. Never throws. */
export function redact(text: string): string {
  return createRedactor().redactText(text);
}

export interface Finding {
  readonly rule: string;
  /** UTF-16 offsets into the text; `end` is behind the last character. */
  readonly start: number;
  readonly end: number;
}

/**
 * Where the secrets of `text` are, in order and without overlap.
 *
 * @throws RangeError if the text asks for more work than any honest text does: then nothing is known of it.
 */
export function findSecrets(text: string, options: RedactorOptions = {}): Finding[] {
  const found = findSpans(
    text,
    createPrefilter(options.rules ?? [], formsOfOptions(options)),
    new Budget(text.length),
  );
  return (found?.spans ?? []).map(({ rule, start, end }) => ({ rule, start, end }));
}
