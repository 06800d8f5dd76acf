/** Runs one rule of the token tables where one of its anchors was found. */

import { continueOnNextLine } from "./named-values.ts";
import type { Rule } from "./rules.ts";
import { type Detector, isTokenStart, type Scan, WEIGHT } from "./scan.ts";
import { isHarmless, isWords } from "./shape.ts";

export function tokenDetector(rule: Rule): Detector {
  let sticky: RegExp | undefined;
  return (scan, start) => {
    sticky ??= new RegExp(rule.pattern.source, `${rule.pattern.flags.replace(/[gy]/g, "")}y`);
    const { text } = scan;
    scan.budget.spend(300 + 25 * (rule.reach ?? 0));
    // The anchor may stand inside the token: try each place, the earliest first, that reaches it.
    for (let from = Math.max(0, start - (rule.reach ?? 0)); from <= start; from++) {
      sticky.lastIndex = from;
      if (!isTokenStart(text, from)) continue;
      const match = sticky.exec(text);
      if (match === null) continue;
      const end = sticky.lastIndex;
      if (end <= start) continue;
      const secret = match.groups?.["secret"] ?? match[0];
      // Capitals alone, as in AWS's identifiers, may look like a word by chance; nobody writes a stand-in so.
      if (isHarmless(secret) || (isWords(secret) && /[a-z]/.test(secret))) return;
      const at = from + match[0].indexOf(secret);
      scan.add(at, at + secret.length, rule.name, WEIGHT.token);
      continueOnNextLine(scan, end);
      return;
    }
    noteWrap(scan, start);
  };
}

/** An anchor whose token is too short because its line ends. */
function noteWrap(scan: Scan, start: number): void {
  if (scan.wraps.at(-1) === start || !isTokenStart(scan.text, start)) return;
  scan.budget.spend(400);
  TO_LINE_END.lastIndex = start;
  if (TO_LINE_END.test(scan.text)) scan.wraps.push(start);
}

const TO_LINE_END = /[\w+/=.-]{12,200}\r?\n[\w+/=.-]{8,200}(?:\r?\n|$)/y;
