/**
 * What a value looks like by itself: random, as keys are; or harmless, as placeholders, variables, code and
 * plain words are. A name or a prefix must have led to the value; nothing is redacted for its shape alone.
 */

import { PLACEHOLDER_START } from "./placeholder.ts";

/** Words that people write where a secret will stand. Compared with whole parts of a value, lower case. */
const STAND_INS: ReadonlySet<string> = new Set(
  (
    "your my the a an some any insert enter put replace change changeme changeit add here example examples sample " +
    "dummy fake mock placeholder redacted removed hidden masked filtered omitted todo tbd fixme none null nil " +
    "undefined true false yes no on off empty unset unknown default value string text foo bar baz qux lorem ipsum " +
    "password passwd pass pwd passphrase secret secrets token tokens key keys apikey api access auth credential " +
    "credentials user username admin root guest demo test tests testing invalid expired missing required optional " +
    "please me with this that is in not of from to go goes env var name id new old bearer basic private public client " +
    "server app service account personal long random generated strong very super xxx xxxx abc hash"
  ).split(" "),
);

const VARIABLE =
  /^(?:\$[A-Za-z_][A-Za-z0-9_.:\-[\]>()]*|\$\{[^}]{0,200}\}?.*|\$\(.*|\$\{\{.*|\{\{.*|\{[A-Za-z_][\w.]*\}|%[A-Za-z_]\w*%|%\(\w+\)s|%[sdv]|#\{.*|<[^<>]{0,80}>?|\{\w*\}|@[A-Za-z_]\w*|:[a-z_]\w*|\?)$/;

/** `process.env.TOKEN`, `this.auth`, `var.db_password`, `os.environ["X"]`, `getToken()`, `a?.b`, `Foo::Bar`. */
const CODE_PATH =
  /^[!&*(]*[A-Za-z_$][A-Za-z_$0-9]*(?:(?:\?\.|\.|::|->|!\.)[A-Za-z_$][A-Za-z_$0-9]*)+[!?]?(?:[([{].*)?$/;
const CALL_OR_INDEX = /^[!&*(]*[A-Za-z_$][\w$.:?!]*(?:\(|\[["'\w]|\{|<[A-Z])/;

const REPEATED = /(?:[xX]{4,}|[*•●…]{3,}|\.{3,}|(.)\1{7,}|(?:x-){3,}|_{4,}|-{6,})/;
const SEQUENCE =
  /0123456789|1234567890|12345678|abcdefgh|ABCDEFGH|qwerty|QWERTY|deadbeefdeadbeef|cafebabecafebabe|(?:0123|1234)-?(?:4567|5678)/;

/** Written by people to show where a secret goes, or by code to fetch one. */
export function isHarmless(value: string): boolean {
  if (value.length === 0 || value.startsWith(PLACEHOLDER_START)) return true;
  const first = value.charCodeAt(0);
  // $ # % < { : ? @ start variables and templates in some language
  if (first < 65 && VARIABLE.test(value)) return true;
  if (first > 90 && (first === 123 || first === 91) && VARIABLE.test(value)) return true;
  if (value.includes("${{") || value.includes("{{")) return true;
  return isStandIn(value);
}

function isStandIn(value: string): boolean {
  if (value.includes("EXAMPLE")) return true;
  if (value.length > 200) return false;
  if (value.length < 80 && REPEATED.test(value)) return true; // longer tokens may hold a run by chance or by design
  if (SEQUENCE.test(value) && value.length < 64) return true;
  if (value.startsWith("<") || value.endsWith("...") || value.endsWith("…")) return true;
  const parts = value.split(/[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)/);
  let known = 0;
  let other = 0;
  for (const part of parts) {
    if (part === "" || /^\d{1,4}$/.test(part)) continue;
    const lower = part.toLowerCase();
    if (STAND_INS.has(lower)) known += part.length;
    else if (/^(?:your|example|changeme|placeholder|redacted|dummy|replace|insert)/.test(lower)) return true;
    else other += part.length;
  }
  return other === 0 || (known > other && known >= 8);
}

/** Parts of a regular expression: a class of characters, a repeat, a group. */
const REGEX_SOURCE = /\[\^?[\\\w-]*[A-Za-z0]-[Zz9]|[\])}]\{\d+,?\d*\}|\(\?[:=!<]|\\[dws][+*{]/;

/** A reference in source code rather than a literal: a path of names, a call, an index; or a pattern. */
export function isCode(value: string): boolean {
  if (REGEX_SOURCE.test(value) || /^[\w$.]+[[({]$/.test(value)) return true;
  if (!CODE_PATH.test(value)) return CALL_OR_INDEX.test(value);
  const path = value.replace(/[([{].*$/, "");
  return !hasRandomPart(path) && (!/\d/.test(path) || languageShare(path.replace(/[^A-Za-z]+/g, "")) >= 0.42);
}

/** Words only: letters in one case, or in the manner of names (`fooBar`, `FooBar`, `foo-bar`, `FOO_BAR`). */
export function isWords(value: string): boolean {
  if (/\d/.test(value))
    return !hasRandomPart(value) && /^[A-Za-z]+(?:[-_. /:][A-Za-z]*\d{0,4}[A-Za-z]*)*\d{0,4}$/.test(value);
  if (!/^[A-Za-z]+(?:[-_. /:,'][A-Za-z]+)*[.!?:;,]?$/.test(value)) return false;
  return value.split(/[^A-Za-z]+/).every((word) => !isErratic(word));
}

/** Pairs of letters that make up four fifths of English text, and one fifth of random letters. */
const COMMON_PAIRS: ReadonlySet<string> = new Set(
  (
    "th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi ri ro ic " +
    "ne ea ra ce li ch ll be ma si om ur ca el ta la ns di fo ho pe ec pr no ct us ac ot il tr ly nc et ut ss so rs un " +
    "lo wa ge ie wh ee wi em ad ol rt po we na ul ni ts mo ow pa im mi ai sh ir su id os iv ia am fi ci vi pl ig tu ev " +
    "ld ry mp fe bl ab gh ty op wo sa ay ex ke fr oo av ag if ap gr od bo sp rd do uc bu ov by rm ep tt oc ef ke ey qu ua eq ls"
  ).split(" "),
);

/** How much of a word looks like language, from 0 to 1. */
function languageShare(word: string): number {
  const lower = word.toLowerCase();
  let common = 0;
  for (let i = 0; i + 1 < lower.length; i++) if (COMMON_PAIRS.has(lower.slice(i, i + 2))) common++;
  return common / Math.max(1, lower.length - 1);
}

/** Letters that no one would take for a word or a name made of words. */
function isErratic(letters: string): boolean {
  if (letters.length < 6) return false;
  if (/^(?:[a-z]+|[A-Z]+|[A-Z][a-z]+)$/.test(letters))
    return letters.length >= 12 && languageShare(letters) < 0.3;
  const pieces = letters.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? [];
  return letters.length / pieces.length < 2.5 || languageShare(letters) < 0.42;
}

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/**
 * Made by a generator: hex, base64, UUID or mixed characters. Dates, versions, numbers, counted names
 * (`order_8246`, `web-tls-cert-8`) and paths are not.
 */
export function isRandom(value: string): boolean {
  if (value.length < 8) return false;
  if (UUID.test(value)) return true;
  return hasRandomPart(value);
}

function hasRandomPart(value: string): boolean {
  for (const part of value.split(/[^A-Za-z0-9]+/)) {
    if (part.length >= 6 && isRandomPart(part, value.length)) return true;
  }
  // Passwords of a generator: short pieces between signs, none of them a word.
  const plain = value.replace(/%[0-9A-Fa-f]{2}/g, "");
  return /[!#%^*~+=?@&|]/.test(plain) && /\d/.test(plain) && /[a-z]/i.test(plain) && !/\s/.test(plain);
}

function isRandomPart(part: string, whole: number): boolean {
  const letters = part.replace(/\d+/g, "");
  if (letters === "") return part.length >= 24 && whole === part.length;
  if (letters === part) return part.length >= 8 && isErratic(part);
  if (/^[0-9a-f]+$|^[0-9A-F]+$/.test(part)) return part.length >= 8;
  const runs = part.match(/\d+|[a-z]+|[A-Z]+/g)?.length ?? 0;
  // `base64url`, `sha256sum`, `order8246`, `OAuth2Token`
  if (letters.length >= 4 && runs <= 6 && languageShare(letters) >= 0.6) return false;
  if (/^[A-Za-z]+\d{1,4}$|^\d{1,4}[A-Za-z]+$/.test(part)) return isErratic(letters);
  return part.length >= 8 ? runs >= 3 : runs >= 4;
}
