/**
 * Restores the full prompt of any model call.
 *
 * A model call repeats the conversation; the trace writes each byte once and lets every prompt name the call
 * it extends. Following these bases backwards gives the messages, the system text and the tools as they were
 * sent, after redaction. Arguments and results stand in their own records and are put back in their place.
 */

import { joinMessages, messagesOf } from "./messages.ts";
import type { Message, Part, SpanId } from "./record.ts";
import type { ModelSpan, ToolSpan, Trace } from "./span.ts";

/** The prompt of one call, as far as the trace can tell. */
export interface RestoredPrompt {
  model?: string;
  system?: string | Part[];
  tools?: unknown[];
  messages: Message[];
  /** Why it starts where it starts, where it does not extend an earlier call: start, fork, compaction, resume, rewind. */
  reason?: string;
  /** false where the source does not show all of the prompt, a base is not in this file, or content was left out. */
  complete: boolean;
}

/** What one call adds to the conversation, inlined once however often it is restored. */
interface Step {
  prompt: Message[];
  answer: Message[];
}

/**
 * Finds and restores prompts in one folded trace. It goes on from the prompt restored last, so that restoring
 * calls in order costs one step each; remembering all of them would be quadratic in memory.
 */
export class PromptRestorer {
  readonly #models = new Map<SpanId, ModelSpan>();
  readonly #toolsByCallId = new Map<string, ToolSpan>();
  readonly #steps = new Map<SpanId, Step>();
  /** Of each tool name the definition that stands first in the file. */
  readonly #definitions = new Map<string, unknown>();
  readonly #hasContent: boolean;
  /** `prompt.messages` is this object's own and grows; callers get copies. */
  #last: { spanId: SpanId; prompt: RestoredPrompt } | undefined;

  constructor(trace: Trace) {
    this.#hasContent = trace.invocation?.start?.capture?.level !== "metadata";
    for (const span of trace.spans) {
      if (span.kind === "model") this.#models.set(span.span_id, span);
      const callId = span.kind === "tool" ? (span.start?.call_id ?? span.end?.call_id) : undefined;
      if (span.kind === "tool" && callId !== undefined) this.#toolsByCallId.set(callId, span);
    }
    const prompts = [...this.#models.values()].flatMap(({ start }) => start ?? []);
    for (const { content } of prompts.sort((a, b) => a.seq - b.seq))
      for (const tool of toolsOf(content?.tools) ?? []) {
        const name = toolName(tool);
        if (name !== undefined && !this.#definitions.has(name)) this.#definitions.set(name, tool);
      }
  }

  /** A tool told by its name alone is the one whose definition stands first. */
  #defined(tool: unknown): unknown {
    const name = toolName(tool);
    const isNameOnly = name !== undefined && Object.keys(tool as object).length === 1;
    return isNameOnly ? (this.#definitions.get(name) ?? tool) : tool;
  }

  /** @returns undefined where the trace has no such model call. */
  restore(spanId: SpanId): RestoredPrompt | undefined {
    // Walk to the oldest base first: a conversation of ten thousand calls must not be a recursion as deep.
    const chain: ModelSpan[] = [];
    const seen = new Set<SpanId>();
    let next: SpanId | undefined = spanId;
    while (next !== undefined && next !== this.#last?.spanId && !seen.has(next)) {
      seen.add(next);
      const span = this.#models.get(next);
      if (span === undefined) break;
      chain.push(span);
      next = span.start?.input?.base_span_id;
    }
    if (next === undefined || next !== this.#last?.spanId) this.#last = undefined;
    for (const span of chain.toReversed())
      this.#last = { spanId: span.span_id, prompt: this.#extend(span, this.#last) };
    if (this.#last?.spanId !== spanId) return undefined;
    return { ...this.#last.prompt, messages: [...this.#last.prompt.messages] };
  }

  /** @param base The call it extends; undefined where it names none, or one that is not in the file. */
  #extend(span: ModelSpan, base: { spanId: SpanId; prompt: RestoredPrompt } | undefined): RestoredPrompt {
    const prompt = span.start;
    const { base_span_id: baseId, base_messages: kept, reason, complete } = prompt?.input ?? {};
    const messages = base?.prompt.messages ?? [];
    if (base !== undefined) for (const message of this.#stepOf(base.spanId).answer) messages.push(message);
    if (base !== undefined && typeof kept === "number" && kept < messages.length)
      messages.length = Math.max(0, Math.floor(kept));
    const own = this.#stepOf(span.span_id).prompt;
    for (const message of own) messages.push(message);

    const system = prompt?.content?.system ?? base?.prompt.system;
    const tools = toolsOf(prompt?.content?.tools)?.map((tool) => this.#defined(tool)) ?? base?.prompt.tools;
    const model = span.end?.model ?? prompt?.model;
    return {
      ...(model === undefined ? {} : { model }),
      ...(system === undefined ? {} : { system }),
      ...(tools === undefined ? {} : { tools }),
      messages,
      ...(reason === undefined ? {} : { reason }),
      complete:
        this.#hasContent &&
        prompt !== undefined &&
        complete !== false &&
        (baseId === undefined
          ? own.length > 0
          : // Where no message of the base stays, only its system text and tools are taken.
            base?.prompt.complete === true || (base !== undefined && kept === 0)),
    };
  }

  #stepOf(spanId: SpanId): Step {
    let step = this.#steps.get(spanId);
    if (step === undefined) {
      const span = this.#models.get(spanId);
      const inline = (message: Message): Message => this.#inline(message);
      step = {
        prompt: messagesOf(span?.start?.content?.messages).map(inline),
        answer: joinMessages(messagesOf(span?.end?.content?.messages)).map(inline),
      };
      this.#steps.set(spanId, step);
    }
    return step;
  }

  /** Puts arguments and results back where only ids stand. */
  #inline(message: Message): Message {
    return { ...message, parts: message.parts.map((part) => this.#inlinePart(part)) };
  }

  #inlinePart(part: Part): Part {
    const tool = this.#toolsByCallId.get((part as { id?: string }).id ?? "");
    if (part.type === "tool_call" && !("arguments" in part)) {
      const found = tool?.start?.content?.arguments;
      return found === undefined ? part : { ...part, arguments: found };
    }
    if (part.type === "tool_call_response" && !("response" in part)) {
      const found = tool?.end?.content?.result ?? tool?.end?.content?.error_message;
      return found === undefined ? part : { ...part, response: found };
    }
    return part;
  }
}

/** A hostile file may hold anything there. */
function toolsOf(tools: unknown): unknown[] | undefined {
  return Array.isArray(tools) ? tools : undefined;
}

function toolName(tool: unknown): string | undefined {
  const name = tool !== null && typeof tool === "object" ? (tool as { name?: unknown }).name : undefined;
  return typeof name === "string" ? name : undefined;
}
