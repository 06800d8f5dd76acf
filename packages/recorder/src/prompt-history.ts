/**
 * Finds what is new in a prompt, so that a conversation of a thousand calls is written once and not a
 * thousand times.
 *
 * A program hands over all messages of each call. Those that the previous call's prompt and answer already
 * had are told by naming that call; only the rest is written.
 */

import { hash } from "node:crypto";
import type { EventInput, SpanKey } from "@spoor/adapters";
import type { Message, Part } from "@spoor/trace";

/** A message in the GenAI conventions' shape, or the short form that most SDKs have. */
export type MessageInput = Message | { role: Message["role"]; content: string | readonly Part[] };

/** A tool call as a model asks for it. */
export interface AskedTool {
  id: string;
  name: string;
  arguments?: unknown;
}

interface Known {
  span: SpanKey;
  /** Fingerprints of the call's messages, the answer's included once it came. */
  messages: string[];
}

export class PromptHistory {
  #last: Known | undefined;
  #system: string | undefined;
  #tools: string | undefined;
  /** Calls whose arguments and results have records of their own. */
  readonly #toolIds = new Set<string>();
  /** Calls that a model asked for and that nobody has run yet. */
  readonly #asked = new Map<string, AskedTool>();
  #unequal = 0;

  /**
   * A tool runs. Its record holds the arguments from now on.
   *
   * @param id The model's id of the call; without one, the oldest call asked for by that name is meant.
   * @returns The id of the call; undefined where the model asked for none such.
   */
  runs(name: string, id?: string): string | undefined {
    const known = id ?? [...this.#asked.values()].find((asked) => asked.name === name)?.id;
    if (known === undefined) return undefined;
    this.#asked.delete(known);
    this.#toolIds.add(known);
    return known;
  }

  /** Calls that the model asked for and that were never run: each is told once. */
  takeUnrun(): AskedTool[] {
    const unrun = [...this.#asked.values()];
    this.#asked.clear();
    for (const { id } of unrun) this.#toolIds.add(id);
    return unrun;
  }

  /** What to write for a prompt: how it extends the call before, and what it adds. */
  prompt(
    span: SpanKey,
    facts: { messages: readonly MessageInput[]; system?: string; tools?: readonly unknown[] },
  ): { input: EventInput; content: { system?: string; messages?: Message[]; tools?: unknown[] } } {
    const messages = facts.messages.map((message) => this.#normalise(message));
    const prints = messages.map((message) => this.#fingerprint(message));
    const kept = commonLength(this.#last?.messages ?? [], prints);
    const base = this.#last !== undefined && kept > 0 ? this.#last : undefined;
    const all = base !== undefined && kept === base.messages.length;
    const input: EventInput = {
      messages: messages.length,
      ...(base === undefined
        ? { reason: this.#last === undefined ? "start" : "compaction" }
        : { base: base.span, ...(all ? {} : { base_messages: kept, reason: "rewind" }) }),
    };
    const added = messages.slice(kept);
    const system = facts.system === this.#system && base !== undefined ? undefined : facts.system;
    const toolsPrint = facts.tools === undefined ? undefined : this.#fingerprint(facts.tools);
    const tools = toolsPrint === this.#tools && base !== undefined ? undefined : facts.tools;
    this.#last = { span, messages: prints };
    this.#system = facts.system;
    this.#tools = toolsPrint;
    return {
      input,
      content: {
        ...(system === undefined ? {} : { system }),
        ...(added.length === 0 ? {} : { messages: added }),
        ...(tools === undefined ? {} : { tools: [...tools] }),
      },
    };
  }

  /** The answer to `span`, which the next prompt will repeat. */
  answer(span: SpanKey, message: MessageInput): Message {
    for (const part of partsOf(message)) {
      const { id, name } = part as { id?: unknown; name?: unknown };
      if (part.type !== "tool_call" || typeof id !== "string" || this.#toolIds.has(id)) continue;
      this.#asked.set(id, {
        id,
        name: String(name),
        ...("arguments" in part ? { arguments: part.arguments } : {}),
      });
    }
    const normal = this.#normalise(message);
    if (this.#last?.span.key === span.key) this.#last.messages.push(this.#fingerprint(normal));
    return normal;
  }

  /** Arguments stand once, in `tool_call`, results once, in `tool_result`. */
  #normalise(message: MessageInput): Message {
    return {
      role: message.role,
      parts: partsOf(message).map((part): Part => {
        const id = (part as { id?: unknown }).id;
        if (typeof id !== "string" || !(this.#toolIds.has(id) || this.#asked.has(id))) return part;
        if (part.type === "tool_call")
          return { type: "tool_call", id, name: String((part as { name?: unknown }).name) };
        return part.type === "tool_call_response" ? { type: "tool_call_response", id } : part;
      }),
    };
  }

  #fingerprint(value: unknown): string {
    try {
      return hash("sha256", JSON.stringify(value) ?? "", "base64");
    } catch {
      // A cycle, or nested too deep: equal to nothing, so it is simply written again.
      return `unequal ${++this.#unequal}`;
    }
  }
}

function partsOf(message: MessageInput): readonly Part[] {
  const given = "parts" in message ? message.parts : message.content;
  return typeof given === "string" ? [{ type: "text", content: given }] : given;
}

function commonLength(known: readonly string[], given: readonly string[]): number {
  let length = 0;
  while (length < known.length && length < given.length && known[length] === given[length]) length++;
  return length;
}
