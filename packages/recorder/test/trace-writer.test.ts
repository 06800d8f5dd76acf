import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRedactor, type Redactor } from "@spoor/redactor";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Draft, TraceFile } from "../src/trace-file.ts";
import { type Level, TraceWriter } from "../src/trace-writer.ts";

const SECRET = `gh${"p_"}${"aB3dE5gH7jK9mN2pQ4sT6vW8xY1zC0fL5hR7"}`;

let store: string;
let path: string;
beforeEach(() => {
  store = mkdtempSync(join(tmpdir(), "spoor-writer-"));
  path = join(store, "traces", "2026-01-01", "000000-plain-000000000000.jsonl");
});
afterEach(() => rmSync(store, { recursive: true, force: true }));

function writer(level: Level, redactor: Redactor = createRedactor({})): TraceWriter {
  const opened = TraceFile.create(store, path);
  if (opened.kind === "refused") throw new Error(opened.reason);
  return new TraceWriter(opened.file, redactor, level);
}

function draft(fields: Record<string, unknown>): Draft {
  return {
    type: "tool_result",
    time: "2026-01-01T00:00:00.000Z",
    invocation_id: "01990000-0000-7000-8000-000000000000",
    span_id: "00000000000000aa",
    ...fields,
  } as unknown as Draft;
}

const stored = (): string => readFileSync(path, "utf8");

describe("at level metadata", () => {
  test("no content is written, and none is looked at", () => {
    const seen: unknown[] = [];
    const watching: Redactor = {
      redactText: (text) => text,
      learn: () => {},
      counts: {},
      failures: 0,
      redactValue: (value) => {
        seen.push(value);
        return value;
      },
    };
    writer("metadata", watching).write(draft({ name: "Bash", content: { result: "hello" } }));
    expect(stored()).toContain('"name":"Bash"');
    expect(stored()).not.toContain("content");
    expect(seen).toEqual(["Bash"]);
  });

  test("a writer may arrive on its way", () => {
    const one = writer("full");
    one.write(draft({ content: { result: "first" } }));
    one.suppressContent();
    one.write(draft({ content: { result: "second" } }));
    expect(one.level).toBe("metadata");
    expect(stored()).toContain("first");
    expect(stored()).not.toContain("second");
  });
});

describe("a secret is removed", () => {
  test.each([
    ["content", { content: { result: SECRET } }],
    ["a key of content", { content: { result: { [SECRET]: 1 } } }],
    ["an agent's own word in the head", { name: SECRET }],
    ["a nested one", { error: { type: SECRET } }],
    ["a field that nobody knows", { unheard_of: [SECRET] }],
  ])("from %s, and counted", (_, fields) => {
    const one = writer("full");
    one.write(draft(fields));
    expect(stored()).not.toContain(SECRET);
    expect(Object.keys(one.redactions)).toHaveLength(1);
  });

  test("from the fields of an event and an amendment, whatever their names", () => {
    const one = writer("full");
    for (const type of ["event", "amend"])
      one.write({ ...draft({ status: SECRET, usage: { input_tokens: SECRET } }), type } as unknown as Draft);
    expect(stored()).not.toContain(SECRET);
  });
});

test("what a redactor withholds and what a file cuts is told among the losses", () => {
  const one = writer("full");
  one.write(draft({ content: { result: "x".repeat(2 ** 21) } }));
  one.lose("unknown", 2);
  one.lose("unknown");
  one.lose("torn", 0);
  expect(one.losses).toEqual({ unknown: 3, truncated: 1 });
  const failing: Redactor = { ...createRedactor({}), counts: {}, failures: 4 };
  expect(new TraceWriter(one.file, failing, "full").losses).toMatchObject({ redaction_failed: 4 });
});
