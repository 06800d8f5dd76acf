/** The blocks of Anthropic messages as parts of a trace: no signatures, no binary data, nothing twice. */

import type { Part } from "@spoor/trace";
import type { JsonObject } from "../adapter.ts";
import { blobOfBlock } from "../binary.ts";
import { asObjects, asString, asText } from "../json.ts";

/** The blocks of a message; a bare string is one text block. */
export function blocksOf(message: JsonObject | undefined): JsonObject[] {
  const content = message?.["content"];
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  return asObjects(content);
}

export function textOf(blocks: readonly JsonObject[]): string {
  return blocks
    .flatMap((block) => (block["type"] === "text" ? (asText(block["text"]) ?? []) : []))
    .join("\n");
}

/** A block of a prompt or an answer as a part; undefined for what has no content of its own. */
export function partOf(block: JsonObject): Part | undefined {
  const type = asText(block["type"]);
  switch (type) {
    case "text":
      return part("text", asText(block["text"]));
    case "thinking":
      return part("reasoning", asText(block["thinking"]));
    case "redacted_thinking":
      return undefined;
    case "tool_use":
    case "server_tool_use":
    case "mcp_tool_use":
      return { type: "tool_call", id: asString(block["id"]) ?? "", name: asString(block["name"]) ?? "" };
    default:
      return blobOfBlock(block) ?? (type === undefined ? undefined : { ...block, type });
  }
}

function part(type: "text" | "reasoning", content: string | undefined): Part | undefined {
  return content === undefined ? undefined : { type, content };
}

export function isToolUse(block: JsonObject): boolean {
  return block["type"] === "tool_use" || isServerToolUse(block);
}

/** Runs at the provider; its result is a block of the answer, not a message of the user. */
export function isServerToolUse(block: JsonObject): boolean {
  return block["type"] === "server_tool_use" || block["type"] === "mcp_tool_use";
}

export function isServerToolResult(block: JsonObject): boolean {
  const type = asText(block["type"]) ?? "";
  return type !== "tool_result" && type.endsWith("_tool_result") && typeof block["tool_use_id"] === "string";
}
