/** Kubernetes Secrets: under `data:` every value is one, whatever its name (Kubernetes API, Secret v1 core). */

import { type Detector, WEIGHT } from "./scan.ts";

/** How far `data:` may stand from `kind: Secret`; both belong to one document. */
const REACH = 8192;
const DATA = /^([ \t]*)(?:data|stringData):[ \t]*\r?\n((?:\1[ \t]+.*(?:\r?\n|$)|[ \t]*(?:#.*)?\r?\n)+)/gm;
const ENTRY =
  /^[ \t]*["']?[\w.-]{1,253}["']?:[ \t]*(?:[|>][-+]?[ \t]*\r?\n[ \t]*)?["']?([A-Za-z0-9+/]{10,}={0,2})["']?[ \t]*$/gm;
/** `-----BEGIN CERTIFICATE` in base64: public, though it lies among secrets. */
const CERTIFICATE = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS";

/** Wakes at `kind: Secret`. */
export const detectKubernetesSecret: Detector = (scan, start, end) => {
  const { text } = scan;
  if (/[\w-]/.test(text[end] ?? "")) return;
  scan.budget.spend(4 * REACH);
  const floor = Math.max(0, start - REACH);
  const from = Math.max(floor, text.slice(floor, start).lastIndexOf("\n---") + floor);
  const rest = text.slice(end, end + REACH);
  const border = rest.indexOf("\n---");
  const document = text.slice(from, end) + (border === -1 ? rest : rest.slice(0, border));
  for (const block of document.matchAll(DATA)) {
    const body = from + block.index + block[0].length - block[2]!.length;
    for (const entry of block[2]!.matchAll(ENTRY)) {
      const value = entry[1]!;
      const at = body + entry.index + entry[0].lastIndexOf(value);
      if (!value.startsWith(CERTIFICATE))
        scan.add(at, at + value.length, "kubernetes-secret", WEIGHT.context);
    }
  }
};
