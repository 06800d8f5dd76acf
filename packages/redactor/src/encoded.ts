/**
 * Text inside text: base64 runs, percent escapes, colour codes and invisible characters. Each gives a second
 * view of a part of the text, which is scanned like the first; what is found there is mapped back.
 */

/** Shorter runs of base64 hold no secret worth the false alarms. */
export const MIN_RUN = 32;
/** A run longer than this is a file, whose content is not decoded. */
const MAX_RUN = 256 * 1024;

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Value of each base64 character, also of the URL-safe two; -1 for all others. */
const SEXTET = new Int8Array(128).fill(-1);
for (let i = 0; i < 64; i++) SEXTET[ALPHABET.charCodeAt(i)] = i;
SEXTET["-".charCodeAt(0)] = 62;
SEXTET["_".charCodeAt(0)] = 63;

export interface Run {
  readonly start: number;
  readonly end: number;
  readonly decoded: string;
}

/**
 * The next base64 run from `from` on that decodes to text.
 *
 * Looks backwards from where a run of `MIN_RUN` would end at the earliest, and starts anew behind the character
 * that breaks it (as Boyer and Moore do for words), so that in prose four of five characters are never looked at.
 */
export function nextTextInBase64(text: string, from: number): Run | undefined {
  const length = text.length;
  let start = from; // the earliest place where a run may begin
  while (start + MIN_RUN <= length) {
    let at = start + MIN_RUN - 1;
    while (at >= start && sextet(text, at) >= 0) at--;
    if (at >= start) {
      start = at + 1;
      continue;
    }
    let end = start + MIN_RUN;
    while (end < length && sextet(text, end) >= 0) end++;
    if (beginsPrintable(text, start)) {
      end = joinLines(text, start, end);
      const run = decode(text, start, end);
      if (run !== undefined) return run;
    }
    start = end + 1;
  }
  return undefined;
}

function decode(text: string, start: number, endOfRun: number): Run | undefined {
  let end = endOfRun;
  if (end - start > MAX_RUN) return undefined;
  const decoded = Buffer.from(text.slice(start, end), "base64").toString("utf8");
  if (!isPrintable(decoded)) return undefined;
  while (end < text.length && text.charCodeAt(end) === 61) end++;
  return { start, end, decoded };
}

function sextet(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 128 ? SEXTET[code]! : -1;
}

/** The first six bytes are printable ASCII, as they are in a name or a token but seldom in a hash or an image. */
function beginsPrintable(text: string, start: number): boolean {
  for (let i = start; i < start + 8; i += 4) {
    const [a, b, c, d] = [sextet(text, i), sextet(text, i + 1), sextet(text, i + 2), sextet(text, i + 3)];
    if (!isText((a << 2) | (b >> 4)) || !isText(((b & 15) << 4) | (c >> 2)) || !isText(((c & 3) << 6) | d))
      return false;
  }
  return true;
}

function isText(code: number): boolean {
  return (code >= 32 && code < 127) || code === 9 || code === 10 || code === 13;
}

/** Encoders break lines at 64 or 76 characters. */
function joinLines(text: string, start: number, end: number): number {
  const width = end - start;
  if (width !== 64 && width !== 76) return end;
  const lines = new RegExp(
    String.raw`(?:(?:\r?\n|\\n)[ \t]{0,16}[A-Za-z0-9+/_-]{${width}})*(?:\r?\n|\\n)[ \t]{0,16}[A-Za-z0-9+/_-]{4,${width}}(?![A-Za-z0-9+/_-])`,
    "y",
  );
  lines.lastIndex = end;
  return lines.test(text) ? lines.lastIndex : end;
}

/** At least 97 of 100 characters are ones that text is made of. */
function isPrintable(text: string): boolean {
  let odd = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (!isText(code) && (code < 160 || code === 0xfffd)) odd++;
  }
  return odd * 100 <= text.length * 3;
}

/** Part of a text with escapes resolved and hidden characters left out, and where each character came from. */
export interface View {
  readonly text: string;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** Words of the prefilter that show an escape; zero-width characters are told by their code. */
export const ESCAPE_WORDS: readonly string[] =
  "\x1b[ \x1b] \\u001 \\x1 \\033[ \\e[ %22 %27 %26 %3 %40 %7 \\u00 &quot; &apos; &lt; &gt; &#".split(" ");

/** U+200B to U+200D, U+2060, U+FEFF and the soft hyphen. */
export function isHidden(code: number): boolean {
  return code === 0xad || (code >= 0x200b && code <= 0x200d) || code === 0x2060 || code === 0xfeff;
}

/** A name and its separator before an escape, a value and what ends it after one. */
const BEFORE = 512;
const AFTER = 1024;

const ESCAPE = new RegExp(
  [
    String.raw`\x1b\[[0-9;?]*[ -/]*[@-~]`, // ECMA-48 control sequence
    String.raw`\x1b\][^\x07\x1b]{0,256}(?:\x07|\x1b\\)`, // operating system command: titles, links
    String.raw`(?:\\u001[bB]|\\x1[bB]|\\033|\\e)\[[0-9;]*m`, // the same, written out
    String.raw`[\u200b-\u200d\u2060\ufeff\u00ad]`,
    String.raw`(?:%[0-9A-Fa-f]{2})+`,
    String.raw`\\u00[0-9A-Fa-f]{2}`,
    String.raw`&(?:quot|amp|lt|gt|apos|#\d{2,3}|#x[0-9A-Fa-f]{2});`,
  ].join("|"),
  "g",
);

const ENTITIES: Readonly<Record<string, string>> = { quot: '"', amp: "&", lt: "<", gt: ">", apos: "'" };

/** A line end between two long runs of token characters, as terminals and mailers put there. */
const WRAP = /(?<=[\w+/=.-]{12})\r?\n(?=[\w+/=.-]{8,200}(?:\r?\n|$))/g;

/** Views of the surroundings of the escapes at `offsets` (ascending), with the escapes resolved. */
export function viewsOfEscapes(text: string, offsets: readonly number[]): Generator<View, void, undefined> {
  return viewsAround(text, offsets, ESCAPE, resolved);
}

/** Views of the surroundings of `offsets` (ascending), with wrapped lines joined. */
export function viewsOfWraps(text: string, offsets: readonly number[]): Generator<View, void, undefined> {
  return viewsAround(text, offsets, WRAP, () => "");
}

function* viewsAround(
  text: string,
  offsets: readonly number[],
  pattern: RegExp,
  replacement: (found: string) => string,
): Generator<View, void, undefined> {
  for (let i = 0; i < offsets.length;) {
    const from = Math.max(0, offsets[i]! - BEFORE);
    let to = offsets[i]! + AFTER;
    while (++i < offsets.length && offsets[i]! - BEFORE <= to) to = offsets[i]! + AFTER;
    const view = viewOf(text, from, Math.min(to, text.length), pattern, replacement);
    if (view !== undefined) yield view;
  }
}

function viewOf(
  text: string,
  from: number,
  to: number,
  pattern: RegExp,
  replacement: (found: string) => string,
): View | undefined {
  const part = text.slice(from, to);
  let made = "";
  const starts: number[] = [];
  const ends: number[] = [];
  let kept = 0;
  const keep = (until: number): void => {
    made += part.slice(kept, until);
    for (let i = from + kept; i < from + until; i++) {
      starts.push(i);
      ends.push(i + 1);
    }
  };
  for (const match of part.matchAll(pattern)) {
    keep(match.index);
    kept = match.index + match[0].length;
    const put = replacement(match[0]);
    made += put;
    for (let i = 0; i < put.length; i++) {
      starts.push(from + match.index);
      ends.push(from + kept);
    }
  }
  if (kept === 0) return undefined;
  keep(part.length);
  return { text: made, starts, ends };
}

function resolved(escape: string): string {
  if (escape.startsWith("%")) return Buffer.from(escape.replaceAll("%", ""), "hex").toString("utf8");
  if (escape.startsWith("\\u00") && escape.length === 6)
    return String.fromCharCode(Number.parseInt(escape.slice(2), 16));
  if (escape.startsWith("&#x")) return String.fromCharCode(Number.parseInt(escape.slice(3), 16));
  if (escape.startsWith("&#")) return String.fromCharCode(Number.parseInt(escape.slice(2), 10));
  if (escape.startsWith("&")) return ENTITIES[escape.slice(1, -1)] ?? escape;
  return "";
}
