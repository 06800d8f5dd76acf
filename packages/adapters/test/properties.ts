/** What must hold of any source, whatever it contains; for fixtures and for the samples beside the checkout. */

import { expect } from "vitest";
import type { Adapter, SourceLine } from "../src/adapter.ts";
import type { Event } from "../src/event.ts";
import { ofType, read, readAll } from "./conversations.ts";
import { promptsOf } from "./trace-of.ts";

/** The events of the first lines are the first events of all lines: a file may be imported in two halves. */
export function expectStrictlyIncremental(
  adapter: Adapter,
  lines: readonly SourceLine[],
  cuts: readonly number[],
): void {
  const whole = read(adapter.createParser(), lines).map((event) => JSON.stringify(event));
  for (const cut of cuts) {
    const part = read(adapter.createParser(), lines.slice(0, cut)).map((event) => JSON.stringify(event));
    expect(part, `cut after line ${cut}`).toEqual(whole.slice(0, part.length));
  }
}

/** Of every span one start and one end at most, below the same parent. */
export function expectOneRecordPerSpan(adapter: Adapter, lines: readonly SourceLine[]): void {
  const seen = new Set<string>();
  const parents = new Map<string, unknown>();
  for (const event of readAll(adapter.createParser(), lines)) {
    const span = `${event.span.kind} ${event.span.key}`;
    if (!parents.has(span)) parents.set(span, event.parent);
    expect(event.parent, `parent of ${event.type} ${span}`).toEqual(parents.get(span));
    if (event.type === "amend" || event.span.kind === "point") continue;
    const name = nameOf(event);
    expect(seen.has(name), `${name} twice`).toBe(false);
    seen.add(name);
  }
}

const START_OF: Partial<Record<Event["type"], Event["type"]>> = {
  turn_end: "turn_start",
  completion: "prompt",
  tool_result: "tool_call",
  agent_end: "agent_start",
};

/** Nothing ends that did not start: true of files that have all their lines. */
export function expectStartsBeforeEnds(adapter: Adapter, lines: readonly SourceLine[]): void {
  const seen = new Set<string>();
  for (const event of readAll(adapter.createParser(), lines)) {
    seen.add(nameOf(event));
    const start = START_OF[event.type];
    if (start !== undefined) expect(seen, nameOf(event)).toContain(nameOf({ ...event, type: start }));
  }
}

function nameOf({ type, span }: { type: Event["type"]; span: Event["span"] }): string {
  return `${type} ${span.kind} ${span.key}`;
}

/** Each prompt is the one before it, its answer, and what is new; its count of messages is right. */
export function expectPromptsToExtend(adapter: Adapter, lines: readonly SourceLine[]): void {
  const events = readAll(adapter.createParser(), lines);
  const prompts = promptsOf(events);
  const starts = ofType(events, "prompt");
  for (const [index, prompt] of prompts.entries()) {
    const input = starts[index]?.input;
    expect(prompt).toBeDefined();
    if (input?.messages !== undefined) expect(prompt?.messages, `call ${index}`).toHaveLength(input.messages);
    const baseIndex = starts.findIndex(({ span }) => span.key === input?.base?.key);
    if (baseIndex === -1) continue;
    const base = (prompts[baseIndex]?.messages ?? []).slice(0, input?.base_messages);
    expect(JSON.stringify(prompt?.messages.slice(0, base.length)), `call ${index}`).toBe(
      JSON.stringify(base),
    );
  }
  for (const prompt of prompts) {
    const ids = prompt?.messages.flatMap((message) =>
      message.parts.flatMap((part) => (part.type === "tool_call" ? [(part as { id: string }).id] : [])),
    );
    expect(new Set(ids).size).toBe(ids?.length);
  }
}

/** Neither a line nor an end ever makes the parser throw; what comes out is JSON. */
export function expectToSurvive(adapter: Adapter, lines: readonly SourceLine[]): void {
  const parser = adapter.createParser();
  const events = lines.flatMap((line) => [
    ...parser.read(line),
    ...(line.line % 7 === 0 ? parser.flush("quiet") : []),
  ]);
  events.push(...parser.flush("stop"));
  for (const event of events) {
    expect(event.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(typeof event.span.key).toBe("string");
  }
}
