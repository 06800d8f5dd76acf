/**
 * Values that are known to be secret, in every form in which they may come by: the environment of the run, and
 * what it learns on the way (`::add-mask::`). The forms are those of the masker of GitHub's runner (ValueEncoders.cs
 * of actions/runner) and a few more; base64 has three alignments, as the value may start at any byte of a group.
 */

import { classifyName } from "./names.ts";
import { isHarmless, isWords } from "./shape.ts";

/** Shorter values would blank ordinary words. */
export const MIN_EXACT_LENGTH = 8;

/** The start of a form that wakes its comparison; longer ones make the prefilter's table larger, not better. */
const ANCHOR_LENGTH = 6;

export interface Form {
  readonly text: string;
  /** ASCII part of `text` for the prefilter, and where in `text` it stands. */
  readonly anchor: string;
  readonly offset: number;
  /** Base64 goes on to both sides: the neighbours of a found run hold bits of the value. */
  readonly base64: boolean;
}

/** Values of the environment worth learning: named like a secret, or the password of a URL. */
export function secretsOfEnvironment(env: Readonly<Record<string, string | undefined>>): string[] {
  const values: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value.length < MIN_EXACT_LENGTH) continue;
    const userinfo = /^[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:([^\s@]+)@/i.exec(value)?.[1];
    if (userinfo !== undefined) {
      if (isLearnable(userinfo)) values.push(userinfo);
      const plain = decodePercent(userinfo);
      if (plain !== userinfo && isLearnable(plain)) values.push(plain);
    }
    if (classifyName(name) !== undefined && !/^[a-z][a-z0-9+.-]*:\/\//i.test(value) && isLearnable(value))
      values.push(value);
  }
  return values;
}

/** At least eight characters, and neither a path nor a plain word or three nor a stand-in. */
export function isLearnable(value: string): boolean {
  if (value.length < MIN_EXACT_LENGTH || /^(?:[~.]{0,2}\/|[A-Za-z]:\\)[\w@.-]+(?:[/\\]|$)/.test(value))
    return false;
  return !(isWords(value) && !isPassphrase(value)) && !isHarmless(value) && !/^[\d.:-]+$/.test(value);
}

/** Words that nobody says by chance: four of them, or a long one with a number. */
function isPassphrase(words: string): boolean {
  return words.split(/[^A-Za-z]+/).length >= 4 || (words.length >= 12 && /\d/.test(words));
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray % is no escape
  }
}

/** All forms of a value and of each of its lines. */
export function formsOf(value: string): readonly Form[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  const whole = [
    value,
    value.trim(),
    value.replace(/^(["'])(.*)\1$/s, "$2"),
    ...(lines.length > 1 ? lines : []),
  ];
  const forms = new Map<string, Form>();
  for (const plain of new Set(whole)) {
    if (plain.length < MIN_EXACT_LENGTH) continue;
    for (const text of escapedForms(plain)) addForm(forms, text, false);
    for (const text of base64Forms(plain)) addForm(forms, text, true);
    addForm(forms, Buffer.from(plain).toString("hex"), false);
    addForm(forms, Buffer.from(plain).toString("hex").toUpperCase(), false);
  }
  return [...forms.values()];
}

function addForm(forms: Map<string, Form>, text: string, base64: boolean): void {
  if (text.length < MIN_EXACT_LENGTH || forms.has(text)) return;
  const run = /[ -~]{4,}/.exec(text) ?? /[ -~]+/.exec(text);
  if (run === null) return; // without any ASCII there is nothing to wake on, and no credential looks so
  forms.set(text, { text, anchor: run[0].slice(0, ANCHOR_LENGTH), offset: run.index, base64 });
}

function escapedForms(plain: string): string[] {
  const json = JSON.stringify(plain).slice(1, -1);
  const wellFormed = plain.replace(/\p{Surrogate}/gu, "\ufffd"); // a lone half would throw
  const uri = encodeURIComponent(wellFormed);
  const strictUri = uri.replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const lower = (text: string): string => text.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());
  const form = new URLSearchParams({ v: wellFormed }).toString().slice(2);
  const php = strictUri.replaceAll("%20", "+");
  const xml = plain.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const attribute = xml.replaceAll('"', "&quot;").replaceAll("'", "&apos;");
  return [
    plain,
    json,
    json.replaceAll("/", "\\/"),
    json.replace(/[<>&'+=]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`),
    json.replace(/[<>&'+=]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16).toUpperCase()}`),
    JSON.stringify(json).slice(1, -1),
    uri,
    lower(uri),
    strictUri,
    lower(strictUri),
    form,
    lower(form),
    php,
    lower(php),
    encodeURI(wellFormed),
    xml,
    attribute,
    attribute.replaceAll("&apos;", "&#39;"),
    attribute.replaceAll("&quot;", "&#34;").replaceAll("&apos;", "&#39;"),
    plain.replaceAll("'", String.raw`'\''`),
    plain.replaceAll("'", `'"'"'`),
    plain.replaceAll("'", "''"),
    plain.replaceAll('"', '\\"'),
    plain.replace(/["$`\\!]/g, String.raw`\$&`),
    plain.replace(/[^\w@%+=:,./-]/g, String.raw`\$&`),
    plain.replace(/[`"$]/g, "`$&"),
    plain.replace(/[\^&|<>%]/g, "^$&"),
  ];
}

/** The characters of base64 that depend on the value alone, for each of the three alignments. */
function base64Forms(plain: string): string[] {
  const forms: string[] = [];
  const bytes = Buffer.from(plain);
  for (let shift = 0; shift < 3; shift++) {
    const shifted = Buffer.concat([Buffer.alloc(shift), bytes]);
    const encoded = shifted.toString("base64").replace(/=+$/, "");
    const from = Math.ceil((shift * 8) / 6);
    const to = Math.floor((shifted.length * 8) / 6);
    const sure = encoded.slice(from, to);
    forms.push(sure, sure.replaceAll("+", "-").replaceAll("/", "_"));
  }
  return forms;
}
