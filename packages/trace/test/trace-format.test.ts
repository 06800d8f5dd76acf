/** The page docs/trace-format.md against the code: its tables, its example, its queries. */

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeLine } from "../src/encode-line.ts";
import { foldTrace } from "../src/fold-trace.ts";
import { totalsOf } from "../src/invocation.ts";
import { readEntries } from "../src/read-entries.ts";
import {
  ENVELOPE_FIELDS,
  HEAD_FIELDS,
  LOSS_KINDS,
  type RecordType,
  type TraceRecord,
} from "../src/record.ts";
import { PromptRestorer } from "../src/restore-prompt.ts";

const page = readFileSync(new URL("../../../docs/trace-format.md", import.meta.url), "utf8");
const schema = JSON.parse(
  readFileSync(new URL("../../../docs/trace-format.schema.json", import.meta.url), "utf8"),
) as object;
const golden = fileURLToPath(new URL("../../../fixtures/traces/v1/", import.meta.url));

/** What stands under a heading, up to the next one. */
function section(heading: string): string {
  const after = page.split(`\n${heading}\n`)[1];
  if (after === undefined) throw new Error(`no heading "${heading}"`);
  return after.split(/\n#+ /)[0] ?? "";
}

/** The names in the first column of a section's table, in order. */
function rows(text: string): string[] {
  const cells = [...text.matchAll(/^\| (`[^|]*`) \|/gm)].map(([, cell]) => cell ?? "");
  return cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name ?? ""));
}

describe("the page's tables", () => {
  test("list the envelope in order", () => {
    expect(rows(section("### The envelope"))).toEqual(ENVELOPE_FIELDS);
  });

  test.each(Object.keys(HEAD_FIELDS) as RecordType[])("list the fields of %s in order", (type) => {
    expect(rows(section(`### \`${type}\``))).toEqual(HEAD_FIELDS[type]);
  });

  test("name every kind of loss", () => {
    for (const kind of LOSS_KINDS) expect(section("### What can be lost")).toContain(`\`${kind}\``);
  });
});

describe("the page's example", () => {
  const [, jsonl = ""] = /```jsonl\n([^`]*)```/.exec(page) ?? [];
  const lines = jsonl.split("\n").slice(0, -1);
  const isValid = new Ajv2020({ strictTypes: false }).compile(schema);
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "trace-format-"));
    writeFileSync(join(folder, "example.jsonl"), jsonl);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("keeps the schema, the key order and every rule of the format", () => {
    for (const line of lines) {
      const record = JSON.parse(line) as TraceRecord;
      isValid(record);
      expect(isValid.errors, line).toBeNull();
      expect(encodeLine(record).line).toBe(`${line}\n`);
    }
    const trace = foldTrace(readEntries(join(folder, "example.jsonl")));
    expect(trace.losses).toEqual({});
    expect(totalsOf(trace)).toEqual(trace.invocation?.end?.totals);
    for (const span of trace.spans) {
      if (span.kind !== "model") continue;
      const restored = new PromptRestorer(trace).restore(span.span_id);
      expect(restored).toMatchObject({ complete: true, messages: { length: span.start?.input.messages } });
    }
  });

  test("is named as its file would be", () => {
    const { invocation_id: id } = JSON.parse(lines[0] ?? "") as TraceRecord;
    expect(page).toContain(`traces/2026-11-20/091403-claude-code-${id.slice(-12)}.jsonl`);
  });
});

const hasJq = spawnSync("jq", ["--version"]).status === 0;
if (!hasJq) console.warn("jq is not on this machine: the queries of docs/trace-format.md are NOT tested");

describe.runIf(hasJq)("the page's jq queries", () => {
  const questions = [...page.matchAll(/^### (\d+\. .*)$[^#]*?```sh\n([^`]*)```/gm)];
  const ask = (number: number, files: string): string => {
    const query = questions.find(([, title]) => title?.startsWith(`${number}. `))?.[2] ?? "exit 1";
    const script = query.replace("traces/*/*.jsonl", files);
    return execFileSync("sh", ["-c", script], { encoding: "utf8", cwd: golden });
  };

  test("are ten", () => {
    expect(questions.map(([, title]) => Number.parseInt(title ?? "", 10))).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
  });

  test("tell which runs there are, torn ones too", () => {
    expect(ask(1, "torn.jsonl malformed.jsonl amended.jsonl")).toMatchInlineSnapshot(`
      "["01a1f83b-fbf0-7254-a5f7-c99b6d3f00d2","claude-code","no end",null]
      ["01a1f83b-fbf0-76f8-8a9c-6e3001d3a577",null,"crashed",6000]
      ["01a1f83b-fbf0-7b9d-af31-02d4a6784a1b","claude-code","success",3100]
      "
    `);
  });

  test("tell the tokens of each model, amendments applied", () => {
    expect(ask(2, "whole.jsonl amended.jsonl")).toMatchInlineSnapshot(`
      "["claude-haiku-4-5-20251001",512,18]
      ["claude-opus-4-5-20251101",4250,211]
      "
    `);
  });

  test("tell which tools fail", () => {
    expect(ask(3, "whole.jsonl amended.jsonl")).toMatchInlineSnapshot(`
      "["Bash",2,1]
      ["Task",1,0]
      "
    `);
  });

  test("tell which calls took longest", () => {
    expect(ask(4, "whole.jsonl amended.jsonl")).toMatchInlineSnapshot(`
      "["Task",2800,"d3c3fbc1d8bae905"]
      ["Bash",1700,"123c125bd61d3095"]
      ["Bash",500,"feaaeaffdbcf92b4"]
      "
    `);
  });

  test("tell which commands were run", () => {
    expect(ask(5, "whole.jsonl amended.jsonl")).toMatchInlineSnapshot(`
      "["npm test",1]
      ["mv old new",0]
      "
    `);
  });

  test("tell what was in flight", () => {
    expect(ask(6, "torn.jsonl amended.jsonl")).toMatchInlineSnapshot(`
      "["tool_call","Bash","2026-11-20T09:14:07.520Z"]
      ["tool_call","Task","2026-11-20T09:14:07.520Z"]
      ["turn_start",null,"2026-11-20T09:14:04.020Z"]
      "
    `);
  });

  test("tell what was answered", () => {
    expect(ask(7, "whole.jsonl")).toMatchInlineSnapshot(`
      "Please round once, at the end. The test for totals shows it.
      "
    `);
  });

  test("tell what was decided", () => {
    expect(ask(8, "whole.jsonl")).toMatchInlineSnapshot(`
      "["request_changes","https://github.com/acme/shop/pull/12","Prices are rounded twice."]
      "
    `);
  });

  test("tell what was repeated", () => {
    const call = { v: 1, type: "tool_call", invocation_id: "a", name: "Bash", same_as: "b" };
    const folder = mkdtempSync(join(tmpdir(), "trace-format-"));
    try {
      writeFileSync(join(folder, "loop.jsonl"), `${JSON.stringify(call)}\n`.repeat(2));
      expect(ask(9, `whole.jsonl ${folder}/loop.jsonl`)).toBe('["Bash","b",3]\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("tell what was lost", () => {
    expect(ask(10, "whole.jsonl malformed.jsonl")).toMatchInlineSnapshot(`
      "{"gaps":2,"told":{"gaps":2,"truncated":1}}
      "
    `);
  });
});
