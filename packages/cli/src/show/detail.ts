/** What a span was about, in one line: the prompt, the answer, the command. Contents are unchecked: any may be anything. */

import type { Span } from "@spoor/trace";
import { jsonText } from "../json.ts";

const LONGEST = 240;
/** The argument that says most, in this order; the agents' tools share these names. */
const TELLING_ARGUMENTS = [
  "command",
  "cmd",
  "file_path",
  "path",
  "pattern",
  "query",
  "url",
  "description",
  "prompt",
  "input",
];

export function detailOf(span: Span): string {
  switch (span.kind) {
    case "invocation":
      return oneLine(commandText(field(span.start?.content, "command")));
    case "turn":
      return oneLine(textOf(field(span.start?.content, "prompt")));
    case "model":
      return oneLine(
        field(span.end?.content, "error_message") ?? answerText(field(span.end?.content, "messages")),
      );
    case "tool":
      return oneLine(argumentText(field(span.start?.content, "arguments")));
    case "agent":
      return oneLine(textOf(field(span.start?.content, "prompt")));
  }
}

function field(value: unknown, name: string): unknown {
  return value !== null && typeof value === "object" && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function oneLine(text: unknown): string {
  return typeof text === "string" ? text.slice(0, LONGEST).replaceAll(/\s+/g, " ").trim() : "";
}

/** A text, or the first text among parts. */
function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return undefined;
  return value
    .map((part) => (field(part, "type") === "text" ? field(part, "content") : undefined))
    .find(isText);
}

/** What the model said; where it said nothing, which tools it asked for. */
function answerText(messages: unknown): string | undefined {
  if (!Array.isArray(messages)) return undefined;
  const parts = messages.flatMap((message) => {
    const own = field(message, "parts");
    return Array.isArray(own) ? own : [];
  });
  const said = textOf(parts);
  if (said !== undefined) return said;
  const tools = parts.flatMap((part) => (field(part, "type") === "tool_call" ? [field(part, "name")] : []));
  return tools.length === 0 ? undefined : `→ ${tools.filter(isText).join(", ")}`;
}

function argumentText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  for (const name of TELLING_ARGUMENTS) {
    const found = field(value, name);
    if (isText(found)) return found;
    if (Array.isArray(found)) return commandText(found);
  }
  return value === undefined || value === null ? undefined : jsonText(value);
}

function commandText(words: unknown): string | undefined {
  return Array.isArray(words) ? words.filter((word) => typeof word === "string").join(" ") : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
