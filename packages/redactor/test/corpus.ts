/** The labelled corpus of `fixtures/secrets`. */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

export interface Labelled {
  readonly rule: string;
  readonly text: string;
  readonly secrets: readonly string[];
  readonly negative: boolean;
}

export function readCorpus(): readonly Labelled[] {
  const path = new URL("../../../fixtures/secrets/train.jsonl.gz", import.meta.url);
  return gunzipSync(readFileSync(path))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Labelled);
}

/** No 16 characters of the secret (of a short one: no half) are left. */
export function isGone(output: string, secret: string): boolean {
  const size = Math.min(16, Math.ceil(secret.length / 2));
  for (let i = 0; i + size <= secret.length; i++)
    if (output.includes(secret.slice(i, i + size))) return false;
  return true;
}
