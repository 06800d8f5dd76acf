import { describe, expect, test } from "vitest";
import { geminiCli } from "../../src/gemini-cli/index.ts";
import { chat, linesOf, ofType, read, readAll } from "./read-source.ts";
import { at, gemini, HEADER, START, tool, user } from "./records.ts";
import { traceOf } from "../trace-of.ts";
import { figuresOf } from "./truth.ts";

describe("sub-agents", () => {
  const SUB = [
    { ...HEADER, sessionId: "agent-7", kind: "subagent", directories: ["/w"] },
    user("su1", "look around", 3),
    gemini("sg1", "", 4, {
      toolCalls: [tool("st1"), tool("st2", { name: "complete_task", args: { result: "seen" } })],
    }),
  ];
  const ASKED = gemini("g1", "", 2, {
    toolCalls: [
      tool("t1", {
        name: "invoke_agent",
        args: { agent_name: "codebase_investigator", prompt: "look around" },
        agentId: "agent-7",
        resultDisplay: { isSubagentProgress: true, agentName: "codebase_investigator", state: "completed" },
        timestamp: at(5),
      }),
    ],
  });
  const main = chat(...START, user("u1", "go"), ASKED, gemini("g2", "done", 6));
  const sub = linesOf(
    SUB.map((line) => `${JSON.stringify(line)}\n`).join(""),
    "project/chats/s-1/agent-7.jsonl",
    "transcript",
    1,
  );

  test("stand under the tool that ran them, with their own calls and tools, counted once", () => {
    const trace = traceOf(readAll([...main, ...sub]));
    const byId = new Map(trace.spans.map((span) => [span.span_id, span]));
    const agent = trace.spans.find(({ kind }) => kind === "agent");
    const parents = trace.spans
      .filter(({ parent_span_id }) => parent_span_id === agent?.span_id)
      .map(({ kind, name }) => [kind, name]);
    expect(agent).toMatchObject({
      name: "codebase_investigator",
      status: "success",
      start: { conversation_id: "agent-7", call_id: "t1" },
    });
    expect(byId.get(agent?.parent_span_id ?? "")?.name).toBe("invoke_agent");
    expect(parents).toEqual([
      ["model", "gemini-2.5-pro"],
      ["tool", "run_shell_command"],
      ["tool", "complete_task"],
    ]);
    expect(figuresOf(readAll([...main, ...sub]))).toMatchObject({ llmCalls: 3, toolCalls: 3, input: 30 });
    expect(trace.spans.filter(({ kind }) => kind === "turn")).toHaveLength(1);
  });

  test("read live, before the session names them, wait for the tool call they belong under", () => {
    const live = readAll([...main.slice(0, 3), ...sub, ...main.slice(3)]);
    const agent = traceOf(live).spans.find(({ kind }) => kind === "agent");
    expect(agent).toEqual(
      expect.objectContaining({
        parent_span_id: traceOf(live).spans.find(({ name }) => name === "invoke_agent")?.span_id,
        name: "codebase_investigator",
      }),
    );
    expect(figuresOf(live)).toEqual(figuresOf(readAll([...main, ...sub])));
    expect(ofType(live, "agent_end")).toHaveLength(1);
  });

  test("without an end of their own end as the session says", () => {
    for (const order of [
      [...main.slice(0, 3), ...sub.slice(0, 2), ...main.slice(3)],
      [...main, ...sub.slice(0, 2)],
    ])
      expect(ofType(readAll(order), "agent_end")).toMatchObject([{ status: "success", time: at(5) }]);
  });

  test("of a session that was killed are told at the end, under nobody", () => {
    const parser = geminiCli.createParser();
    const events = read([...main.slice(0, 3), ...sub.slice(0, 2)], parser);
    expect(ofType(events, "agent_start")).toEqual([]);
    expect(ofType(parser.flush("quiet"), "agent_start")).toEqual([]);
    const [agent] = ofType(parser.flush("stop"), "agent_start");
    expect(agent).toMatchObject({ agent: { name: "subagent" }, conversation_id: "agent-7" });
    expect(agent).not.toHaveProperty("parent");
  });
});
