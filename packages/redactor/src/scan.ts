/**
 * The vocabulary of a scan: detectors wake at a word of the prefilter, look around it in the text, and report
 * the spans that are secret.
 */

/** Part of a text, from `start` up to but not including `end`, in UTF-16 units. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly rule: string;
  /** Of overlapping spans the one that knows most names the placeholder. */
  readonly weight: number;
}

export const WEIGHT = { named: 1, context: 2, token: 3, block: 4, exact: 5 } as const;

/**
 * How much work a text may cause, in nanoseconds as measured once (not by the clock, so that the same text always
 * gives the same result). Ordinary text is charged with less than 3 per character, a page of nothing but secrets with some 70.
 */
export class Budget {
  #left: number;

  constructor(length: number) {
    this.#left = 2_000_000 + 120 * length;
  }

  /** @throws RangeError when the text asks for more than any honest text does. */
  spend(nanoseconds: number): void {
    this.#left -= nanoseconds;
    if (this.#left < 0) throw new RangeError("text over budget");
  }
}

/** What one text has shown so far. */
export class Scan {
  readonly text: string;
  readonly budget: Budget;
  readonly spans: Span[] = [];
  /** Up to here names have been looked at: one name holds several words of the prefilter. */
  namedUpTo = 0;
  /** secretlint's rules that some hit asks for. */
  readonly secretlintRules: Set<string> = new Set();
  /** Where escapes begin whose surroundings are to be looked at once more, resolved; ascending. */
  readonly escapes: number[] = [];
  /** Where line ends may have been put into a token. */
  readonly wraps: number[] = [];
  /** Values to learn for the rest of the run (`::add-mask::`). */
  readonly masks: string[] = [];

  constructor(text: string, budget: Budget) {
    this.text = text;
    this.budget = budget;
  }

  add(start: number, end: number, rule: string, weight: number): void {
    if (end > start) this.spans.push({ start, end, rule, weight });
  }
}

/** @param start of the word found; @param end behind it. */
export type Detector = (scan: Scan, start: number, end: number) => void;

/** Sorts spans and joins those that overlap; the heaviest (then the longest) gives the rule. */
export function mergeSpans(spans: readonly Span[]): readonly Span[] {
  if (spans.length < 2) return spans;
  const sorted = [...spans].sort((a, b) => a.start - b.start || b.end - a.end);
  const merged: Span[] = [];
  for (const span of sorted) {
    const last = merged.at(-1);
    if (last === undefined || span.start >= last.end) {
      merged.push(span);
      continue;
    }
    const heavier =
      span.weight > last.weight ||
      (span.weight === last.weight && span.end - span.start > last.end - last.start);
    const named = heavier ? span : last;
    merged[merged.length - 1] = {
      start: last.start,
      end: Math.max(last.end, span.end),
      rule: named.rule,
      weight: named.weight,
    };
  }
  return merged;
}

/** Letters and digits. */
export function isWordCode(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57);
}

/**
 * True where a token may begin: after anything but a letter or digit, or after an escape that ends in one
 * (`\n`, `%22`, `\u0022`, the `m` of a colour code written out or as bytes).
 */
export function isTokenStart(text: string, start: number): boolean {
  if (start === 0) return true;
  const last = text.charCodeAt(start - 1);
  if (last === 92) return !"nrtbfv0xu".includes(text[start]!); // else it is the letter of an escape
  if (!isWordCode(last)) return true;
  if (text[start - 2] === "\\") return "nrtbfv0".includes(text[start - 1]!);
  if (text[start - 3] === "%") return isHex(text.slice(start - 2, start));
  if (text[start - 4] === "\\" && text[start - 3] === "x") return isHex(text.slice(start - 2, start));
  if (text[start - 6] === "\\" && text[start - 5] === "u") return isHex(text.slice(start - 4, start));
  return last === 109 && /\[[0-9;]*m$/.test(text.slice(Math.max(0, start - 12), start));
}

function isHex(text: string): boolean {
  return /^[0-9A-Fa-f]+$/.test(text);
}
