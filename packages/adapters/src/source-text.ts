/**
 * From the text of a source to its parsed lines. Most agents write JSON lines; some streams are stored as
 * one JSON array, and old Gemini CLI chats are one pretty-printed object.
 */

import type { JsonObject } from "./adapter.ts";
import { asObject } from "./json.ts";

export type ParsedLine =
  | { kind: "object"; line: number; value: JsonObject }
  /** Not JSON, or JSON that is not an object. */
  | { kind: "malformed"; line: number }
  /** The unfinished last line of a file. */
  | { kind: "torn"; line: number };

/** One line without its newline; blank ones (also of NUL bytes, which a power cut leaves) give nothing. */
export function parseLine(text: string, line: number): ParsedLine | undefined {
  const trimmed = trimBlank(text);
  if (trimmed === "") return undefined;
  try {
    const value = asObject(JSON.parse(trimmed));
    return value === undefined ? { kind: "malformed", line } : { kind: "object", line, value };
  } catch {
    return { kind: "malformed", line };
  }
}

/** A whole file: JSON lines, or one document whose array elements (or which itself) stand for lines. */
export function parseText(text: string): ParsedLine[] {
  const document = parseDocument(text);
  if (document !== undefined) return document;
  return text.split("\n").flatMap((line, index) => parseLine(line, index + 1) ?? []);
}

/** undefined where the text is JSON lines. */
function parseDocument(text: string): ParsedLine[] | undefined {
  const start = text.trimStart();
  const firstLine = start.slice(0, (start.indexOf("\n") + 1 || start.length + 1) - 1);
  if (start.startsWith("{") && parseLine(firstLine, 1)?.kind === "object") return undefined;
  if (!start.startsWith("{") && !start.startsWith("[")) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(start);
  } catch {
    return undefined;
  }
  return (Array.isArray(value) ? value : [value]).map((element, index): ParsedLine => {
    const object = asObject(element);
    return object === undefined
      ? { kind: "malformed", line: index + 1 }
      : { kind: "object", line: index + 1, value: object };
  });
}

/**
 * Without white space and NUL bytes at both ends. Not by a regular expression: one that looks for the end of
 * a line tries again at every blank, and tool outputs hold a hundred thousand of them.
 */
function trimBlank(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charAt(start))) start++;
  while (start < end && isBlank(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

/** White space to JavaScript, byte order mark included, and NUL. */
function isBlank(character: string): boolean {
  return character === "\0" || character.trim() === "";
}
