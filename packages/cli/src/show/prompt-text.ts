/** A restored prompt for people: what the model was sent, in order. */

import type { Message, Part, RestoredPrompt } from "@spoor/trace";
import { jsonText } from "../json.ts";
import { type Line, linesOf, styled } from "../terminal/screen.ts";

export function promptLines(prompt: RestoredPrompt): Line[] {
  const { model = "unknown model", system, tools = [], messages, complete, reason } = prompt;
  return [
    [
      styled(model, "bold"),
      ` · ${messages.length} message${messages.length === 1 ? "" : "s"} · `,
      complete
        ? styled("complete", "green")
        : styled("not complete: the source does not show all of it", "yellow"),
      reason === undefined ? "" : ` · ${String(reason)}`,
    ],
    ...(system === undefined
      ? []
      : section("system", typeof system === "string" ? linesOf(system) : partsLines(system))),
    ...(tools.length === 0 ? [] : section("tools", [[tools.map(toolName).join(", ")]])),
    ...messages.flatMap(({ role, parts }: Message) => section(String(role), partsLines(parts))),
  ];
}

function section(title: string, lines: readonly Line[]): Line[] {
  return [[], [styled(`── ${title} ──`, "cyan")], ...lines];
}

function partsLines(parts: readonly Part[]): Line[] {
  return parts.filter((part) => part !== null && typeof part === "object").flatMap(partLines);
}

function partLines(part: Part): Line[] {
  const { type, content, name, id, arguments: args, response } = part as Record<string, unknown>;
  if (type === "text" && typeof content === "string") return linesOf(content);
  if (type === "reasoning" && typeof content === "string") return linesOf(content, "dim");
  if (type === "tool_call")
    return [[styled(`${String(name)} `, "bold"), styled(`(${String(id)})`, "dim")], ...valueLines(args)];
  if (type === "tool_call_response")
    return [[styled(`result of ${String(id)}`, "dim")], ...valueLines(response)];
  return valueLines(part);
}

function valueLines(value: unknown): Line[] {
  if (value === undefined) return [];
  return linesOf(typeof value === "string" ? value : jsonText(value, 2));
}

/** Tool definitions are the provider's own: a name at the top, or inside `function`. */
function toolName(tool: unknown): string {
  const { name, function: inner, type } = (tool ?? {}) as Record<string, unknown>;
  const own = name ?? (inner as Record<string, unknown> | undefined)?.["name"] ?? type;
  return typeof own === "string" ? own : "?";
}
