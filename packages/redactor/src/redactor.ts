/**
 * A redactor belongs to one run: it knows the run's environment, learns what the run reveals to be secret, and
 * numbers the secrets it meets. Everything that is written passes through it.
 */

import { formsOf, isLearnable, MIN_EXACT_LENGTH, secretsOfEnvironment, type Form } from "./exact-values.ts";
import { findSpans } from "./find.ts";
import { FAILED, Placeholders } from "./placeholder.ts";
import { createPrefilter, type Prefilter } from "./prefilter.ts";
import type { Rule } from "./rules.ts";
import { Budget, type Span } from "./scan.ts";
import { type StreamRedactor, TextStream } from "./stream.ts";
import { ValueWalk } from "./walk.ts";

export interface RedactorOptions {
  /** Environment whose secret-looking values are learnt as exact values. @default {} */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Further exact values, of at least eight characters. @default [] */
  readonly values?: readonly string[];
  /** Rules of the project; they add to ours and can take none away. @default [] */
  readonly rules?: readonly Rule[];
}

export interface Redactor {
  /** `text` with each secret replaced; the very same string when there is none. Never throws. */
  redactText(text: string): string;
  /**
   * A copy of a JSON-like value with each secret in strings and object keys replaced; the very same object when
   * there is none. Values under secret names (`password`, `authorization` …) go whatever they look like. Never
   * throws: what cannot be redacted is replaced by `[REDACTED:scanner-error]`. A cycle ends in that, too.
   */
  redactValue<T>(value: T): T;
  /** Masks `value` from now on, in all its encodings. Values shorter than eight characters are not learnt. */
  learn(value: string): void;
  /** Replacements so far, by rule. */
  readonly counts: Readonly<Record<string, number>>;
  /** Strings replaced as a whole because redaction itself failed: a rule threw, or the text was over budget. */
  readonly failures: number;
}

/** Longer strings are replaced as a whole: no field of a transcript is that long, and scanning must end. @unit characters */
const MAX_TEXT = 64 * 1024 * 1024;

/** More exact values than this are ignored, oldest first kept: each costs table space. */
const MAX_VALUES = 2000;

export function createRedactor(options: RedactorOptions = {}): Redactor {
  return new RunRedactor(options);
}

/**
 * A stream over `redactor`, sharing its numbers, counts and learnt values.
 *
 * @throws TypeError if the redactor was not made by `createRedactor`.
 */
export function createStreamRedactor(redactor: Redactor): StreamRedactor {
  if (!(redactor instanceof RunRedactor)) throw new TypeError("expected a redactor made by createRedactor()");
  return new TextStream({
    find: (text) => redactor.find(text),
    redactText: (text) => redactor.redactText(text),
  });
}

/** The forms of all exact values that the options name. */
export function formsOfOptions({ env = {}, values = [] }: RedactorOptions): readonly Form[] {
  return [...new Set([...secretsOfEnvironment(env), ...values.filter(isLongEnough)])].flatMap(formsOf);
}

function isLongEnough(value: string): boolean {
  return value.length >= MIN_EXACT_LENGTH;
}

/** How often a text is searched at most; each round but the first has fewer secrets to find. */
const MAX_ROUNDS = 5;

const NO_SPANS: readonly Span[] = [];

class RunRedactor implements Redactor {
  readonly counts: Record<string, number> = Object.create(null) as Record<string, number>;
  failures = 0;

  readonly #placeholders = new Placeholders();
  readonly #rules: readonly Rule[];
  readonly #options: RedactorOptions;
  readonly #learnt = new Set<string>();
  readonly #walk = new ValueWalk({
    text: (text) => this.redactText(text),
    whole: (text, rule) => this.#mask(text, rule),
    fail: () => {
      this.failures++;
      return FAILED;
    },
  });
  /** Built at the first text, and anew after something was learnt. */
  #prefilter: Prefilter | undefined;

  constructor(options: RedactorOptions) {
    this.#options = options;
    this.#rules = options.rules ?? [];
  }

  redactText(text: string): string {
    if (text.length < 4) return text;
    try {
      if (text.length > MAX_TEXT) throw new RangeError("text over budget");
      return this.#replace(text);
    } catch {
      // Fails closed: why it failed may be in the text, so the reason is only counted.
      this.failures++;
      return FAILED;
    }
  }

  redactValue<T>(value: T): T {
    try {
      return this.#walk.redact(value) as T;
    } catch {
      this.failures++;
      return FAILED as T;
    }
  }

  learn(value: string): void {
    if (this.#learnt.size >= MAX_VALUES || this.#learnt.has(value) || !isLongEnough(value)) return;
    this.#learnt.add(value);
    this.#prefilter = undefined;
    this.#walk.forget();
  }

  /** Where the secrets are; none when the search itself fails, as the text is then replaced as a whole. */
  find(text: string): readonly Span[] {
    try {
      return this.#find(text, new Budget(text.length));
    } catch {
      return []; // `redactText` meets and counts the same failure
    }
  }

  #find(text: string, budget: Budget): readonly Span[] {
    this.#prefilter ??= createPrefilter(this.#rules, [
      ...formsOfOptions(this.#options),
      ...[...this.#learnt].flatMap(formsOf),
    ]);
    const found = findSpans(text, this.#prefilter, budget);
    if (found === undefined) return NO_SPANS;
    // The text is not trusted: it must not blank ordinary words in the rest of the trace.
    for (const mask of found.masks) if (isLearnable(mask)) this.learn(mask);
    return found.spans;
  }

  /**
   * Replaces until nothing more is found: a token that was glued to another comes free when that one goes, and
   * redacting a redacted text must change nothing.
   */
  #replace(text: string): string {
    let made = text;
    const budget = new Budget(text.length);
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const spans = this.#find(made, budget);
      if (spans.length === 0) break;
      made = this.#replaceSpans(made, spans);
    }
    return made;
  }

  #replaceSpans(text: string, spans: readonly Span[]): string {
    let made = "";
    let from = 0;
    for (const { start, end, rule } of spans) {
      made += text.slice(from, start) + this.#mask(text.slice(start, end), rule);
      from = end;
    }
    return made + text.slice(from);
  }

  #mask(secret: string, rule: string): string {
    this.counts[rule] = (this.counts[rule] ?? 0) + 1;
    return this.#placeholders.for(secret, rule);
  }
}
