/** Small formats of their own: docker's `auth`, `.pgpass`, wallet phrases, the runner's `::add-mask::`. */

import { MIN_EXACT_LENGTH } from "./exact-values.ts";
import { isBasic } from "./headers.ts";
import { type Detector, WEIGHT } from "./scan.ts";
import { isHarmless, isWords } from "./shape.ts";

const DOCKER_AUTH =
  /(?:"auth\\{0,8}"|_auth)[ \t]{0,4}[:=][ \t]{0,4}(?:\\{0,8}")?([A-Za-z0-9+/_-]{8,4096}={0,2})/y;

/** `"auth": "dXNlcjpwdw=="` of docker's config.json, `_auth=` of npm's: base64 of `user:password`. */
export const detectDockerAuth: Detector = (scan, start) => {
  scan.budget.spend(500);
  DOCKER_AUTH.lastIndex = start;
  const value = DOCKER_AUTH.exec(scan.text)?.[1];
  if (value === undefined || isBasic(value) === undefined) return;
  scan.add(DOCKER_AUTH.lastIndex - value.length, DOCKER_AUTH.lastIndex, "basic-auth", WEIGHT.context);
};

/** `host:port:database:user:password` (PostgreSQL manual, "The Password File"). */
const PGPASS = /[\w.*-]{1,253}:(?:\d{2,5}|\*):[\w*.-]{1,64}:[\w*.@-]{1,64}:([^\s"'`\\]{4,200})/y;

export const detectPasswordFile: Detector = (scan, start) => {
  const { text, budget } = scan;
  budget.spend(5000);
  let from = start;
  while (from > 0 && start - from < 253 && /[\w.*-]/.test(text[from - 1]!)) from--;
  PGPASS.lastIndex = from;
  const password = PGPASS.exec(text)?.[1];
  if (
    password === undefined ||
    isHarmless(password) ||
    isWords(password) ||
    /^\d+(?::\d+)*:?$/.test(password)
  )
    return;
  scan.add(PGPASS.lastIndex - password.length, PGPASS.lastIndex, "password", WEIGHT.context);
};

const PHRASE =
  /[\w ]{0,24}(?:\\{0,8}["'`])?[ \t]{0,4}(?:[:=]|is|are)[ \t]{0,4}(?:\\{0,8}["'`])?\s{0,4}([a-z]{3,8}(?:[ \t]+[a-z]{3,8}){11,23})(?![a-z])/y;

/** Twelve to 24 words that restore a wallet (BIP 39). */
export const detectPhrase: Detector = (scan, _start, end) => {
  scan.budget.spend(1000);
  PHRASE.lastIndex = end;
  const words = PHRASE.exec(scan.text)?.[1];
  if (words === undefined) return;
  scan.add(PHRASE.lastIndex - words.length, PHRASE.lastIndex, "seed-phrase", WEIGHT.context);
};

const MASK = /::add-mask::([^\r\n"\\]{1,4096})/y;

/** What a workflow asks to mask is masked here too, in this line and from now on. */
export const detectMask: Detector = (scan, start) => {
  scan.budget.spend(5000);
  MASK.lastIndex = start;
  const value = MASK.exec(scan.text)?.[1]?.trim();
  if (value === undefined || value === "" || isHarmless(value)) return;
  scan.add(MASK.lastIndex - value.length, MASK.lastIndex, "known-value", WEIGHT.exact);
  if (value.length >= MIN_EXACT_LENGTH) scan.masks.push(value);
};
