import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { encodeLine } from "../src/encode-line.ts";
import { foldTrace } from "../src/fold-trace.ts";
import { readEntries } from "../src/read-entries.ts";
import { ENVELOPE_FIELDS, HEAD_FIELDS, type TraceRecord } from "../src/record.ts";
import { PromptRestorer } from "../src/restore-prompt.ts";
import type { Trace } from "../src/span.ts";

const goldenPath = (name: string): string =>
  fileURLToPath(new URL(`../../../fixtures/traces/v1/${name}`, import.meta.url));
const schema = JSON.parse(
  readFileSync(new URL("../../../docs/trace-format.schema.json", import.meta.url), "utf8"),
) as { $defs: Record<string, { properties: object }>; properties: object };
const isValid = new Ajv2020({
  allErrors: true,
  strict: true,
  strictTypes: false,
  strictRequired: false,
}).compile(schema);

const NAMES = ["whole", "torn", "malformed", "unknown-types", "amended", "from-the-future"];

describe.each(NAMES)("the golden file of version 1 that is %s", (name) => {
  const path = goldenPath(`${name}.jsonl`);
  const entries = [...readEntries(path)];

  test("folds as it always did", async () => {
    const json = `${JSON.stringify(foldTrace(entries), null, 2)}\n`;
    await expect(json).toMatchFileSnapshot(goldenPath(`folds/${name}.json`));
  });

  test("folds to the same spans, without content, from its heads", () => {
    const heads = foldTrace(readEntries(path, { headOnly: true }));
    expect(heads).toEqual(withoutContent(foldTrace(entries)));
  });

  test("has only records that the schema allows and that encode to the bytes they came from", () => {
    const lines = readFileSync(path);
    for (const entry of entries) {
      if (entry.kind !== "record") continue;
      isValid(entry.record);
      expect(isValid.errors, JSON.stringify(entry.record)).toBeNull();
      const line = lines.toString("utf8", entry.offset, entry.offset + entry.length);
      expect(encodeLine(entry.record).line).toBe(`${line.replaceAll(/^[\uFEFF\0]+|\r$/g, "")}\n`);
    }
  });
});

function withoutContent(trace: Trace): unknown {
  return JSON.parse(JSON.stringify(trace), (key, value: unknown) => (key === "content" ? undefined : value));
}

test("a record of a version to come is reported and not guessed at", () => {
  const [entry] = readEntries(goldenPath("from-the-future.jsonl"));
  expect(entry).toMatchObject({
    kind: "malformed",
    loss: "unknown",
    reason: expect.stringContaining("got 2"),
  });
  expect(
    isValid({
      ...JSON.parse(readFileSync(goldenPath("from-the-future.jsonl"), "utf8").split("\n")[0] as string),
    }),
  ).toBe(false);
});

test("the last prompt of the whole file is restored with what its tools were asked and answered", () => {
  const trace = foldTrace(readEntries(goldenPath("whole.jsonl")));
  const last = trace.spans.findLast((one) => one.kind === "model" && one.name.includes("opus"));
  expect(new PromptRestorer(trace).restore(last?.span_id ?? "")).toMatchInlineSnapshot(`
    {
      "complete": true,
      "messages": [
        {
          "parts": [
            {
              "content": "review pull request 12",
              "type": "text",
            },
          ],
          "role": "user",
        },
        {
          "parts": [
            {
              "content": "I run the tests and let a second pair of eyes look at the rounding.",
              "type": "text",
            },
            {
              "arguments": {
                "command": "npm test",
                "description": "Run the tests",
              },
              "id": "toolu_01",
              "name": "Bash",
              "type": "tool_call",
            },
            {
              "arguments": {
                "prompt": "Where are prices rounded?",
                "subagent_type": "Explore",
              },
              "id": "toolu_02",
              "name": "Task",
              "type": "tool_call",
            },
          ],
          "role": "assistant",
        },
        {
          "parts": [
            {
              "id": "toolu_01",
              "response": "FAIL test/total.test.ts
      expected 10.01 € to equal 10.00 €
    ",
              "type": "tool_call_response",
            },
          ],
          "role": "tool",
        },
        {
          "parts": [
            {
              "id": "toolu_02",
              "response": "In src/total.ts, line 40: twice.",
              "type": "tool_call_response",
            },
          ],
          "role": "tool",
        },
      ],
      "model": "claude-opus-4-5-20251101",
      "system": "You review code.",
      "tools": [
        {
          "name": "Bash",
        },
        {
          "name": "Task",
        },
      ],
    }
  `);
});

describe("the schema", () => {
  test("lists every field of every type, and no other", () => {
    expect(Object.keys(schema.properties)).toEqual([...ENVELOPE_FIELDS, "content"]);
    for (const [type, fields] of Object.entries(HEAD_FIELDS)) {
      if (type === "amend") continue;
      const listed = Object.keys(schema.$defs[type]?.properties ?? {}).filter((field) => field !== "content");
      expect(listed, type).toEqual(fields);
    }
  });

  const [start] = readEntries(goldenPath("whole.jsonl"));
  const good = (start as { record: TraceRecord }).record;
  test.each<[string, object]>([
    ["another version", { v: 2 }],
    ["a time without milliseconds", { time: "2026-11-20T09:14:03Z" }],
    ["a span id of zeros", { span_id: "0".repeat(16) }],
    ["a negative seq", { seq: -1 }],
    ["an origin that is not in the list", { origin: "guessed" }],
    ["no agent", { agent: undefined }],
    ["content that is a text", { content: "hello" }],
  ])("refuses %s", (_, change) => {
    expect(isValid(JSON.parse(JSON.stringify({ ...good, ...change })))).toBe(false);
  });

  test("allows types and fields it does not know", () => {
    expect(isValid({ ...good, region: "eu" })).toBe(true);
    expect(isValid({ ...good, type: "thought" })).toBe(true);
  });
});
