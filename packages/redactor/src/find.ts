/**
 * A text to the spans in it that are secret. The story of the package:
 *
 *     text ─> one pass of the prefilter ─> detectors around its hits ─┐
 *        └──> base64 runs and escapes in it, resolved: the same ──────┴─> spans ─> merged
 */

import { HIT } from "./automaton.ts";
import { isHidden, MIN_RUN, nextTextInBase64, type View, viewsOfEscapes, viewsOfWraps } from "./encoded.ts";
import type { Prefilter } from "./prefilter.ts";
import { type Budget, mergeSpans, Scan, type Span, WEIGHT } from "./scan.ts";
import { runSecretlint } from "./secretlint.ts";
import { isHarmless } from "./shape.ts";

/** Text inside text inside text is looked at; deeper nesting is not what programs print. */
const MAX_DEPTH = 2;

export interface Found {
  /** In order, without overlap. */
  readonly spans: readonly Span[];
  /** Values that the text asks to mask. */
  readonly masks: readonly string[];
}

/** The secrets of `text`; undefined when nothing in it was even suspicious. */
export function findSpans(text: string, prefilter: Prefilter, budget: Budget): Found | undefined {
  const scan = search(text, prefilter, 0, budget);
  if (scan === undefined) return undefined;
  return { spans: mergeSpans(scan.spans), masks: scan.masks };
}

function search(text: string, prefilter: Prefilter, depth: number, budget: Budget): Scan | undefined {
  let scan = wake(text, prefilter, budget);
  if (depth < MAX_DEPTH && text.length >= MIN_RUN) scan = searchBase64(text, prefilter, depth, budget, scan);
  if (scan === undefined) return undefined;
  if (scan.secretlintRules.size > 0) addSecretlint(scan);
  if (depth > 0) return scan;
  if (scan.escapes.length > 0) searchViews(scan, prefilter, viewsOfEscapes(text, scan.escapes));
  if (scan.wraps.length > 0) searchViews(scan, prefilter, viewsOfWraps(text, scan.wraps));
  return scan;
}

/**
 * What clean text pays for: one load and one comparison per character, and nothing allocated before the first hit.
 * The loop stands alone, since a variable that a closure captures would cost it half of its speed.
 */
function wake(text: string, { automaton, detectors }: Prefilter, budget: Budget): Scan | undefined {
  const { next, classes, ends, lengths } = automaton;
  const length = text.length;
  let scan: Scan | undefined;
  let state = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code < 128) {
      state = next[(state << 7) | classes[code]!]!;
      if (state >= HIT) {
        state -= HIT;
        scan ??= new Scan(text, budget);
        runDetectors(scan, ends[state]!, detectors, lengths, i + 1);
      }
    } else {
      state = 0;
      if (isHidden(code)) (scan ??= new Scan(text, budget)).escapes.push(i);
    }
  }
  return scan;
}

function runDetectors(
  scan: Scan,
  words: readonly number[],
  detectors: Prefilter["detectors"],
  lengths: readonly number[],
  end: number,
): void {
  for (const word of words) {
    const start = end - lengths[word]!;
    for (const detect of detectors[word]!) detect(scan, start, end);
  }
}

function searchBase64(
  text: string,
  prefilter: Prefilter,
  depth: number,
  budget: Budget,
  outer: Scan | undefined,
): Scan | undefined {
  let scan = outer;
  for (let at = 0; ;) {
    const run = nextTextInBase64(text, at);
    if (run === undefined) return scan;
    at = run.end;
    budget.spend(4 * (run.end - run.start));
    const inner = search(run.decoded, prefilter, depth + 1, budget);
    if (inner === undefined || inner.spans.length === 0) continue;
    (scan ??= new Scan(text, budget)).add(run.start, run.end, inner.spans[0]!.rule, WEIGHT.token);
  }
}

function searchViews(scan: Scan, prefilter: Prefilter, views: Iterable<View>): void {
  for (const view of views) {
    scan.budget.spend(20 * view.text.length);
    const inner = search(view.text, prefilter, 1, scan.budget);
    if (inner === undefined) continue;
    for (const { start, end, rule, weight } of inner.spans) {
      scan.add(view.starts[start]!, view.ends[end - 1]!, rule, weight);
    }
    scan.masks.push(...inner.masks);
  }
}

function addSecretlint(scan: Scan): void {
  const { text, budget } = scan;
  budget.spend(scan.secretlintRules.size * (2000 + text.length));
  for (const { rule, value } of runSecretlint(text, scan.secretlintRules)) {
    if (isHarmless(value)) continue;
    for (let at = text.indexOf(value); at !== -1; at = text.indexOf(value, at + value.length)) {
      budget.spend(100);
      scan.add(at, at + value.length, `${rule}-secret`, WEIGHT.named);
    }
  }
}
