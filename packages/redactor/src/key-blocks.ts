/** Private keys as blocks: PEM (RFC 7468), OpenSSH, PGP, PuTTY, JWK (RFC 7517); also escaped, indented or cut off. */

import { type Detector, WEIGHT } from "./scan.ts";

/** RSA keys of 16 384 bits take 12 kB; PGP keys with many sub-keys more. */
const MAX_BLOCK = 64 * 1024;

const HEADER = /BEGIN (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----/y;
const FOOTER = /-----END (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY/;
/** One character that can belong to the body: base64, line ends, their escapes, and header lines. */
const BODY_START = /(?:\s|\\+[nrt]|["',+])*(?:[A-Za-z0-9+/=]{8,}|[A-Za-z-]+: )/y;

/** Wakes at `BEGIN `. Without an end line the key goes on to the end of what looks like one. */
export const detectPrivateKey: Detector = (scan, start) => {
  const { text } = scan;
  HEADER.lastIndex = start;
  if (!HEADER.test(text)) return;
  const from = HEADER.lastIndex;
  BODY_START.lastIndex = from;
  if (!BODY_START.test(text)) return;
  FOOTER.lastIndex = from;
  const footer = FOOTER.exec(text);
  const begin = text.indexOf("-----BEGIN ", from);
  const closed =
    footer !== null && footer.index - from <= MAX_BLOCK && (begin === -1 || begin > footer.index);
  const to = closed ? footer.index : endOfBody(text, from);
  const bodyStart = from + (/^(?:\s|\\+[nrt])*/.exec(text.slice(from, from + 64))?.[0].length ?? 0);
  const tail = /(?:\s|\\+[nrt])*$/.exec(text.slice(Math.max(bodyStart, to - 64), to))?.[0].length ?? 0;
  if (to - tail - bodyStart >= 16) scan.add(bodyStart, to - tail, "private-key", WEIGHT.block);
};

/** As far as the characters of base64, line ends and header lines go. */
function endOfBody(text: string, from: number): number {
  const body = /(?:[A-Za-z0-9+/=\s]|\\+[nrt]|[A-Za-z-]{3,20}: [^\n\\]{0,100}(?=\n|\\n))*/y;
  body.lastIndex = from;
  const length = body.exec(text.slice(0, from + MAX_BLOCK))?.[0].length ?? 0;
  return from + length;
}

const PUTTY = /Private-Lines: ?\d{1,4}((?:\s|\\+[nr])+)((?:[A-Za-z0-9+/=]{4,}(?:\s|\\+[nr])*){1,400})/y;

export const detectPuttyKey: Detector = (scan, start) => {
  scan.budget.spend(10_000);
  PUTTY.lastIndex = start;
  const match = PUTTY.exec(scan.text);
  if (match === null) return;
  const body = match[2]!;
  const trimmed = body.replace(/(?:\s|\\+[nr])*(?:Private-MAC.*)?$/s, "");
  const from = PUTTY.lastIndex - body.length;
  scan.add(from, from + trimmed.length, "private-key", WEIGHT.block);
};

/** Private members of a JWK: RFC 7518, 6.2.2, 6.3.2 and 6.4.1. */
const JWK_MEMBER = /(\\*)"(?:d|p|q|dp|dq|qi|k)\1"\s{0,4}:\s{0,4}\1"([A-Za-z0-9_-]{16,2048})={0,2}\1"/g;
const JWK_REACH = 8192;

/** Wakes at `"kty`. */
export const detectJwk: Detector = (scan, start) => {
  scan.budget.spend(2 * JWK_REACH);
  const floor = Math.max(0, start - JWK_REACH);
  const from = floor + scan.text.slice(floor, start).lastIndexOf("{");
  if (from < floor) return;
  const object = scan.text.slice(from, start + JWK_REACH).replace(/\}[^]*/, "");
  for (const match of object.matchAll(JWK_MEMBER)) {
    const at = from + match.index + match[0].indexOf(match[2]!, match[0].indexOf(":"));
    scan.add(at, at + match[2]!.length, "jwk-private", WEIGHT.block);
  }
};
