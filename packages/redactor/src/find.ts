/**
 * A text to the spans in it that are secret. The story of the package:
 *
 *     text ─> one pass of the prefilter ─> detectors around its hits ─┐
 *        └──> views of it (decoded, without colour codes), the same ──┴─> spans ─> merged
 */

import { findWords } from "./automaton.ts";
import { textInBase64, type View, withoutEscapes, withoutHidden } from "./encoded.ts";
import type { Prefilter } from "./prefilter.ts";
import { mergeSpans, Scan, type Span, WEIGHT } from "./scan.ts";
import { runSecretlint } from "./secretlint.ts";
import { isHarmless } from "./shape.ts";

/** Text inside text inside text is looked at; deeper nesting is not what programs print. */
const MAX_DEPTH = 2;

export interface Found {
  readonly spans: readonly Span[];
  /** Values that the text asks to mask. */
  readonly masks: readonly string[];
}

export function findSpans(text: string, prefilter: Prefilter): Found {
  const scan = new Scan(text);
  search(scan, prefilter, 0);
  return { spans: mergeSpans(scan.spans), masks: scan.masks };
}

function search(scan: Scan, prefilter: Prefilter, depth: number): void {
  const { text } = scan;
  const { automaton, detectors } = prefilter;
  findWords(text, automaton, (word, end) => {
    const woken = detectors[word]!;
    const start = end - automaton.lengths[word]!;
    for (let i = 0; i < woken.length; i++) woken[i]!(scan, start, end);
  });
  if (scan.secretlintRules.size > 0) addSecretlint(scan);
  if (depth === MAX_DEPTH) return;
  for (const run of textInBase64(text)) {
    if (scan.covers(run.start)) continue;
    const inner = new Scan(run.decoded);
    search(inner, prefilter, depth + 1);
    if (inner.spans.length > 0) scan.add(run.start, run.end, inner.spans[0]!.rule, WEIGHT.token);
  }
  if (depth > 0) return;
  searchView(scan, prefilter, withoutHidden(text));
  searchView(scan, prefilter, withoutEscapes(text));
}

function searchView(scan: Scan, prefilter: Prefilter, view: View | undefined): void {
  if (view === undefined) return;
  const inner = new Scan(view.text);
  search(inner, prefilter, 1);
  for (const { start, end, rule, weight } of inner.spans)
    scan.add(view.starts[start]!, view.ends[end - 1]!, rule, weight);
  scan.masks.push(...inner.masks);
}

function addSecretlint(scan: Scan): void {
  const { text } = scan;
  for (const { rule, value } of runSecretlint(text, scan.secretlintRules)) {
    if (isHarmless(value)) continue;
    for (let at = text.indexOf(value); at !== -1; at = text.indexOf(value, at + value.length)) {
      scan.add(at, at + value.length, `${rule}-secret`, WEIGHT.named);
    }
  }
}
