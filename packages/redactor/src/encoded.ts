/**
 * Text inside text: base64 runs, percent escapes, colour codes and invisible characters. Each gives a second
 * view of the text, which is scanned like the first; what is found there is mapped back.
 */

/** Shorter runs of base64 hold no secret worth the false alarms. */
const MIN_RUN = 24;
/** Bytes looked at before a run is taken for binary (an image, a signature, a hash). */
const SAMPLE = 48;
/** A run longer than this is a file, whose content is not decoded. */
const MAX_RUN = 256 * 1024;

const BASE64 = new Uint8Array(128);
for (const character of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_") {
  BASE64[character.charCodeAt(0)] = 1;
}

export interface Run {
  readonly start: number;
  readonly end: number;
  readonly decoded: string;
}

/**
 * Base64 runs that decode to text. Looks at every twelfth character only: a run of 24 covers two of them.
 */
export function* textInBase64(text: string): Generator<Run, void, undefined> {
  const length = text.length;
  for (let i = 11; i < length; i += 12) {
    if (!isBase64(text, i) || !isBase64(text, i - 5) || !isBase64(text, i - 9)) continue;
    let start = i;
    while (start > 0 && isBase64(text, start - 1)) start--;
    let end = i + 1;
    while (end < length && isBase64(text, end)) end++;
    i = Math.max(i, end - 1);
    if (end - start < MIN_RUN) continue;
    end = joinLines(text, start, end);
    i = Math.max(i, end - 1);
    if (end - start > MAX_RUN) continue;
    const decoded = decode(text.slice(start, end));
    if (decoded === undefined) continue;
    while (end < length && text.charCodeAt(end) === 61) end++;
    yield { start, end, decoded };
  }
}

function isBase64(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code < 128 && BASE64[code] === 1;
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

function decode(run: string): string | undefined {
  if (!isPrintable(Buffer.from(run.slice(0, SAMPLE), "base64").toString("latin1"))) return undefined;
  const bytes = Buffer.from(run, "base64");
  const decoded = bytes.toString("utf8");
  return isPrintable(decoded) ? decoded : undefined;
}

/** At least 97 of 100 characters are ones that text is made of. */
function isPrintable(text: string): boolean {
  let odd = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (
      (code < 32 && code !== 9 && code !== 10 && code !== 13) ||
      code === 0xfffd ||
      (code >= 127 && code < 160)
    )
      odd++;
  }
  return odd * 100 <= text.length * 3;
}

/** A text with parts left out or replaced, and where each of its characters came from. */
export interface View {
  readonly text: string;
  /** Where the original of each character begins and ends. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

const HIDDEN =
  /\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]{0,256}(?:\x07|\x1b\\)|(?:\\u001[bB]|\\x1[bB]|\\033|\\e)\[[0-9;]*m|[\u200b-\u200d\u2060\ufeff\u00ad]/g;

/** Without colour codes and characters that nobody sees; undefined when there are none. */
export function withoutHidden(text: string): View | undefined {
  return replaced(text, HIDDEN, () => "");
}

const ESCAPED =
  /(?:%[0-9A-Fa-f]{2})+|\\u00[0-9A-Fa-f]{2}|&(?:quot|amp|lt|gt|apos|#\d{2,3}|#x[0-9A-Fa-f]{2});/g;

const ENTITIES: Readonly<Record<string, string>> = { quot: '"', amp: "&", lt: "<", gt: ">", apos: "'" };

/** With percent escapes, `\u00xx` and HTML entities resolved; undefined when there are none. */
export function withoutEscapes(text: string): View | undefined {
  return replaced(text, ESCAPED, (escape) => {
    if (escape.startsWith("\\")) return String.fromCharCode(Number.parseInt(escape.slice(2), 16));
    if (escape.startsWith("&#x")) return String.fromCharCode(Number.parseInt(escape.slice(3), 16));
    if (escape.startsWith("&#")) return String.fromCharCode(Number.parseInt(escape.slice(2), 10));
    if (escape.startsWith("&")) return ENTITIES[escape.slice(1, -1)] ?? escape;
    return Buffer.from(escape.replaceAll("%", ""), "hex").toString("utf8");
  });
}

function replaced(text: string, pattern: RegExp, replacement: (found: string) => string): View | undefined {
  let made = "";
  const starts: number[] = [];
  const ends: number[] = [];
  let from = 0;
  const keep = (to: number): void => {
    made += text.slice(from, to);
    for (let i = from; i < to; i++) {
      starts.push(i);
      ends.push(i + 1);
    }
  };
  for (const match of text.matchAll(pattern)) {
    keep(match.index);
    const put = replacement(match[0]);
    made += put;
    from = match.index + match[0].length;
    for (let i = 0; i < put.length; i++) {
      starts.push(match.index);
      ends.push(from);
    }
  }
  if (from === 0) return undefined;
  keep(text.length);
  return { text: made, starts, ends };
}
