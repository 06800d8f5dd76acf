/**
 * The OpenAI Responses API, streaming and not, as far as Codex uses it.
 * Event names and fields: platform.openai.com, "Responses streaming events".
 */

import type { Answer, Dialect, ModelRequest, ServerSentEvent } from "./dialect.ts";
import { asArray, asObject, asString } from "./dialect.ts";

export const openai: Dialect = {
  name: "openai",

  read(path, body): ModelRequest | undefined {
    if (path !== "/v1/responses") return undefined;
    const request = asObject(body);
    const input =
      typeof request["input"] === "string" ? [{ role: "user", content: request["input"] }] : request["input"];
    const userTexts = asArray(input)
      .map(asObject)
      // A sub-agent of Codex gets its task as an `agent_message`.
      .filter((item) => item["role"] === "user" || item["type"] === "agent_message")
      .flatMap((item) => textsOf(item["content"]));
    return {
      model: asString(request["model"]),
      stream: request["stream"] === true,
      userTexts,
      // Codex asks for a conversation's title in a thread of its own and says so.
      aside: JSON.stringify(request["client_metadata"] ?? {}).includes("thread_title"),
    };
  },

  lesser: () => undefined,

  toolCallId: (answerId, index) => `call_${answerId}_${index}`,

  message(answer) {
    return {
      ...envelope(answer, "completed"),
      output: itemsOf(answer),
      usage: usageOf(answer),
    };
  },

  events(answer) {
    const opening = event("response.created", {
      response: { ...envelope(answer, "in_progress"), output: [] },
    });
    const items = itemsOf(answer).map(eventsOfItem);
    const closing = event("response.completed", { response: this.message(answer) });
    return { events: [opening, ...items.flat(), closing], pauseAfter: 1 + (items[0]?.length ?? 0) };
  },
};

type Item = Readonly<Record<string, unknown>> & { readonly type: string; readonly id: string };

function itemsOf({ step, id }: Answer): Item[] {
  const items: Item[] = [];
  if (step.thinking !== undefined) {
    items.push({
      type: "reasoning",
      id: `rs_${id}`,
      summary: [{ type: "summary_text", text: step.thinking }],
      encrypted_content: Buffer.from(id).toString("base64"),
    });
  }
  if (step.text !== undefined) {
    const content = [{ type: "output_text", text: step.text, annotations: [] }];
    items.push({ type: "message", id: `msg_${id}`, role: "assistant", status: "completed", content });
  }
  for (const [index, tool] of (step.tools ?? []).entries()) {
    const { name, namespace } = tool;
    const call = {
      call_id: `call_${id}_${index}`,
      name,
      ...(namespace && { namespace }),
      status: "completed",
    };
    items.push(
      typeof tool.input === "string"
        ? { type: "custom_tool_call", id: `ctc_${id}_${index}`, ...call, input: tool.input }
        : { type: "function_call", id: `fc_${id}_${index}`, ...call, arguments: JSON.stringify(tool.input) },
    );
  }
  return items;
}

function eventsOfItem(item: Item, index: number): ServerSentEvent[] {
  const place = { output_index: index, item_id: item.id };
  const deltas: ServerSentEvent[] = [];
  if (item.type === "message") {
    const text = asString(asObject(asArray(item["content"])[0])["text"]);
    deltas.push(event("response.output_text.delta", { ...place, content_index: 0, delta: text }));
  }
  if (item.type === "reasoning") {
    const text = asString(asObject(asArray(item["summary"])[0])["text"]);
    deltas.push(
      event("response.reasoning_summary_part.added", { ...place, summary_index: 0 }),
      event("response.reasoning_summary_text.delta", { ...place, summary_index: 0, delta: text }),
    );
  }
  return [
    event("response.output_item.added", { output_index: index, item: emptied(item) }),
    ...deltas,
    event("response.output_item.done", { output_index: index, item }),
  ];
}

/** An item as it is announced, before its text has come. */
function emptied(item: Item): Item {
  if (item.type === "message") return { ...item, status: "in_progress", content: [] };
  if (item.type === "reasoning") return { ...item, summary: [] };
  if (item.type === "function_call") return { ...item, status: "in_progress", arguments: "" };
  return { ...item, status: "in_progress", input: "" };
}

function event(type: string, fields: object): ServerSentEvent {
  return { event: type, data: { type, ...fields } };
}

function envelope({ id, model }: Answer, status: string): object {
  return { id: `resp_${id}`, object: "response", created_at: 0, status, model, error: null };
}

/** OpenAI's input count includes the cache and its output count includes reasoning, as ours do. */
function usageOf({ usage }: Answer): object {
  return {
    input_tokens: usage.input,
    input_tokens_details: { cached_tokens: usage.cacheRead, cache_write_tokens: usage.cacheWrite },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: usage.input + usage.output,
  };
}

function textsOf(content: unknown): string[] {
  if (typeof content === "string") return [content];
  return (
    asArray(content)
      .map(asObject)
      // What one agent of Codex writes to another comes "encrypted"; on its way through this server it is plain.
      .map((part) =>
        asString(part["type"] === "encrypted_content" ? part["encrypted_content"] : part["text"]),
      )
  );
}
