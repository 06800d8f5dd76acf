/** Credentials in the user part of a URL (RFC 3986, 3.2.1). Host, path and database stay readable. */

import { PLACEHOLDER_START } from "./placeholder.ts";
import { type Detector, WEIGHT } from "./scan.ts";
import { isHarmless, isRandom } from "./shape.ts";

/** A user part longer than this is no credential. */
const MAX_USERINFO = 2048;

/** Passwords that stand in every tutorial; beside them only local hosts are spared. */
const TUTORIAL =
  /^(?:pass|passw(?:or)?d|pw|pwd|secret|admin|root|user|username|guest|postgres|mysql|redis|rabbitmq|test|example|changeme|mypassword|xxx+|\*+|\.+|-)$/i;

/** Wakes at `://`. */
export const detectUserinfo: Detector = (scan, _start, end) => {
  const { text } = scan;
  const limit = Math.min(text.length, end + MAX_USERINFO);
  let at = -1; // the last @ of the authority
  let colon = -1; // the first : of it
  let i = end;
  for (; i < limit; i++) {
    const code = text.charCodeAt(i);
    if (code === 91 && text.startsWith(PLACEHOLDER_START, i)) {
      i = text.indexOf("]", i);
      if (i === -1) return;
      continue;
    }
    // space, quotes, < > \ / ? and control characters end the authority
    if (code <= 32 || code === 34 || code === 39 || code === 96 || code === 60 || code === 62 || code === 92)
      break;
    if (code === 47 || code === 63) {
      if (at !== -1 || colon === -1 || !slashInPassword(text, colon, i, limit)) break;
    } else if (code === 64) at = i;
    else if (code === 58 && colon === -1 && at === -1) colon = i;
  }
  scan.budget.spend(50 + 2 * (i - end));
  if (at === -1) return;
  if (colon === -1 || colon > at) {
    const token = text.slice(end, at);
    if (token.length >= 16 && !token.startsWith(PLACEHOLDER_START) && !isHarmless(token) && isRandom(token)) {
      scan.add(end, at, "url-token", WEIGHT.context);
    }
    return;
  }
  const password = text.slice(colon + 1, at);
  if (password.length < 3 || isSpared(password, text.slice(at + 1, Math.min(at + 64, i)))) return;
  scan.add(colon + 1, at, "url-password", WEIGHT.context);
  const user = text.slice(end, colon);
  if (user.length >= 20 && isRandom(user) && !user.startsWith(PLACEHOLDER_START))
    scan.add(end, colon, "url-token", WEIGHT.context);
};

/** `redis://:pa/ss@host`: an unescaped slash, told from a port and a path with an @ further on. */
function slashInPassword(text: string, colon: number, slash: number, limit: number): boolean {
  if (/^\d*$/.test(text.slice(colon + 1, slash))) return false;
  return /^[^\s"'`<>\\/]{1,64}@[\w.-]+/.test(text.slice(slash + 1, Math.min(limit, slash + 160)));
}

function isSpared(password: string, host: string): boolean {
  if (/^(?:\[REDACTED:[^\]]*\])+$/.test(password)) return true;
  if (/^[$%<{]/.test(password) && isHarmless(password)) return true;
  if (/^\$|^<.*>$|^\{.*\}$|^%[A-Z_]+%$/.test(password)) return true;
  if (
    TUTORIAL.test(password) &&
    /^(?:localhost|127\.|0\.0\.0\.0|\[?::1|host|hostname|db|database|postgres|mysql|redis|mongo|rabbitmq|server|[\w.-]*example|your)/i.test(
      host,
    )
  )
    return true;
  return isHarmless(password);
}
