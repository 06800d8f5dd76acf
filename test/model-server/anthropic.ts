/**
 * The Anthropic Messages API, streaming and not, as far as Claude Code uses it.
 * Event order and fields: docs.anthropic.com, "Streaming Messages".
 */

import type { Answer, Dialect, ModelRequest, ServerSentEvent } from "./dialect.ts";
import { asArray, asObject, asString, roughTokens } from "./dialect.ts";

export const anthropic: Dialect = {
  name: "anthropic",

  read(path, body): ModelRequest | undefined {
    if (path !== "/v1/messages") return undefined;
    const request = asObject(body);
    const userTexts = asArray(request["messages"])
      .map(asObject)
      .filter((message) => message["role"] === "user")
      .flatMap((message) => textsOf(message["content"]));
    return {
      model: asString(request["model"]),
      stream: request["stream"] === true,
      userTexts,
      // Claude Code's questions to itself (titles, quota probes) offer the model no tools.
      aside: asArray(request["tools"]).length === 0,
    };
  },

  lesser(path, body) {
    if (path === "/v1/messages/count_tokens") return { input_tokens: roughTokens(body) };
    return undefined;
  },

  toolCallId: (answerId, index) => `toolu_${answerId}_${index}`,

  message(answer) {
    return {
      ...envelope(answer),
      content: blocksOf(answer),
      stop_reason: stopReasonOf(answer),
      usage: { ...inputUsage(answer), ...outputUsage(answer) },
    };
  },

  events(answer) {
    const opening: ServerSentEvent = event("message_start", {
      message: {
        ...envelope(answer),
        content: [],
        stop_reason: null,
        usage: { ...inputUsage(answer), output_tokens: 1 },
      },
    });
    const blocks = blocksOf(answer).map(eventsOfBlock);
    const closing = [
      event("message_delta", {
        delta: { stop_reason: stopReasonOf(answer), stop_sequence: null },
        usage: { ...inputUsage(answer), ...outputUsage(answer) },
      }),
      event("message_stop", {}),
    ];
    return { events: [opening, ...blocks.flat(), ...closing], pauseAfter: 1 + (blocks[0]?.length ?? 0) };
  },
};

type Block =
  | { readonly type: "thinking"; readonly thinking: string; readonly signature: string }
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "tool_use"; readonly id: string; readonly name: string; readonly input: unknown };

function blocksOf({ step, id }: Answer): Block[] {
  const blocks: Block[] = [];
  if (step.thinking !== undefined) {
    blocks.push({ type: "thinking", thinking: step.thinking, signature: Buffer.from(id).toString("base64") });
  }
  if (step.text !== undefined) blocks.push({ type: "text", text: step.text });
  for (const [index, tool] of (step.tools ?? []).entries()) {
    blocks.push({ type: "tool_use", id: `toolu_${id}_${index}`, name: tool.name, input: tool.input });
  }
  return blocks;
}

function eventsOfBlock(block: Block, index: number): ServerSentEvent[] {
  const delta = (value: object): ServerSentEvent => event("content_block_delta", { index, delta: value });
  const start = (value: object): ServerSentEvent =>
    event("content_block_start", { index, content_block: value });
  const stop = event("content_block_stop", { index });
  switch (block.type) {
    case "thinking":
      return [
        start({ type: "thinking", thinking: "", signature: "" }),
        delta({ type: "thinking_delta", thinking: block.thinking }),
        delta({ type: "signature_delta", signature: block.signature }),
        stop,
      ];
    case "text":
      return [start({ type: "text", text: "" }), delta({ type: "text_delta", text: block.text }), stop];
    case "tool_use":
      return [
        start({ type: "tool_use", id: block.id, name: block.name, input: {} }),
        delta({ type: "input_json_delta", partial_json: JSON.stringify(block.input) }),
        stop,
      ];
  }
}

function event(type: string, fields: object): ServerSentEvent {
  return { event: type, data: { type, ...fields } };
}

function envelope({ id, model }: Answer): object {
  return { id: `msg_${id}`, type: "message", role: "assistant", model, stop_sequence: null };
}

function stopReasonOf({ step }: Answer): string {
  return (step.tools ?? []).length > 0 ? "tool_use" : "end_turn";
}

/** Anthropic's input count leaves the cache out. */
function inputUsage({ usage }: Answer): object {
  return {
    input_tokens: usage.input - usage.cacheRead - usage.cacheWrite,
    cache_creation_input_tokens: usage.cacheWrite,
    cache_read_input_tokens: usage.cacheRead,
  };
}

function outputUsage({ usage }: Answer): object {
  return { output_tokens: usage.output, output_tokens_details: { thinking_tokens: usage.reasoning } };
}

function textsOf(content: unknown): string[] {
  if (typeof content === "string") return [content];
  return asArray(content)
    .map(asObject)
    .filter((block) => block["type"] === "text")
    .map((block) => asString(block["text"]));
}
