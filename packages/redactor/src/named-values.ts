/**
 * The value that a name announces: `DB_PASSWORD=…`, `"api_key": "…"`, `--token …`, `<password>…</password>`,
 * `define('SECRET', '…')`, "the password is …". Names generalise where tables of prefixes cannot: this layer
 * finds the secrets of products that nobody has listed.
 */

import { classifyName, type NameClass } from "./names.ts";
import { PLACEHOLDER, PLACEHOLDER_START } from "./placeholder.ts";
import { type Detector, isWordCode, type Scan, WEIGHT } from "./scan.ts";
import { isCode, isHarmless, isRandom, isWords } from "./shape.ts";

/** Words that wake this layer, in the three ways people write them. */
const STEMS = (
  "secret token passw pwd passphrase passcode credential apikey mnemonic privkey signingkey accesskey authkey " +
  "masterkey encryptionkey kennwort seed_phrase"
).split(" ");

/** Short words would wake too often inside others, so they come with what stands beside them. */
const SHORT_WORDS = (
  '_key|Key|_KEY|-key|-Key|.key|key=|key"|key\'|key:|KEY=|KEY:|_pw|Pw=|Pw"|PW=|_pass|_PASS|-pass|.pass|Pass|pass:|pass=|_pat|_PAT|Pat"|' +
  '_auth|_AUTH|Auth"|_creds|_CREDS|_jwt|_JWT|psk=|psk"|_psk|_PSK|PSK=|_pin|_PIN|.sid|_sid|_SID|_dsn|_DSN|_otp|_OTP|_oauth|' +
  '_OAUTH|Oauth"|_seed|_SEED|_cred|_hmac|_HMAC|authorization|Authorization|AUTHORIZATION|sb-access|_bearer|_BEARER|_tkn|_TKN'
).split("|");

/** Names of two words, as prose has them. */
const PHRASES =
  "api key|secret key|access key|private key|encryption key|signing key|license key|account key|service key|deploy key|auth key|pass phrase"
    .split("|")
    .flatMap((phrase) => [
      phrase,
      phrase.replace(/\b[a-z]/g, (letter) => letter.toUpperCase()),
      phrase.replace("api", "API"),
    ]);

export const NAME_WORDS: readonly string[] = [
  ...new Set([
    ...STEMS.flatMap((stem) => [stem, stem.toUpperCase(), stem[0]!.toUpperCase() + stem.slice(1)]),
    ...SHORT_WORDS,
    ...PHRASES,
  ]),
];

/** Longest name looked at, and longest value; a value beyond this is no credential but a document. */
const MAX_NAME = 80;
const MAX_VALUE = 4096;

const QUOTE = String.raw`(?:\\{0,8}["'${"`"}]|&quot;|&#3[49];|%22|%27|\\u002[27])`;

/** What a quoted value begins with; `||`, `??` and `or` lead to a value only before one. */
const BEFORE_QUOTE = String.raw`(?=[ \t]{0,4}[bfru@$]{0,2}\\{0,8}["'${"`"}])`;

/** `name: type =`, `name =>`, `name":`, `name'] =`, `**name**:`, `name%3D`, `name::`, `name || "…"`. */
const ASSIGNMENT = new RegExp(
  String.raw`${QUOTE}?[\])]{0,2}[*_]{0,2}[ \t]{0,24}(?:[:][ \t]{0,3}[&A-Za-z][\w.<>|?\[\]&' ]{0,40}?(?=[ \t]=[ \t]|=\\{0,4}["']))?[ \t]?(?:=>|:=|\?=|===?|!==?|=|::|:-|:|→|->|%3[DdAa]|\\u003[dD]|\|\|${BEFORE_QUOTE}|\?\?${BEFORE_QUOTE})[*_]{0,2}[ \t]{0,24}`,
  "y",
);
/** A type between name and `=`, as Go and C have it; Python's `or`. */
const TYPED = new RegExp(
  String.raw`[ \t]{1,8}(?:(?:\[\])?(?:string|String|str|char|text|byte|auto)\b[ \t*]{0,4}=[ \t]{0,8}|or${BEFORE_QUOTE}[ \t]{0,4})`,
  "y",
);
/**
 * Name and value as a pair: `name="X" value="…"`, `"name":"X","value":"…"`, `- name: X` over `value: …`,
 * `define('X', '…')`, `<key>X</key><string>…`, `| X | … |`, `variable "x" { default = "…"`, a part of a form.
 */
const PAIR = new RegExp(
  String.raw`${QUOTE}?(?:${[
    String.raw`[ \t]{0,8},?\s{0,40}${QUOTE}?(?:value|Value|VALUE|val|content|default|defaultValue|stringValue)${QUOTE}?[ \t]{0,8}[:=][ \t]{0,8}`,
    String.raw`[ \t]{0,4}\{[^{}]{0,200}?\bdefault[ \t]{0,8}=[ \t]{0,8}`,
    String.raw`[ \t]{0,8},[ \t]{0,8}(?=\\{0,8}["'${"`"}])`,
    String.raw`[ \t]{0,24}\|[ \t]{0,24}`,
    String.raw`</[Kk]ey>\s{0,40}<string>`,
    String.raw`[ \t]{0,4}>(?:<!\[CDATA\[)?`,
    String.raw`(?:;[^\r\n]{0,100})?\r?\n(?:Content-[^\r\n]{0,100}\r?\n)?\r?\n`,
  ].join("|")})`,
  "y",
);
const PROSE =
  /[ \t]{1,3}(?:(?:(?:is|was|has been)[ \t]+)?(?:set|changed|rotated|reset|updated)?[ \t]?to|(?:is|was|are|ist|est|es)(?:[ \t]+now)?|of|equals)[ \t]{0,2}:?[ \t]{1,3}/y;
/** "the password for the staging database: …" */
const FOR =
  /[ \t]{1,3}(?:for|of)(?:[ \t]{1,3}[\w./@'"-]{1,40}){1,4}[ \t]{0,2}(?::|=|[ \t]is[ \t])[ \t]{0,4}/y;
/** YAML's block scalars: the value stands on the next line. */
const BLOCK_SCALAR = /[|>][-+0-9]{0,2}[ \t]*\r?\n[ \t]{1,40}/y;
const SCHEME =
  /(?:Bearer|bearer|Basic|basic|Token|token|ApiKey|apikey|Api-Key|Key|key|SSWS|GenieKey|OAuth|oauth)[ \t]{1,4}/y;
const OPENING = new RegExp(
  String.raw`(?:[bfru@$]{0,2})(\\{0,8}["'${"`"}]|&quot;|&#3[49];|%22|%27|\\u002[27])`,
  "y",
);

/** Calls `detect` for the value behind the name around `start`. */
export const detectNamedValue: Detector = (scan, start, end) => {
  if (end <= scan.namedUpTo) return;
  const { text, budget } = scan;
  budget.spend(900);
  let left = start;
  while (
    left > 0 &&
    start - left < MAX_NAME &&
    (isNameCode(text.charCodeAt(left - 1)) || isInnerDot(text, left - 1))
  )
    left--;
  let right = end;
  // A word of the prefilter that ends in a separator ends the name; others may be the start of a longer one.
  while (!isNameCode(text.charCodeAt(right - 1))) right--;
  if (right === end)
    while (right < text.length && right - end < MAX_NAME && isNameCode(text.charCodeAt(right))) right++;
  while (right > start && !isWordCode(text.charCodeAt(right - 1))) right--;
  scan.namedUpTo = right;
  if (left > 0 && text.charCodeAt(left - 1) === 92 && /[nrtbf]/.test(text[left]!)) left++; // the n of an escaped \n
  const gap = text.indexOf(" ", start);
  const name = gap !== -1 && gap < end ? text.slice(start, end).replace(" ", "_") : text.slice(left, right);
  const kind = classifyName(name) ?? (isQueryKey(text, left, right) ? "key" : undefined);
  if (kind === undefined) return;
  if (text.startsWith(PLACEHOLDER_START, left - PLACEHOLDER_START.length)) return;
  findValue(scan, left, right, kind, name);
};

/** The dot of `spring.datasource.password`. */
function isInnerDot(text: string, at: number): boolean {
  return text.charCodeAt(at) === 46 && at > 0 && isNameCode(text.charCodeAt(at - 1));
}

/** `?key=…` and `&key=…`: a bare `key` means a credential only in a URL. */
function isQueryKey(text: string, left: number, right: number): boolean {
  return (
    right - left === 3 &&
    text.charCodeAt(right) === 61 &&
    left > 0 &&
    (text[left - 1] === "?" || text[left - 1] === "&")
  );
}

function isNameCode(code: number): boolean {
  return isWordCode(code) || code === 95 || code === 45;
}

function findValue(scan: Scan, left: number, right: number, kind: NameClass, name: string): void {
  const { text } = scan;
  let at = right;
  while (isBlank(text.charCodeAt(at)) && at - right < 32) at++;
  const spaced = at > right;
  const next = text.charCodeAt(at);
  const context = { kind, name, left, isJson: next === 34 || next === 92 };
  // In prose a name is mostly followed by a word, and then only a few verbs lead to a value.
  if (!spaced || !(isWordCode(next) || Number.isNaN(next) || next === 44 || next === 46)) {
    const assigned = matchEnd(ASSIGNMENT, text, right) ?? matchEnd(PAIR, text, right);
    if (assigned !== undefined)
      return takeValue(scan, assigned, { ...context, loose: isLooseJoint(text.slice(right, assigned)) });
  }
  // A row of a table, or "the token (…)".
  if (next === 44 || (next === 40 && spaced)) takeValue(scan, at + 1, { ...context, loose: true });
  if (!spaced) return findValueBefore(scan, left);
  const typed = matchEnd(TYPED, text, right);
  if (typed !== undefined) return takeValue(scan, typed, { ...context, loose: false });
  const isFlag = text.charCodeAt(left - 1) === 45 || text.charCodeAt(left) === 45;
  takeValue(scan, matchEnd(FOR, text, right) ?? matchEnd(PROSE, text, right) ?? at, {
    ...context,
    loose: !isFlag,
  });
  findValueBefore(scan, left);
}

/** `::`, a comma and a bar also join what does not belong together: paths, lists, types. */
function isLooseJoint(joint: string): boolean {
  return joint.endsWith("::") || /^[^,|:=]*[,|][^,|:=]*$/.test(joint);
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

interface Context {
  readonly kind: NameClass;
  readonly name: string;
  readonly left: number;
  /** Nothing but space or a verb joins name and value, so the value itself must look random. */
  readonly loose: boolean;
  /** The name stands in quotes, so a number after it must stay one. */
  readonly isJson: boolean;
}

function takeValue(scan: Scan, from: number, context: Context): void {
  const { text } = scan;
  const first = matchEnd(BLOCK_SCALAR, text, from) ?? from;
  const behind = skipPlaceholders(text, matchEnd(SCHEME, text, first) ?? first);
  const at = matchEnd(SCHEME, text, behind) ?? behind;
  // A quote behind a placeholder closes; it opens nothing.
  const isRest = text[behind - 1] === "]" && behind > first;
  const value = isRest ? readBare(text, at, context.left) : readValue(scan, at, context.left);
  if (value === undefined) return;
  scan.budget.spend(500 + 6 * value.text.length);
  if (value.text.includes(PLACEHOLDER_START)) return takeRest(scan, value, context);
  if (!isSecretValue(value, context)) return;
  scan.add(value.start, value.end, ruleFor(context.kind, context.name), WEIGHT.named);
  if (!value.quoted) continueOnNextLine(scan, value.end);
}

/** A value that was redacted in part: what stands beside its placeholders counts by itself. */
function takeRest(scan: Scan, value: Value, context: Context): void {
  let start = value.start;
  for (const text of value.text.split(/(\[REDACTED:[^\]]{0,60}\])/)) {
    const part = { ...value, start, end: start + text.length, text };
    if (!text.startsWith(PLACEHOLDER_START) && isSecretValue(part, context)) {
      scan.add(part.start, part.end, ruleFor(context.kind, context.name), WEIGHT.named);
    }
    start = part.end;
  }
}

interface Value {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly quoted: boolean;
}

function readValue({ text, budget }: Scan, from: number, nameStart: number): Value | undefined {
  OPENING.lastIndex = from;
  const opening = OPENING.exec(text);
  if (opening !== null) {
    const start = OPENING.lastIndex;
    const end = closingQuote(text, start, opening[1]!);
    budget.spend(6 * ((end ?? start + 500) - start));
    if (end !== undefined) return { start, end, text: text.slice(start, end), quoted: true };
    return readBare(text, start, nameStart);
  }
  return readBare(text, from, nameStart);
}

/** Offset of the quote that closes `opening`: the same sign behind no more backslashes, on the same line. */
function closingQuote(text: string, from: number, opening: string): number | undefined {
  const sign = opening.at(-1)!;
  const limit = Math.min(text.length, from + MAX_VALUE);
  if (opening.length > 1 && !opening.startsWith("\\"))
    return positive(text.slice(from, limit).indexOf(opening), from);
  if (opening.startsWith("\\u")) return positive(text.slice(from, limit).indexOf(opening), from);
  for (let i = from; i < limit; i++) {
    const character = text[i]!;
    if (character === "\n" || (character === '"' && sign !== '"' && isJoint(text, i))) return undefined;
    if (character !== sign) continue;
    let slashes = 0;
    while (i - slashes - 1 >= from && text[i - slashes - 1] === "\\") slashes++;
    if (slashes < opening.length) return i - slashes;
  }
  return undefined;
}

/** A double quote beside JSON's punctuation: there a string of JSON ends, and with it whatever stands in it. */
function isJoint(text: string, at: number): boolean {
  return (
    /^"[ \t]*[,:}\]]/.test(text.slice(at, at + 4)) ||
    /[,{[:][ \t]*\\*"$/.test(text.slice(Math.max(0, at - 8), at + 1))
  );
}

function positive(index: number, base: number): number | undefined {
  return index === -1 ? undefined : base + index;
}

/** What ends a value without quotes. In a query string `&` does, elsewhere passwords may hold it. */
const BARE =
  /(?:[^\s"'`<>,;\\&\p{Cc}[]|&(?!quot;|amp;|#|[A-Za-z_][\w.-]*=)|\[(?!REDACTED:)|\\(?![nrtu"'`\\/])){1,4096}/uy;

function readBare(text: string, from: number, nameStart: number): Value | undefined {
  BARE.lastIndex = from;
  const found = BARE.exec(text)?.[0];
  if (found === undefined || found.length > MAX_VALUE) return undefined;
  let value = found;
  const before = nameStart > 0 ? text[nameStart - 1] : "";
  if (before === "?" || before === "&") value = value.replace(/[&#].*$/, "");
  if (before === "(" || before === "[" || before === "{") value = value.replace(/[)\]}]+[.:]?$/, "");
  if (!value.includes("(")) value = value.replace(/[)\]}]+$/, "");
  value = value.replace(/[.:|]+$/, "");
  return value === "" ? undefined : { start: from, end: from + value.length, text: value, quoted: false };
}

/** The cheap questions come first: most of what stands behind a name is a short word. */
function isSecretValue(value: Value, { kind, name, loose, isJson }: Context): boolean {
  const { text, quoted } = value;
  const mustBeRandom = loose || kind !== "password";
  if (text.length < (kind === "key" ? 16 : mustBeRandom ? 8 : 4) || text.startsWith("-----BEGIN"))
    return false;
  if (/\s/.test(text)) return isPhrase(text, name);
  if (mustBeRandom && !isRandom(text) && !(loose && kind === "password" && isMixed(text))) return false;
  if (!quoted && (/^[*)\]}>|]/.test(text) || (isJson && /^[-\d.eE+]+$/.test(text)))) return false;
  if (isHarmless(text) || /^[a-z][a-z0-9+.-]*:\/\//i.test(text) || isPath(text)) return false;
  if (isCode(text) && !(quoted && isRandom(text))) return false;
  if (mustBeRandom) return true;
  if (/^\d+$/.test(text)) return text.length >= 6 && name.length > 4; // `pass: 1200` counts tests
  if (!isWords(text)) return text.length >= (quoted ? 4 : 6) && /[A-Za-z0-9]{2}/.test(text);
  // Words with a number behind them are what people choose; in code they are variables.
  return /\d$/.test(text) && text.length >= 7 && (quoted || name === name.toUpperCase());
}

/** Letters in both cases and a sign inside, as generators of passwords make them and prose does not. */
function isMixed(text: string): boolean {
  return /[a-z]/.test(text) && /[A-Z].*[A-Z]/.test(text) && /[^\w\s.,:;'"()/-]/.test(text);
}

/** Twelve or more plain words: the words of a wallet (BIP 39). */
function isPhrase(text: string, name: string): boolean {
  return /mnemonic|phrase|seed/i.test(name) && /^[a-z]{3,8}(?:\s+[a-z]{3,8}){11,23}$/.test(text);
}

function isPath(text: string): boolean {
  const first = /^(?:~|\.{1,2}|[A-Za-z]:)?[/\\]+([\w.@-]{2,})[/\\]/.exec(text)?.[1];
  return first !== undefined && isWords(first);
}

function ruleFor(kind: NameClass, name: string): string {
  if (kind === "password") return "password";
  if (/phrase|mnemonic/i.test(name)) return "seed-phrase";
  if (/token|jwt|bearer|pat$/i.test(name)) return "token";
  return /key$/i.test(name) ? "api-key" : "secret";
}

/** Terminals and mailers wrap: a value that ends its line may go on alone on the next. */
export function continueOnNextLine(scan: Scan, end: number): void {
  const { text } = scan;
  const rest = /\r?\n([A-Za-z0-9_\-+/=.]{8,200})(?=\r?\n|$)/y;
  rest.lastIndex = end;
  const line = rest.exec(text)?.[1];
  if (line === undefined || /^[A-Za-z_]+=/.test(line) || isHarmless(line) || isPath(line) || !isRandom(line))
    return;
  scan.add(rest.lastIndex - line.length, rest.lastIndex, "token", WEIGHT.named);
}

/** "use … as the deploy token", "… is my API key". */
function findValueBefore(scan: Scan, left: number): void {
  const { text } = scan;
  const near = text.slice(Math.max(0, left - 48), left);
  const joint = near.search(/ (?:as|for|is) (?:(?:the|a|an|my|our|your|this) )?[\w -]{0,32}$/);
  if (joint === -1) return;
  let end = left - near.length + joint;
  if (/["'`]/.test(text[end - 1] ?? "")) end--;
  let start = end;
  while (start > 0 && end - start < 300 && /[^\s"'`]/.test(text[start - 1]!)) start--;
  const value = text.slice(start, end);
  scan.budget.spend(1000);
  if (value.length < 12 || isHarmless(value) || isCode(value) || isPath(value) || !isRandom(value)) return;
  scan.add(start, end, "token", WEIGHT.named);
}

function skipPlaceholders(text: string, from: number): number {
  let at = from;
  while (text.startsWith(PLACEHOLDER_START, at))
    at = matchEnd(PLACEHOLDER, text, at) ?? at + PLACEHOLDER_START.length;
  return at;
}

function matchEnd(sticky: RegExp, text: string, from: number): number | undefined {
  sticky.lastIndex = from;
  return sticky.test(text) ? sticky.lastIndex : undefined;
}
