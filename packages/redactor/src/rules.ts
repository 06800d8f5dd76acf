/**
 * Tokens that can be told by their shape alone. One rule per kind; `rules/*.ts` hold the tables.
 *
 * To add a kind, add a row: its name, the literal that every token of the kind contains, its pattern, where the
 * format is documented, and an example of a token and of a near miss. The tests check each row.
 */

import { aiRules } from "./rules/ai.ts";
import { cloudRules } from "./rules/cloud.ts";
import { commerceRules } from "./rules/commerce.ts";
import { platformRules } from "./rules/platform.ts";
import { serviceRules } from "./rules/service.ts";

export interface Rule {
  /** Kebab case, at most 40 characters: it stands in the placeholder. */
  readonly name: string;
  /** Literals, ASCII and case-sensitive, of which every match contains one; they wake the rule. */
  readonly anchors: readonly string[];
  /** The token. A group named `secret` marks the part to redact, when that is not all of it. Bounded repeats only. */
  readonly pattern: RegExp;
  /** Where the format is documented. */
  readonly source: string;
  /** How many characters of a match may stand before the anchor. @default 0 */
  readonly reach?: number;
  /** A token and a near miss. "·" is left out: an example that is whole would alarm other scanners. */
  readonly is: string;
  readonly isNot: string;
}

export const TOKEN_RULES: readonly Rule[] = [
  ...platformRules,
  ...cloudRules,
  ...aiRules,
  ...commerceRules,
  ...serviceRules,
];
