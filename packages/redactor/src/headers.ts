/** Credentials in HTTP headers: `Authorization`, `Cookie`, `Set-Cookie`, and `Bearer …` wherever it stands. */

import { classifyName } from "./names.ts";
import { type Detector, isTokenStart, type Scan, WEIGHT } from "./scan.ts";
import { isHarmless, isRandom } from "./shape.ts";

/** RFC 9110 section 11.6.2; the scheme may be any word, and some servers take the bare token. */
const AUTHORIZATION =
  /uthorization(?:\\{0,8}["'`]|&quot;)?[ \t]{0,4}(?:[:=]|=>|,)[ \t]{0,4}(?:\\{0,8}["'`]|&quot;)?/iy;
const SCHEME_AND_TOKEN = /(?:([A-Za-z][\w-]{1,24})[ \t]{1,4})?([^\s"'`\\,;<>&]{6,8192})/y;

export const detectAuthorization: Detector = (scan, start) => {
  const { text } = scan;
  scan.budget.spend(4000);
  AUTHORIZATION.lastIndex = start;
  if (!AUTHORIZATION.test(text)) return;
  SCHEME_AND_TOKEN.lastIndex = AUTHORIZATION.lastIndex;
  const match = SCHEME_AND_TOKEN.exec(text);
  if (match === null) return;
  const [, scheme, token] = match;
  const end = SCHEME_AND_TOKEN.lastIndex;
  if (/^aws4/i.test(scheme ?? ""))
    return redactFields(scan, AUTHORIZATION.lastIndex, /(Signature)=([0-9a-f]{32,128})/g);
  if (/^digest$/i.test(scheme ?? "")) {
    return redactFields(scan, AUTHORIZATION.lastIndex, /(response)="?([0-9a-f]{16,128})/g);
  }
  if (token === undefined || isHarmless(token)) return;
  if (isRandom(token) || isBasic(token) !== undefined)
    scan.add(end - token.length, end, "authorization", WEIGHT.context);
};

function redactFields(scan: Scan, from: number, fields: RegExp): void {
  const line = scan.text.slice(from, from + 2000);
  for (const match of line.matchAll(fields)) {
    const end = from + match.index + match[0].length;
    scan.add(end - match[2]!.length, end, "signature", WEIGHT.context);
  }
}

const BEARER = /earer(?:[ \t]{1,4}|%20|\+|:[ \t]{0,2})["']?([A-Za-z0-9._~+/=|:-]{8,8192})/y;

export const detectBearer: Detector = (scan, start) => {
  scan.budget.spend(1500);
  BEARER.lastIndex = start;
  const token = BEARER.exec(scan.text)?.[1];
  if (token === undefined || isHarmless(token) || !isRandom(token)) return;
  scan.add(BEARER.lastIndex - token.length, BEARER.lastIndex, "bearer-token", WEIGHT.context);
};

const BASIC = /asic[ \t]{1,4}([A-Za-z0-9+/_-]{8,4096}={0,2})/y;

/** `Basic` is a common word; what follows counts only if it decodes to `user:password` (RFC 7617). */
export const detectBasic: Detector = (scan, start) => {
  scan.budget.spend(1500);
  BASIC.lastIndex = start;
  const token = BASIC.exec(scan.text)?.[1];
  if (token === undefined || isBasic(token) === undefined) return;
  scan.add(BASIC.lastIndex - token.length, BASIC.lastIndex, "basic-auth", WEIGHT.context);
};

/** The decoded `user:password`, if the text is one in base64. */
export function isBasic(token: string): string | undefined {
  if (!/^[A-Za-z0-9+/_-]{8,4096}={0,2}$/.test(token)) return undefined;
  const decoded = Buffer.from(token, "base64").toString("utf8");
  return /^[ -9;-~]{0,256}:[^\p{Cc}\ufffd]{3,}$/u.test(decoded) ? decoded : undefined;
}

const COOKIE = /ookies?(?:\\{0,8}["'`])?[ \t]{0,4}(?:[:=]|,)[ \t]{0,4}(?:\\{0,8}["'`])?(?=[\w.-]{1,100}=)/iy;
const COOKIE_PAIR = /[; \t]{0,4}([\w.!#$%&*+^|~-]{1,100})=([^;\s"'`\\,]{0,4096})/y;
const SESSION_NAME =
  /sess|sid|auth|token|jwt|csrf|xsrf|login|remember|user|identity|access|refresh|secret|id$|^_/i;

/** Names and harmless cookies stay: only values of a session, or that look generated, go (RFC 6265). */
export const detectCookie: Detector = (scan, start) => {
  const { text } = scan;
  scan.budget.spend(300);
  COOKIE.lastIndex = start;
  if (!COOKIE.test(text)) return;
  COOKIE_PAIR.lastIndex = COOKIE.lastIndex;
  for (let match = COOKIE_PAIR.exec(text); match !== null; match = COOKIE_PAIR.exec(text)) {
    const [, name, value] = match;
    scan.budget.spend(300);
    const end = COOKIE_PAIR.lastIndex;
    if (name === undefined || value === undefined || value.length < 8 || isHarmless(value)) continue;
    if (/^(?:expires|max-age|path|domain|samesite|priority)$/i.test(name)) continue;
    const named = classifyName(name) !== undefined || SESSION_NAME.test(name);
    if (isRandom(value) && (named || value.length >= 16))
      scan.add(end - value.length, end, "cookie", WEIGHT.context);
  }
};

/** `X-Amz-Signature=…`, `sig=…`: whoever holds a presigned URL needs no account. */
const SIGNATURE = /(?:sig|signature|Signature)=([A-Za-z0-9%+/_~-]{20,512}={0,2})/y;

export const detectSignature: Detector = (scan, start) => {
  const { text } = scan;
  scan.budget.spend(300);
  if (!isTokenStart(text, start)) return;
  SIGNATURE.lastIndex = start;
  const value = SIGNATURE.exec(text)?.[1];
  if (value === undefined || isHarmless(value) || !isRandom(value)) return;
  scan.add(SIGNATURE.lastIndex - value.length, SIGNATURE.lastIndex, "signature", WEIGHT.context);
};
