/**
 * Restores the full prompt of any model call.
 *
 * A model call repeats the conversation; the trace writes each byte once and lets every prompt name the call
 * it extends. Following these bases backwards gives the messages, the system text and the tools as they were
 * sent, after redaction. Arguments and results stand in their own records and are put back in their place.
 */

import { joinMessages } from "./fold-trace.ts";
import type { Message, Part, PromptInput, SpanId } from "./record.ts";
import type { ModelSpan, ToolSpan, Trace } from "./span.ts";

/** The prompt of one call, as far as the trace can tell. */
export interface RestoredPrompt {
  model?: string;
  system?: string | Part[];
  tools?: unknown[];
  messages: Message[];
  /** Why it starts where it starts, where it does not extend an earlier call: start, fork, compaction, resume, rewind. */
  reason?: string;
  /** false where the source does not show all of the prompt, or a base is not in this file. */
  complete: boolean;
}

/**
 * Finds and restores prompts in one folded trace. It remembers the prompt restored last, so that restoring
 * calls in order costs one step each; remembering all would be quadratic in memory.
 */
export class PromptRestorer {
  readonly #models = new Map<SpanId, ModelSpan>();
  readonly #toolsByCallId = new Map<string, ToolSpan>();
  #last: { spanId: SpanId; prompt: RestoredPrompt } | undefined;

  constructor(trace: Trace) {
    for (const span of trace.spans) {
      if (span.kind === "model") this.#models.set(span.span_id, span);
      const callId = span.kind === "tool" ? (span.start?.call_id ?? span.end?.call_id) : undefined;
      if (span.kind === "tool" && callId !== undefined) this.#toolsByCallId.set(callId, span);
    }
  }

  /** @returns undefined where the trace has no such model call. */
  restore(spanId: SpanId): RestoredPrompt | undefined {
    // Walk to the oldest base first: a conversation of ten thousand calls must not be a recursion as deep.
    const chain: ModelSpan[] = [];
    const seen = new Set<SpanId>();
    for (
      let id: SpanId | undefined = spanId;
      id !== undefined && !seen.has(id) && id !== this.#last?.spanId;
    ) {
      seen.add(id);
      const span = this.#models.get(id);
      if (span === undefined) break;
      chain.push(span);
      id = span.start?.input?.base_span_id;
    }
    for (const span of chain.reverse()) this.#last = { spanId: span.span_id, prompt: this.#extend(span) };
    return this.#last?.spanId === spanId ? this.#last.prompt : undefined;
  }

  #extend(span: ModelSpan): RestoredPrompt {
    const prompt = span.start;
    const input: PromptInput = prompt?.input ?? {};
    const content = prompt?.content;
    const base =
      input.base_span_id !== undefined && input.base_span_id === this.#last?.spanId
        ? this.#last.prompt
        : undefined;
    const kept = base === undefined ? [] : this.#afterCall(input.base_span_id as SpanId, base);
    const complete =
      prompt !== undefined &&
      input.complete !== false &&
      (input.base_span_id === undefined || base?.complete === true);
    const system = content?.system ?? base?.system;
    const tools = content?.tools ?? base?.tools;
    const model = span.end?.model ?? prompt?.model;
    return {
      ...(model === undefined ? {} : { model }),
      ...(system === undefined ? {} : { system }),
      ...(tools === undefined ? {} : { tools }),
      messages: [
        ...kept.slice(0, input.base_messages),
        ...(content?.messages ?? []).map((message) => this.#inline(message)),
      ],
      ...(input.reason === undefined ? {} : { reason: input.reason }),
      complete,
    };
  }

  /** A call's prompt and its answer: what the next call extends. */
  #afterCall(spanId: SpanId, prompt: RestoredPrompt): Message[] {
    const answer = this.#models.get(spanId)?.end?.content?.messages ?? [];
    return [...prompt.messages, ...joinMessages(answer).map((message) => this.#inline(message))];
  }

  /** Puts arguments and results back where only ids stand. */
  #inline(message: Message): Message {
    return {
      ...message,
      parts: message.parts.map((part): Part => {
        const tool = this.#toolsByCallId.get((part as { id?: string }).id ?? "");
        if (
          part.type === "tool_call" &&
          !("arguments" in part) &&
          tool?.start?.content?.arguments !== undefined
        )
          return { ...part, arguments: tool.start.content.arguments };
        if (
          part.type === "tool_call_response" &&
          !("response" in part) &&
          tool?.end?.content?.result !== undefined
        )
          return { ...part, response: tool.end.content.result };
        return part;
      }),
    };
  }
}
