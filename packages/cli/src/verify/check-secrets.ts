/** Where a file holds secrets: line and rule, never the value. */

import { closeSync, createReadStream, openSync, readSync } from "node:fs";
import { findSecrets, type RedactorOptions } from "@spoor/redactor";
import { countNewlines, textBlocks } from "../text-blocks.ts";
import type { LineFinding } from "./finding.ts";

/** First bytes of formats that hide text: gzip, zip, zstd, xz, bzip2. */
const PACKED = ["1f8b", "504b0304", "28b52ffd", "fd377a58", "425a68"];

export async function checkSecrets(path: string, options: RedactorOptions): Promise<LineFinding[]> {
  const findings: LineFinding[] = [];
  const stream: AsyncIterable<Buffer> = createReadStream(path);
  for await (const { text, firstLine } of textBlocks(stream)) {
    let line = firstLine;
    let counted = 0;
    for (const { rule, start } of findSecrets(text, options)) {
      line += countNewlines(text.slice(counted, start));
      counted = start;
      findings.push({ line, kind: "secret", rule, message: "a secret; the value is not shown" });
    }
  }
  return findings;
}

/** Whether what a file holds must be unpacked before anybody can search it. */
export function isPacked(path: string): boolean {
  const descriptor = openSync(path, "r");
  try {
    const start = Buffer.alloc(4);
    readSync(descriptor, start);
    return PACKED.some((magic) => start.toString("hex").startsWith(magic));
  } finally {
    closeSync(descriptor);
  }
}
