/** What lines tell of a request, besides its messages: system text, tools, parameters. */

import type { Part } from "@spoor/trace";
import type { JsonObject } from "../adapter.ts";
import { asArray, asCount, asNumber, asObjects, asText, at } from "../json.ts";
import { partOf } from "./content.ts";

export interface SetUp {
  system: Part[];
  /** Absent: not told here. */
  tools?: unknown[];
}

/** `api-request-shape`: as it was sent. */
export function setUpOfShape(shape: JsonObject): SetUp | undefined {
  return setUpOf(
    asObjects(shape["system"]).flatMap((block) => partOf(block) ?? []),
    shape["tools"],
  );
}

/** `prompt_snapshot`: as the harness has it; the tools stand in its second one, after the first answer. */
export function setUpOfSnapshot(snapshot: JsonObject): SetUp | undefined {
  const texts = [snapshot["cliPrefix"], ...asArray(snapshot["systemPrompt"])];
  return setUpOf(
    texts.flatMap((text) => partOf({ type: "text", text }) ?? []),
    snapshot["tools"],
  );
}

function setUpOf(system: Part[], tools: unknown): SetUp | undefined {
  if (system.length === 0) return undefined;
  return Array.isArray(tools) ? { system, tools } : { system };
}

export function parametersOf(params: JsonObject | undefined): Record<string, unknown> | undefined {
  const parameters: Record<string, unknown> = {};
  const maxTokens = asCount(params?.["max_tokens"]);
  const temperature = asNumber(params?.["temperature"]);
  const effort = asText(params?.["effort"]) ?? asText(at(params, "output_config", "effort"));
  if (maxTokens !== undefined) parameters["max_tokens"] = maxTokens;
  if (temperature !== undefined) parameters["temperature"] = temperature;
  if (effort !== undefined) parameters["effort"] = effort;
  return Object.keys(parameters).length === 0 ? undefined : parameters;
}
