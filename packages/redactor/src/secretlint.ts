/**
 * secretlint's own rules, run on a string without its runner.
 *
 * `lintSource` is made for files: it builds 28 rules, a line table and some 60 performance marks per call and
 * never frees the marks (about 23 kB of heap per call). So the rules are created once, with a context that only
 * collects, and called directly; every rule used here is synchronous.
 *
 * Ids of AWS keys are found by our own rule: the one here also takes account numbers, with a slow pattern.
 * Two rules are left out: `filter-comments`, because words in the text could switch the scanner off, and `gcp`,
 * which takes the whole document (the key inside is found as a PEM block).
 */

import { createRequire } from "node:module";
import type {
  SecretLintRuleContext,
  SecretLintRuleCreator,
  SecretLintRuleReportHandler,
} from "@secretlint/types";

const LEFT_OUT = /-(?:gcp|filter-comments)$/;

/** Parts of `message.data` that do not hold a secret. */
const NOT_SECRET: ReadonlySet<string> = new Set(["typeName", "FILE_NAME"]);

export interface SecretlintFinding {
  /** The rule's short name, such as `github`. */
  readonly rule: string;
  /** The text found. Ranges are not used: for three matchers they leave the end of the secret outside. */
  readonly value: string;
}

interface NamedHandler {
  readonly rule: string;
  readonly handler: SecretLintRuleReportHandler;
}

let handlers: readonly NamedHandler[] | undefined;
let found: SecretlintFinding[] = [];

/** Runs the rules named in `wanted` (all when absent) over `text`. Synchronous; loads the rules on first use. */
export function runSecretlint(text: string, wanted?: ReadonlySet<string>): readonly SecretlintFinding[] {
  handlers ??= createHandlers();
  found = [];
  const source = {
    content: text,
    filePath: undefined,
    ext: "",
    contentType: "text",
    hasBOM: false,
  } as unknown as Parameters<NonNullable<SecretLintRuleReportHandler["file"]>>[0];
  for (const { rule, handler } of handlers) {
    if (wanted === undefined || wanted.has(rule)) handler.file?.(source);
  }
  return found;
}

function createHandlers(): readonly NamedHandler[] {
  return loadCreators()
    .filter((creator) => !LEFT_OUT.test(creator.meta.id))
    .map((creator) => {
      const rule = creator.meta.id.replace("@secretlint/secretlint-rule-", "");
      return { rule, handler: creator.create(collectInto(rule), {}) };
    });
}

/**
 * 229 kB of code, so it is loaded at the first strong hit only. `require` of a module keeps that synchronous.
 * A bundler that wants the rules in a file beside its bundle replaces the literal below by that file's path.
 */
function loadCreators(): readonly SecretLintRuleCreator[] {
  const require = createRequire(import.meta.url);
  return require("@secretlint/secretlint-rule-preset-recommend").rules;
}

function collectInto(rule: string): SecretLintRuleContext {
  return {
    sharedOptions: {} as SecretLintRuleContext["sharedOptions"],
    createTranslator: () => (messageId, data) => ({
      message: "",
      messageId: String(messageId),
      data: data as Record<string, unknown>,
    }),
    report: ({ message }) => {
      for (const [part, value] of Object.entries(message.data ?? {})) {
        if (typeof value === "string" && value !== "" && !NOT_SECRET.has(part)) found.push({ rule, value });
      }
    },
    ignore: () => {
      // Only `filter-comments` asks to ignore, and it does not run.
    },
  };
}
