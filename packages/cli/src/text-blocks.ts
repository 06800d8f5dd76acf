/**
 * Text of any length in blocks that can be searched for secrets one by one.
 *
 * A secret may span lines: a key does, and so does a value that was wrapped. So a block is large, ends where a
 * line ends, and never within a key block. Most texts are one block.
 */

/** In UTF-16 units. */
const BLOCK = 8 * 1024 * 1024;
/** A key block that never ends is no key block. */
const LONGEST_KEY_BLOCK = 1024 * 1024;

export interface TextBlock {
  text: string;
  /** 1-based. */
  firstLine: number;
}

/** @param chunks UTF-8 in pieces cut anywhere; what is no UTF-8 becomes replacement characters. */
export async function* textBlocks(
  chunks: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>,
  blockLength: number = BLOCK,
): AsyncGenerator<TextBlock> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let text = "";
  let firstLine = 1;
  for await (const chunk of chunks) {
    const piece = typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    text += piece;
    if (text.length < blockLength || !piece.includes("\n")) continue;
    const end = cutPoint(text);
    if (end === 0) continue;
    const block = text.slice(0, end);
    yield { text: block, firstLine };
    firstLine += countNewlines(block);
    text = text.slice(end);
  }
  text += decoder.decode();
  if (text !== "") yield { text, firstLine };
}

/** Where the text may be cut: behind the last line, before a key block that stands open. 0: nowhere yet. */
function cutPoint(text: string): number {
  const lineEnd = text.lastIndexOf("\n") + 1;
  const open = text.lastIndexOf("-----BEGIN");
  if (open === -1 || text.length - open > LONGEST_KEY_BLOCK || text.includes("-----END", open))
    return lineEnd;
  return text.lastIndexOf("\n", open) + 1;
}

export function countNewlines(text: string, end: number = text.length): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1 && at < end; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
