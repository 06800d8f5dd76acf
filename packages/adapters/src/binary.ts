/**
 * Binary parts of messages (images, documents) become their size and hash: a trace is read by people and
 * `jq`, and megabytes of base64 tell neither anything.
 */

import { hash } from "node:crypto";
import type { Part } from "@spoor/trace";
import type { JsonObject } from "./adapter.ts";
import { asObject, asText, at } from "./json.ts";

function blobPart(mimeType: string, base64: string): Part {
  const bytes = Buffer.from(base64, "base64");
  return { type: "blob", mime_type: mimeType, bytes: bytes.length, sha256: hash("sha256", bytes, "hex") };
}

/** A content block of the Anthropic or OpenAI kind that holds data itself, as a blob; undefined for others. */
export function blobOfBlock(block: JsonObject): Part | undefined {
  const source = asObject(block["source"]);
  if (source !== undefined && source["type"] === "base64")
    return blobPart(asText(source["media_type"]) ?? "application/octet-stream", asText(source["data"]) ?? "");
  const inline = asObject(block["inlineData"]);
  if (inline !== undefined)
    return blobPart(asText(inline["mimeType"]) ?? "application/octet-stream", asText(inline["data"]) ?? "");
  const url =
    asText(block["image_url"]) ?? asText(at(block, "image_url", "url")) ?? asText(block["file_data"]);
  const dataUrl = /^data:([^;,]+);base64,/.exec(url ?? "");
  return dataUrl === null || url === undefined
    ? undefined
    : blobPart(dataUrl[1] ?? "", url.slice(dataUrl[0].length));
}
