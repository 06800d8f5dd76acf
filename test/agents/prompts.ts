/**
 * Holds the prompt that spoor restored for a model call against the request that the server got.
 *
 * The three APIs and the trace each have a shape of their own, so both sides are reduced to atoms (a
 * text, a tool call, a tool result) in order. Reasoning is left out: providers get it back encrypted.
 */

import { asArray, asObject, asString } from "../model-server/dialect.ts";
import type { LoggedCall } from "../model-server/index.ts";
import type { RestoredPrompt } from "./spoor.ts";

interface Atom {
  readonly kind: "text" | "call" | "result";
  readonly value: string;
  /** Said in the conversation itself, by the person, the model or a tool; the rest is the agent's own text. */
  readonly conversation: boolean;
}

/** What the prompts of a case are compared by. */
export interface Conversation {
  /** Everything the script's model and the person at the keyboard say. */
  readonly said: ReadonlySet<string>;
  /** The last request of an earlier run that this one goes on from; its part of a prompt is in another trace. */
  readonly earlier?: LoggedCall;
}

/** What is wrong with `restored`, one sentence each; empty when nothing is. */
export function promptDifferences(
  call: LoggedCall,
  restored: RestoredPrompt,
  { said, earlier }: Conversation,
): string[] {
  const sent = atomsSent(call, said);
  const shown = [
    ...textAtoms(restored.system, said),
    ...restored.messages.flatMap((one) => atomsOfMessage(one, said)),
  ];
  const wrong: string[] = [];

  const invented = without(shown, sent).filter((atom) => !sent.some((one) => isTrimmed(one, atom)));
  if (invented.length > 0) wrong.push(`shows what was not sent: ${sample(invented)}`);

  const missing = without(sent, shown).filter((atom) => !shown.some((one) => isTrimmed(atom, one)));
  const elsewhere =
    earlier === undefined ? [] : [...atomsSent(earlier, said), ...atomsAnswered(earlier, said)];
  // Gemini CLI sends the results of an earlier run twice.
  const isElsewhere = (atom: Atom): boolean =>
    elsewhere.some(({ kind, value }) => kind === atom.kind && value === atom.value);
  const missed = restored.complete ? missing : missing.filter((atom) => isSaid(atom) && !isElsewhere(atom));
  if (missed.length > 0) wrong.push(`lacks what was sent: ${sample(missed)}`);

  const talk = (atoms: readonly Atom[]): string =>
    JSON.stringify(atoms.filter(isSaid).map(({ kind, value }) => [kind, value]));
  if (wrong.length === 0 && talk(without(sent, missing)) !== talk(shown))
    wrong.push("has the conversation in another order");
  return wrong;
}

function isSaid({ conversation }: Atom): boolean {
  return conversation;
}

function atomsAnswered({ answer }: LoggedCall, said: ReadonlySet<string>): Atom[] {
  const { text, tools = [] } = answer.step;
  return [...textAtoms(text, said), ...tools.map(({ name, input }) => callAtom(name, input))];
}

/**
 * Codex writes down its instructions whole and then sends them without the lines on tools that are off, so
 * no reader of its file can restore what was sent; every line sent must be there, though.
 */
function isTrimmed(sent: Atom, written: Atom): boolean {
  if (!written.value.startsWith("You are Codex") || !sent.value.startsWith("You are Codex")) return false;
  const lines = new Set(written.value.split("\n"));
  return sent.value.split("\n").every((line) => lines.has(line));
}

function atomsSent({ dialect, body }: LoggedCall, said: ReadonlySet<string>): Atom[] {
  const request = asObject(body);
  switch (dialect) {
    case "anthropic":
      return [
        ...textAtoms(request["system"], said),
        ...asArray(request["messages"]).flatMap((one) => anthropicAtoms(one, said)),
      ];
    case "openai":
      return [
        ...textAtoms(request["instructions"], said),
        ...asArray(request["input"]).flatMap((one) => openaiAtoms(one, said)),
      ];
    case "gemini":
      return [
        ...textAtoms(asObject(request["systemInstruction"])["parts"], said),
        ...asArray(request["contents"]).flatMap((one) => geminiAtoms(one, said)),
      ];
  }
}

function anthropicAtoms(message: unknown, said: ReadonlySet<string>): Atom[] {
  const { content } = asObject(message);
  if (typeof content === "string") return textAtoms(content, said);
  return asArray(content).flatMap((part) => {
    const block = asObject(part);
    switch (block["type"]) {
      case "text":
        return textAtoms(block["text"], said);
      case "tool_use":
        return [callAtom(block["name"], block["input"])];
      case "tool_result":
        return [resultAtom(block["content"])];
      default:
        return [];
    }
  });
}

function openaiAtoms(item: unknown, said: ReadonlySet<string>): Atom[] {
  const { type, content, name, arguments: args, input, output } = asObject(item);
  switch (type) {
    case "message":
    case "agent_message":
      return asArray(content).flatMap((part) => textAtoms(asObject(part)["text"], said));
    case "function_call":
      return [callAtom(name, JSON.parse(asString(args)))];
    case "custom_tool_call":
      return [callAtom(name, input)];
    case "function_call_output":
    case "custom_tool_call_output":
      return [resultAtom(output)];
    default:
      return [];
  }
}

function geminiAtoms(content: unknown, said: ReadonlySet<string>): Atom[] {
  const { parts } = asObject(content);
  return asArray(parts).flatMap((one) => {
    const part = asObject(one);
    const call = asObject(part["functionCall"]);
    const response = asObject(part["functionResponse"]);
    if (part["functionCall"] !== undefined) return [callAtom(call["name"], call["args"])];
    if (part["functionResponse"] !== undefined) return [resultAtom(response["response"])];
    return part["thought"] === true ? [] : textAtoms(part["text"], said);
  });
}

/** A message of the trace: `{role, parts}` in the GenAI conventions' shapes. */
function atomsOfMessage(message: unknown, said: ReadonlySet<string>): Atom[] {
  const { parts } = asObject(message);
  return asArray(parts).flatMap((one) => {
    const part = asObject(one);
    switch (part["type"]) {
      case "text":
        return textAtoms(part["content"], said);
      case "tool_call":
        return [callAtom(part["name"], part["arguments"])];
      case "tool_call_response":
        return [resultAtom(part["response"] ?? part["result"])];
      default:
        return [];
    }
  });
}

/** Texts of a string, or of a list of strings and text parts of any of the shapes. */
function textAtoms(value: unknown, said: ReadonlySet<string>): Atom[] {
  if (Array.isArray(value))
    return value.flatMap((part) =>
      textAtoms(asObject(part)["text"] ?? asObject(part)["content"] ?? part, said),
    );
  const text = asString(value).trim();
  // Claude Code's first system block is a header for billing, not a prompt.
  if (text === "" || text.startsWith("x-anthropic-billing-header:")) return [];
  return [{ kind: "text", value: text, conversation: said.has(text) }];
}

function callAtom(name: unknown, args: unknown): Atom {
  return { kind: "call", value: `${asString(name)} ${canonical(args)}`, conversation: true };
}

/** Results travel as a string, a list of text parts, or an object; their text is what counts. */
function resultAtom(result: unknown): Atom {
  return { kind: "result", value: textOfResult(result), conversation: true };
}

function textOfResult(result: unknown): string {
  if (typeof result === "string") return result.trim();
  if (Array.isArray(result))
    return result
      .map((part) => textOfResult(asObject(part)["text"] ?? asObject(part)["content"] ?? ""))
      .join("\n");
  const { output, error } = asObject(result); // Gemini wraps its results in one of the two
  if (typeof (output ?? error) === "string") return asString(output ?? error).trim();
  return canonical(result);
}

function canonical(value: unknown): string {
  return JSON.stringify(value ?? null, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** `atoms` less those of `others`, each of which takes away one. */
function without(atoms: readonly Atom[], others: readonly Atom[]): Atom[] {
  const left = new Map<string, number>();
  for (const { kind, value } of others) left.set(`${kind} ${value}`, (left.get(`${kind} ${value}`) ?? 0) + 1);
  return atoms.filter(({ kind, value }) => {
    const count = left.get(`${kind} ${value}`) ?? 0;
    if (count > 0) left.set(`${kind} ${value}`, count - 1);
    return count === 0;
  });
}

function sample(atoms: readonly Atom[]): string {
  const shown = atoms
    .slice(0, 2)
    .map(({ kind, value }) => `${kind} ${JSON.stringify(value.slice(0, 90))} (${value.length})`);
  return `${shown.join(", ")}${atoms.length > 2 ? ` and ${atoms.length - 2} more` : ""}`;
}
