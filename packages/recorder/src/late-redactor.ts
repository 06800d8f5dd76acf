/**
 * A redactor that is loaded when it first has something to do.
 *
 * Its rules and tables cost a third of Node's own start. A command such as `true` gives it nothing but plain
 * words, and for those it is not needed: what `isPlain` lets pass is what the redactor itself would return
 * unchanged, which a property test holds it to. Everything else, and everything once it is loaded, goes to it.
 */

import { createRequire } from "node:module";
import { type Redactor, type RedactorOptions, secretsOfEnvironment } from "@spoor/redactor";

export class LateRedactor implements Redactor {
  readonly #options: RedactorOptions;
  #loaded: Redactor | undefined;
  /** Where exact values are known, any text may hold one in any encoding. */
  readonly #knowsValues: boolean;

  constructor(options: RedactorOptions) {
    this.#options = options;
    this.#knowsValues =
      (options.values?.length ?? 0) + (options.rules?.length ?? 0) > 0 ||
      secretsOfEnvironment(options.env ?? {}).length > 0;
  }

  redactText(text: string): string {
    return this.#isNeededFor(text) ? this.#load().redactText(text) : text;
  }

  redactValue<T>(value: T): T {
    return this.#isNeededFor(value) ? this.#load().redactValue(value) : value;
  }

  learn(value: string): void {
    this.#load().learn(value);
  }

  get counts(): Readonly<Record<string, number>> {
    return this.#loaded?.counts ?? {};
  }

  get failures(): number {
    return this.#loaded?.failures ?? 0;
  }

  #isNeededFor(value: unknown): boolean {
    return this.#loaded !== undefined || this.#knowsValues || !isPlain(value);
  }

  #load(): Redactor {
    if (this.#loaded === undefined) {
      // `require`, because a record cannot wait: Node loads ES modules by it, and a bundler makes it a file.
      const require = createRequire(import.meta.url);
      const { createRedactor } = require("@spoor/redactor") as typeof import("@spoor/redactor");
      this.#loaded = createRedactor(this.#options);
    }
    return this.#loaded;
  }
}

/** Deeper values are not looked into. */
const MAX_DEPTH = 6;
const MAX_TEXT_LENGTH = 512;
const PLAIN_TEXT = /^[A-Za-z0-9 ._/,-]*$/;
/** Parts of the names that secrets go by, and of the prefixes that they begin with. */
const TELLING =
  /sec|tok|pas|pw|key|auth|cook|bear|basic|cred|begin|priv|sess|jwt|sig|api|acc|log|user|usr|dsn|conn|salt|seed|pin|otp|code|hash|cert|lic|client|hook|sk[-_]|pk[-_]|xox|eyj|gh._|gl|akia|asia|sha\d/i;

/** Whether a value is so plain that no rule could find a secret in it. */
export function isPlain(value: unknown, depth: number = MAX_DEPTH): boolean {
  if (typeof value === "string") return isPlainText(value);
  if (value === null || typeof value !== "object") return typeof value !== "bigint";
  if (depth === 0) return false;
  if (Array.isArray(value)) return value.length <= 64 && value.every((one) => isPlain(one, depth - 1));
  return Object.entries(value).every(([key, one]) => isPlainText(key) && isPlain(one, depth - 1));
}

function isPlainText(text: string): boolean {
  if (text.length > MAX_TEXT_LENGTH || !PLAIN_TEXT.test(text) || TELLING.test(text)) return false;
  return text
    .split(/[ /,]/)
    .every((word) => word.length <= 12 || !/\d/.test(word) || /^[0-9a-f]{40}$/.test(word));
}
