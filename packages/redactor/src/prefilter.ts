/**
 * Which words of a text wake which detector. One automaton looks for all of them in one pass; the words of the
 * rules are shared by all redactors, those of exact values belong to one.
 */

import { type Automaton, buildAutomaton } from "./automaton.ts";
import { ESCAPE_WORDS } from "./encoded.ts";
import type { Form } from "./exact-values.ts";
import { detectAuthorization, detectBasic, detectBearer, detectCookie, detectSignature } from "./headers.ts";
import { detectJwk, detectPrivateKey, detectPuttyKey } from "./key-blocks.ts";
import { detectKubernetesSecret } from "./kubernetes.ts";
import { detectNamedValue, NAME_WORDS } from "./named-values.ts";
import { type Rule, TOKEN_RULES } from "./rules.ts";
import { type Detector, WEIGHT } from "./scan.ts";
import { SHELL_WORDS } from "./shell.ts";
import { detectDockerAuth, detectMask, detectPasswordFile, detectPhrase } from "./special.ts";
import { tokenDetector } from "./tokens.ts";
import { detectUserinfo } from "./urls.ts";

export interface Prefilter {
  readonly automaton: Automaton;
  /** By index of the word. */
  readonly detectors: readonly (readonly Detector[])[];
}

/** Words whose presence lets secretlint's rule of that name run. */
const SECRETLINT_WORDS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    aws: secretAccessWords(),
    npm: ["npm_", "_authToken", "x-oauth-basic"],
    slack: ["xoxb", "xoxp", "xapp", "xoxa", "xoxo", "xoxr", "hooks.slack.com"],
    openai: ["T3BlbkFJ"],
    anthropic: ["sk-ant-"],
    groq: ["gsk_"],
    huggingface: ["hf_"],
    linear: ["lin_api_"],
    notion: ["ntn_"],
    privatekey: ["PRIVATE KEY"],
    sendgrid: ["SG."],
    shopify: ["shppa_", "shpca_", "shpat_", "shpss_"],
    stripe: ["sk_live", "sk_test", "rk_live", "rk_test"],
    github: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat"],
    gitlab: ["glpat-"],
    grafana: ["glc_", "glsa_"],
    "1password": ["ops_"],
    "hashicorp-vault": ["hvs.", "hvb.", "hvr."],
    vercel: ["vcp_", "vci_", "vca_", "vcr_", "vck_"],
    databricks: ["dapi"],
    docker: ["dckr_pat_"],
    figma: ["figd_"],
    cloudflare: ["cfk_", "cfut_", "cfat_"],
    tailscale: ["tskey-"],
  }),
);

/** The layers, each a list of words and what they wake. */
function* wakeWords(rules: readonly Rule[]): Generator<readonly [string, Detector], void, undefined> {
  yield* tokenWords(rules);
  for (const word of NAME_WORDS) yield [word, detectNamedValue];
  for (const [word, detect] of SHELL_WORDS) yield [word, detect];
  yield ["://", detectUserinfo];
  yield ["BEGIN ", detectPrivateKey];
  yield ["Private-Lines", detectPuttyKey];
  yield ['"kty', detectJwk];
  for (const word of ["uthorization", "UTHORIZATION"]) yield [word, detectAuthorization];
  for (const word of ["earer ", "earer%", "earer:", "EARER "]) yield [word, detectBearer];
  yield ["asic ", detectBasic];
  for (const word of ["ookie:", "ookies:", 'ookie"', 'ookie\\"', "ookie'", "ookie =", "ookie=", "OOKIE="])
    yield [word, detectCookie];
  for (const word of ["sig=", "ignature="]) yield [word, detectSignature];
  for (const word of ['"auth"', '"auth\\', "_auth="]) yield [word, detectDockerAuth];
  for (const word of [":5432:", ":5433:", ":6432:", ":*:"]) yield [word, detectPasswordFile];
  for (const word of [" phrase", "_PHRASE", "Phrase", "_phrase", "mnemonic", "Mnemonic", "MNEMONIC"])
    yield [word, detectPhrase];
  for (const word of ["kind: Secret", "kind: secret", 'kind: "Secret"', "kind: 'Secret'", 'kind: "secret"'])
    yield [word, detectKubernetesSecret];
  for (const word of ESCAPE_WORDS) yield [word, noteEscape];
  yield ["::add-mask::", detectMask];
  for (const [rule, words] of SECRETLINT_WORDS) {
    const ask: Detector = (scan) => void scan.secretlintRules.add(rule);
    for (const word of words) yield [word, ask];
  }
}

function* tokenWords(rules: readonly Rule[]): Generator<readonly [string, Detector], void, undefined> {
  for (const rule of rules) {
    const detect = tokenDetector(rule);
    for (const anchor of rule.anchors) yield [anchor, detect];
  }
}

/** What all redactors share: made once, as it holds each rule's compiled pattern. */
let common: readonly (readonly [string, Detector])[] | undefined;
let shared: Prefilter | undefined;

/** @param extra Rules of the project, beside our own. @param forms Exact values to find. */
export function createPrefilter(extra: readonly Rule[], forms: readonly Form[]): Prefilter {
  if (extra.length > 0 || forms.length > 0) return build(extra, forms);
  shared ??= build([], []);
  return shared;
}

function build(extra: readonly Rule[], forms: readonly Form[]): Prefilter {
  const byWord = new Map<string, Detector[]>();
  const wake = (word: string, detect: Detector): void => {
    const detectors = byWord.get(word);
    if (detectors === undefined) byWord.set(word, [detect]);
    else if (!detectors.includes(detect)) detectors.push(detect);
  };
  common ??= [...wakeWords(TOKEN_RULES)];
  for (const [word, detect] of common) wake(word, detect);
  for (const [word, detect] of tokenWords(extra)) wake(word, detect);
  for (const form of forms) wake(form.anchor, exactDetector(form));
  return { automaton: buildAutomaton([...byWord.keys()]), detectors: [...byWord.values()] };
}

const noteEscape: Detector = (scan, start) => {
  scan.budget.spend(10);
  if (scan.escapes.at(-1) !== start) scan.escapes.push(start);
};

/** The found form is secret; in base64 so is the rest of the run, as its ends hold bits of the value. */
function exactDetector({ text: form, offset, base64 }: Form): Detector {
  return (scan, start) => {
    const from = start - offset;
    if (from < 0 || !scan.text.startsWith(form, from)) return;
    let left = from;
    let right = from + form.length;
    if (base64) {
      while (left > 0 && from - left < 4 && /[A-Za-z0-9+/_-]/.test(scan.text[left - 1]!)) left--;
      while (
        right < scan.text.length &&
        right - from - form.length < 4 &&
        /[A-Za-z0-9+/_=-]/.test(scan.text[right]!)
      )
        right++;
    }
    scan.add(left, right, "known-value", WEIGHT.exact);
  };
}

/** How secretlint's rule spells `secret_access_key`. */
function secretAccessWords(): string[] {
  const spellings = (word: string): string[] => [
    word,
    word.toUpperCase(),
    word[0]!.toUpperCase() + word.slice(1),
  ];
  return spellings("secret").flatMap((secret) =>
    spellings("access").flatMap((access) => [secret + access, `${secret}_${access}`]),
  );
}
