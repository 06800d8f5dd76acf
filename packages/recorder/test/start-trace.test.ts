import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { foldTrace, PromptRestorer, readEntries, type Span, toInvocation, type Trace } from "@spoor/trace";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type MessageInput, startTrace, type TraceHandle } from "../src/index.ts";

let directory: string;
let now: number;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "spoor-library-"));
  now = Date.UTC(2026, 0, 1);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function start(options: Partial<Parameters<typeof startTrace>[0]> = {}): TraceHandle {
  return startTrace({ agent: { name: "test" }, directory, env: {}, now: () => (now += 10), ...options });
}

function read(trace: TraceHandle): Trace {
  return foldTrace(readEntries(trace.path ?? ""));
}

/** Kind, name, status and parent's name of every span. */
function outline(trace: Trace): string[] {
  const names = new Map(trace.spans.map((span) => [span.span_id, span.name]));
  return trace.spans.map(
    (span) => `${span.kind} ${span.name} ${span.status} < ${names.get(span.parent_span_id ?? "") ?? "-"}`,
  );
}

function modelSpans(trace: Trace): Extract<Span, { kind: "model" }>[] {
  return trace.spans.filter((span) => span.kind === "model");
}

const user = (content: string): MessageInput => ({ role: "user", content });
const asks = (id: string, command: string): MessageInput => ({
  role: "assistant",
  parts: [{ type: "tool_call", id, name: "shell", arguments: { command } }],
});
const answers = (id: string, response: string): MessageInput => ({
  role: "tool",
  parts: [{ type: "tool_call_response", id, response }],
});

describe("a whole run", () => {
  test("is a tree of turn, model calls, tools and a sub-agent, with sums", async () => {
    const trace = start({ agent: { name: "demo", role: "fixer" } });
    const turn = trace.turn("fix it");
    turn.prompt({ model: "m", messages: [user("fix it")] }).completion({
      message: asks("c1", "make"),
      usage: { input_tokens: 10, output_tokens: 2 },
      costUsd: 0.5,
    });
    const tool = turn.tool("shell", { command: "make" }, { id: "c1" });
    const helper = tool.agent({ name: "explorer" });
    helper
      .prompt({ model: "small", messages: [user("look")] })
      .completion({ text: "seen", usage: { input_tokens: 5, output_tokens: 1 }, costUsd: 0.25 });
    helper.end("success");
    tool.result("no rule", { exitCode: 2 });
    trace.decision("escalate", { confidence: 0.5, reasoning: "no idea" });
    turn.end("success");
    await trace.end("success");

    const folded = read(trace);
    expect(outline(folded)).toEqual([
      "invocation demo success < -",
      "turn turn 1 success < demo",
      "model m ok < turn 1",
      "tool shell error < turn 1",
      "agent explorer success < shell",
      "model small ok < explorer",
    ]);
    expect(toInvocation(folded, "p", () => "gone")).toMatchObject({
      status: "success",
      role: "fixer",
      turns: 1,
      llm_calls: 2,
      tool_calls: 1,
      tool_errors: 1,
      usage: { input_tokens: 15, output_tokens: 3 },
      cost: { usd: 0.75, basis: "reported" },
      models: ["m", "small"],
      decision: "escalate",
    });
  });

  test("is on disk call by call", () => {
    const trace = start();
    trace.turn("one").prompt({ model: "m", messages: [user("one")] });
    expect(outline(read(trace))).toEqual([
      "invocation test interrupted < -",
      "turn turn 1 interrupted < test",
      "model m interrupted < turn 1",
    ]);
  });

  test("ends as unknown where a program leaves it open, sub-agents and tools too", () => {
    let path: string | undefined;
    {
      using trace = start();
      path = trace.path;
      using turn = trace.turn("one");
      using tool = turn.tool("shell", {});
      using _agent = tool.agent({ name: "helper" });
    }
    const statuses = foldTrace(readEntries(path ?? "")).spans.map((span) => `${span.kind} ${span.status}`);
    expect(statuses).toEqual(["invocation unknown", "turn unknown", "tool unknown", "agent unknown"]);
  });
});

describe("prompts", () => {
  test("write each message once and restore to what was handed over", async () => {
    const trace = start();
    const turn = trace.turn("go");
    const messages: MessageInput[] = [user("go")];
    for (let n = 0; n < 20; n++) {
      turn
        .prompt({ model: "m", system: "Be brief.", tools: [{ name: "shell" }], messages })
        .completion({ message: asks(`c${n}`, `step ${n}`) });
      messages.push(asks(`c${n}`, `step ${n}`));
      turn.tool("shell", { command: `step ${n}` }, { id: `c${n}` }).result(`output ${n}`);
      messages.push(answers(`c${n}`, `output ${n}`));
    }
    turn
      .prompt({ model: "m", system: "Be brief.", tools: [{ name: "shell" }], messages })
      .completion({ text: "done" });
    await trace.end();

    const folded = read(trace);
    const calls = modelSpans(folded);
    const written = calls.map((span) => span.start?.content?.messages?.length ?? 0);
    expect(written).toEqual([1, ...Array.from({ length: 20 }, () => 1)]);
    const restored = new PromptRestorer(folded).restore(calls.at(-1)?.span_id ?? "");
    expect(restored).toMatchObject({ system: "Be brief.", tools: [{ name: "shell" }], complete: true });
    expect(restored?.messages).toHaveLength(41);
    expect(restored?.messages.slice(1, 3)).toEqual([
      {
        role: "assistant",
        parts: [{ type: "tool_call", id: "c0", name: "shell", arguments: { command: "step 0" } }],
      },
      { role: "tool", parts: [{ type: "tool_call_response", id: "c0", response: "output 0" }] },
    ]);
  });

  test("that start over after a compaction extend nothing", () => {
    const trace = start();
    trace.prompt({ model: "m", messages: [user("a")] }).completion({ text: "b" });
    trace.prompt({ model: "m", messages: [user("summary of a and b")] });
    expect(modelSpans(read(trace)).map((span) => span.start?.input.reason)).toEqual(["start", "compaction"]);
  });

  test("that go back keep what still stands", () => {
    const trace = start();
    trace.prompt({ model: "m", messages: [user("a")] }).completion({ text: "b" });
    trace
      .prompt({ model: "m", messages: [user("a"), { role: "assistant", content: "b" }, user("c")] })
      .completion({ text: "d" });
    trace.prompt({ model: "m", messages: [user("a"), { role: "assistant", content: "b" }, user("instead")] });
    const folded = read(trace);
    const last = modelSpans(folded).at(-1);
    expect(last?.start?.input).toMatchObject({ base_messages: 2, messages: 3 });
    expect(
      new PromptRestorer(folded).restore(last?.span_id ?? "")?.messages.map((message) => message.parts),
    ).toEqual([
      [{ type: "text", content: "a" }],
      [{ type: "text", content: "b" }],
      [{ type: "text", content: "instead" }],
    ]);
  });
});

describe("tools", () => {
  test("that a model asked for and nobody ran are calls without a result", () => {
    const trace = start();
    const turn = trace.turn("go");
    turn.prompt({ model: "m", messages: [user("go")] }).completion({ message: asks("c1", "rm -rf /") });
    turn.end("error");
    expect(outline(read(trace))).toContain("tool shell interrupted < turn 1");
    expect(read(trace).spans.find((span) => span.kind === "tool")?.start?.content).toEqual({
      arguments: { command: "rm -rf /" },
    });
  });

  test("run without an id are the ones that the model asked for by that name", () => {
    const trace = start();
    const turn = trace.turn("go");
    turn.prompt({ model: "m", messages: [user("go")] }).completion({ message: asks("c1", "ls") });
    turn.tool("shell", { command: "ls" }).result("x");
    turn.end("success");
    expect(
      read(trace)
        .spans.filter((span) => span.kind === "tool")
        .map((span) => span.start?.call_id),
    ).toEqual(["c1"]);
  });

  test("refused, stopped and failed are told apart", () => {
    const trace = start();
    trace.tool("a").deny("not here");
    trace.tool("b").cancel();
    trace.tool("c").fail("boom");
    trace.tool("d").result("fine", { exitCode: 0 });
    expect(
      read(trace)
        .spans.filter((span) => span.kind === "tool")
        .map((span) => `${span.name} ${span.status}`),
    ).toEqual(["a denied", "b cancelled", "c error", "d ok"]);
  });
});

describe("what is given to the trace", () => {
  test("is redacted before it is written", () => {
    const key = `sk-ant-${"api03-"}${"a1B2".repeat(23)}-AA`;
    const trace = start({ env: { MY_API_KEY: key } });
    trace
      .turn(`use ${key}`)
      .tool("shell", { command: `curl -H "x-api-key: ${key}"` })
      .result({ [key]: key });
    expect(JSON.stringify([...readEntries(trace.path ?? "")])).not.toContain(key);
  });

  test("may be anything: cycles, functions, bigints and getters that throw cost that value at most", async () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    const trace = start();
    trace.tool("odd", cycle).result({
      f: () => 1,
      n: 1n,
      get bad() {
        throw new Error("no");
      },
    });
    trace.tool("after").result("fine");
    await trace.end("success");
    expect(outline(read(trace))).toContain("tool after ok < test");
  });

  test("makes the file's name, whatever the agent is called", () => {
    expect(start({ agent: { name: "../../etc/passwd ☃" } }).path).toMatch(
      /\/\d{6}-etc-passwd-[0-9a-f]{12}\.jsonl$/,
    );
  });
});

test("a store that cannot be used costs the trace and one warning, never the program", async () => {
  chmodSync(directory, 0o777);
  const warnings: string[] = [];
  const trace = start({ onWarning: (message) => warnings.push(message) });
  trace
    .turn("go")
    .prompt({ model: "m", messages: [user("go")] })
    .completion({ text: "x" });
  await trace.end("success");
  expect(trace.path).toBeUndefined();
  expect(warnings).toEqual([expect.stringContaining("others can write")]);
});

test("a parent's context is taken over, and handed on", () => {
  const parent = `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01`;
  const trace = start({ env: { TRACEPARENT: parent } });
  expect(trace.childEnv["TRACEPARENT"]).toMatch(new RegExp(`^00-${"ab".repeat(16)}-[0-9a-f]{16}-01$`));
  expect(read(trace).invocation).toMatchObject({
    parent_span_id: "cd".repeat(8),
    start: { trace_id: "ab".repeat(16) },
  });
});
