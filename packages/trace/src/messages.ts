/** Lists of messages, as contents hold them: taken from unchecked lines, and joined. */

import type { Message } from "./record.ts";

/** The messages of a content field; what a foreign or damaged line has there instead is left out. */
export function messagesOf(value: unknown): Message[] {
  if (!Array.isArray(value)) return [];
  return value.filter(
    (message: Partial<Message> | null) =>
      Array.isArray(message?.parts) &&
      message.parts.every((part) => typeof part === "object" && part !== null),
  );
}

/** Neighbours of one role are one message: a completion read in two halves equals the one read whole. */
export function joinMessages(messages: readonly Message[]): Message[] {
  const joined: Message[] = [];
  let ours = false; // whether the last one is a copy that may grow
  for (const message of messages) {
    const last = joined.at(-1);
    if (last === undefined || last.role !== message.role) {
      joined.push(message);
      ours = false;
    } else if (ours) {
      last.parts.push(...message.parts);
    } else {
      joined[joined.length - 1] = { ...last, parts: [...last.parts, ...message.parts] };
      ours = true;
    }
  }
  return joined;
}
