/**
 * What stands in place of a secret: `[REDACTED:<rule>#<n>]`.
 *
 * `n` counts the different secrets of one run, so that equal secrets stay recognisable inside it and nowhere
 * else. Never a hash (a dictionary reverses it), never a length, never a part of the secret. The characters
 * need no escape in JSON and end no word in a URL's user part or a quoted shell string.
 */

export const PLACEHOLDER_START = "[REDACTED:";

/** One placeholder; sticky. */
export const PLACEHOLDER: RegExp = /\[REDACTED:[a-z0-9-]{1,40}(?:#\d{1,9})?\]/y;

/** Stands for a field whose redaction failed: nothing of the field is kept. */
export const FAILED = "[REDACTED:scanner-error]";

/** More secrets than this in one run are numbered anew instead of remembered (memory stays flat). */
const MAX_REMEMBERED = 50_000;

export class Placeholders {
  readonly #known = new Map<string, string>();
  #last = 0;

  /** The placeholder for `secret`; the same one for the same secret. */
  for(secret: string, rule: string): string {
    const known = this.#known.get(secret);
    if (known !== undefined) return known;
    const made = `${PLACEHOLDER_START}${rule}#${++this.#last}]`;
    if (this.#known.size < MAX_REMEMBERED) this.#known.set(secret, made);
    return made;
  }
}
