/**
 * Watches a run's tool calls for a pull request being opened: the pointer that nobody can know at the start.
 */

import type { Event } from "@spoor/adapters";
import type { Pointers } from "@spoor/trace";
import { findChangeOfTool, findCreatedChange } from "./pointers/index.ts";

/** Commands and tools that could open one; a cheap look before the result is kept in mind. */
const MAY_CREATE = /\b(?:gh|glab|tea|hub)\b[^]*\b(?:create|new|pull-request)\b|create_(?:pull|merge)_request/;

export class ChangeWatch {
  /** Calls that may open one, until their result comes. */
  readonly #calls = new Map<string, { name: string; command: string | readonly string[] }>();

  /** @returns Pointers to the change that this event shows to be created. */
  see(event: Event): Pick<Pointers, "change_url" | "change_id"> | undefined {
    if (event.type === "tool_call") {
      const command = commandIn(event.content?.arguments);
      if (MAY_CREATE.test(event.name) || (command !== undefined && MAY_CREATE.test(String(command))))
        this.#calls.set(event.span.key, { name: event.name, command: command ?? "" });
      return undefined;
    }
    if (event.type !== "tool_result" || event.status !== "ok") return undefined;
    const call = this.#calls.get(event.span.key);
    if (call === undefined) return undefined;
    this.#calls.delete(event.span.key);
    const output = textOf(event.content?.result);
    const change = findCreatedChange(call.command, output) ?? findChangeOfTool(call.name, output);
    return change === undefined ? undefined : { change_url: change.url, change_id: change.id };
  }
}

function commandIn(args: unknown): string | readonly string[] | undefined {
  if (args === null || typeof args !== "object") return undefined;
  const { command, cmd } = args as { command?: unknown; cmd?: unknown };
  const value = command ?? cmd;
  if (typeof value === "string") return value;
  return Array.isArray(value) && value.every((word): word is string => typeof word === "string")
    ? value
    : undefined;
}

/** Gemini CLI labels what a command printed, so that a link on its first line would not stand alone. */
const OUTPUT_LABEL = /^(?:<untrusted_context>\n)?Output: /;

function textOf(result: unknown): string {
  if (typeof result === "string") return result.replace(OUTPUT_LABEL, "");
  try {
    return JSON.stringify(result) ?? "";
  } catch {
    // Nested too deep to be the answer of such a command.
    return "";
  }
}
