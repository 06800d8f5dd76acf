/**
 * The Gemini API's generateContent, streaming and not, as far as Gemini CLI uses it.
 * Fields: ai.google.dev, "GenerateContentResponse".
 */

import type { Answer, Dialect, ModelRequest } from "./dialect.ts";
import { asArray, asObject, asString, roughTokens } from "./dialect.ts";

const MODEL_PATH = /^\/v1(?:beta)?\/models\/([^/:]+):(\w+)$/;

export const gemini: Dialect = {
  name: "gemini",

  read(path, body): ModelRequest | undefined {
    const [, model, method] = MODEL_PATH.exec(path) ?? [];
    if (method !== "generateContent" && method !== "streamGenerateContent") return undefined;
    const request = asObject(body);
    const userTexts = asArray(request["contents"])
      .map(asObject)
      .filter((content) => content["role"] !== "model")
      .flatMap((content) => asArray(content["parts"]).map((part) => asString(asObject(part)["text"])));
    return {
      model: model ?? "",
      stream: method === "streamGenerateContent",
      userTexts,
      // Gemini CLI's questions to itself (routing, next speaker, summaries) offer the model no tools.
      aside: asArray(request["tools"]).length === 0,
    };
  },

  lesser(path, body) {
    if (MODEL_PATH.exec(path)?.[2] === "countTokens") return { totalTokens: roughTokens(body) };
    return undefined;
  },

  // The API leaves ids out; the CLI makes its own.
  toolCallId: () => undefined,

  message(answer) {
    return chunk(answer, partsOf(answer), true);
  },

  events(answer) {
    const parts = partsOf(answer);
    const events = parts.map((part, index) => ({ data: chunk(answer, [part], index === parts.length - 1) }));
    return { events, pauseAfter: 1 };
  },
};

function partsOf({ step, usage }: Answer): object[] {
  const parts: object[] = [];
  if (step.thinking !== undefined) parts.push({ text: step.thinking, thought: true });
  if (step.text !== undefined) parts.push({ text: step.text });
  for (const tool of step.tools ?? []) parts.push({ functionCall: { name: tool.name, args: tool.input } });
  // An answer without parts is a fault to the CLI, which then asks again.
  if (parts.length === 0) parts.push({ text: usage.output > 0 ? "ok" : "" });
  return parts;
}

function chunk(answer: Answer, parts: readonly object[], last: boolean): object {
  const candidate = {
    index: 0,
    content: { role: "model", parts },
    ...(last ? { finishReason: "STOP" } : {}),
  };
  return {
    candidates: [candidate],
    usageMetadata: usageOf(answer),
    modelVersion: answer.model,
    responseId: answer.id,
  };
}

/** Gemini's prompt count includes the cache, its candidates count leaves the thoughts out. */
function usageOf({ usage }: Answer): object {
  return {
    promptTokenCount: usage.input,
    cachedContentTokenCount: usage.cacheRead,
    candidatesTokenCount: usage.output - usage.reasoning,
    thoughtsTokenCount: usage.reasoning,
    totalTokenCount: usage.input + usage.output,
  };
}
