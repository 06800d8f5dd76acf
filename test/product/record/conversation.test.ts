import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Invocation } from "@spoor/trace";
import { describe, expect, test } from "vitest";
import { commandOf, genuine, GENUINE_AGENTS, putDown, takeUp, textOf, writing } from "./genuine.ts";
import { Place, type StoredTrace } from "./place.ts";

const endOf = ({ trace }: StoredTrace): object => trace.invocation?.end ?? {};
const rootOf = ({ trace }: StoredTrace): string | undefined => trace.invocation?.span_id;
const resultOf = (path: string): Invocation => JSON.parse(readFileSync(path, "utf8")) as Invocation;

describe.concurrent("the conversation of the agent that is the command", () => {
  test.each(GENUINE_AGENTS)("is in the command's own trace, with its sums: %s", async (agent) => {
    await using place = new Place();
    const ok = genuine(place, agent, "ok");
    place.play("go", writing(ok, place), { do: "exit", code: 3 });
    const result = join(place.root, "result.json");
    const { code, output, errors } = await place.record([commandOf(agent), "go"], {
      options: ["--result-file", result, "--role", "fixer", "--team", "core"],
    }).ended;
    expect({ code, output }).toEqual({ code: 3, output: "" });
    const told = {
      agent,
      role: "fixer",
      team: "core",
      origin: "recorded",
      status: "failure",
      conversation_id: ok.conversationId,
      losses: {},
      ...ok.sums,
    };
    expect(place.trace).toMatchObject(told);
    expect(endOf(place.trace)).toMatchObject({ exit_code: 3 });
    expect(resultOf(result)).toMatchObject(told);
    expect(errors).toMatch(/^spoor: failure in .* · 4 tool calls \(2 failed\) · spoor show \w{12}\n$/);
  });

  test("is not known when the command starts, so it comes by an amendment", async () => {
    await using place = new Place();
    const text = genuine(place, "claude-code", "text");
    place.play("go", writing(text, place));
    await place.record(["claude", "go"]).ended;
    const [start] = place.trace.records;
    expect(start).toMatchObject({ type: "invocation_start", seq: 0, content: { command: ["claude", "go"] } });
    expect(start).not.toHaveProperty("conversation_id");
    expect(place.trace.records).toContainEqual(
      expect.objectContaining({
        type: "amend",
        of: "invocation_start",
        conversation_id: text.conversationId,
      }),
    );
  });

  test.each(GENUINE_AGENTS)("is in the trace while it goes on: %s", async (agent) => {
    await using place = new Place();
    const ok = genuine(place, agent, "ok");
    const steps = writing(ok, place);
    const most = Math.floor(steps.length * 0.8);
    place.play("go", steps.slice(0, most), { do: "pass", gate: "rest" }, steps.slice(most));
    const running = place.record([commandOf(agent), "go"]);
    await place.until("a tool call is on disk", () => place.trace.tool_calls > 0);
    expect(place.trace).toMatchObject({ status: "running", conversation_id: ok.conversationId });
    place.open("rest");
    await running.ended;
    expect(place.trace).toMatchObject({ status: "success", ...ok.sums });
  });

  test.each(["claude-code", "gemini-cli"] as const)(
    "has its sub-agents in it, summed once, from files that appear meanwhile: %s",
    async (agent) => {
      await using place = new Place();
      const nested = genuine(place, agent, "sub-agent");
      expect(nested.files.length).toBeGreaterThan(1);
      place.play("go", writing(nested, place));
      await place.record([commandOf(agent), "go"]).ended;
      expect(place.trace).toMatchObject(nested.sums);
      expect(place.trace.trace.spans.filter(({ kind }) => kind === "agent")).toHaveLength(1);
    },
  );

  test("is followed by its next one, which gets a trace of its own (/clear)", async () => {
    await using place = new Place();
    const clear = genuine(place, "claude-code", "clear");
    const [first, second] = clear.files.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
    if (first === undefined || second === undefined) throw new Error("expected two transcripts");
    const idOf = (path: string): string => path.slice(-42, -6);
    place.play(
      "go",
      takeUp(place, "claude-code", idOf(first.path)),
      { do: "append", file: first.path, text: textOf(first) },
      { do: "pass", gate: "clear" },
      takeUp(place, "claude-code", idOf(second.path)),
      { do: "append", file: second.path, text: textOf(second) },
      { do: "pass", gate: "end" },
      putDown(place, "claude-code"),
    );
    const running = place.record(["claude", "go"]);
    await place.until("the first is there", () => place.traces()[0]?.llm_calls === 2);
    place.open("clear");
    await place.until("the second is there", () => place.traces()[1]?.llm_calls === 2);
    place.open("end");
    await running.ended;
    const [own, next] = place.traces();
    if (own === undefined || next === undefined) throw new Error("expected two traces");
    expect(own).toMatchObject({ conversation_id: idOf(first.path), llm_calls: 2, status: "success" });
    expect(next).toMatchObject({ conversation_id: idOf(second.path), llm_calls: 2, trace_id: own.trace_id });
    expect(next.trace.invocation?.parent_span_id).toBe(rootOf(own));
  });

  test.each(GENUINE_AGENTS)("also has the lines that come after the agent's end: %s", async (agent) => {
    await using place = new Place();
    const ok = genuine(place, agent, "ok");
    const { path, lines } = ok.transcript;
    const late = Math.floor(lines.length / 2);
    place.play("go", takeUp(place, agent, ok.conversationId), [
      { do: "append", file: path, text: textOf(ok.transcript, 0, late) },
      { do: "leave", play: "late" },
    ]);
    place.play(
      "late",
      { do: "pause", ms: 800 },
      { do: "append", file: path, text: textOf(ok.transcript, late) },
    );
    await place.record([commandOf(agent), "go"]).ended;
    expect(place.trace).toMatchObject(ok.sums);
  });
});

describe.concurrent("the conversation of an agent that the command starts", () => {
  test.each([
    ["its turn is open", 0.6, "cancelled"],
    ["its turn has ended", 1, "success"],
  ])("is stopped with the command by a signal only where %s", async (_, part, status) => {
    await using place = new Place();
    const ok = genuine(place, "claude-code", "ok");
    const steps = writing(ok, place);
    place.play(
      "go",
      steps.slice(0, Math.ceil(steps.length * part)),
      { do: "reach", gate: "written" },
      {
        do: "pass",
        gate: "end",
      },
    );
    const running = place.record(["sh", "-c", "claude go & wait"]);
    await place.reached("written");
    await place.until("its calls are stored", () => (place.traces()[1]?.tool_calls ?? 0) > 0);
    running.kill("SIGTERM");
    await running.exited;
    place.open("end");
    expect(place.traces().map((trace) => trace.status)).toEqual(["cancelled", status]);
  });

  test("has a trace of its own below the command's root span, without an exit code", async () => {
    await using place = new Place();
    const ok = genuine(place, "claude-code", "ok");
    place.play("go", writing(ok, place), { do: "pass", gate: "end" });
    const result = join(place.root, "result.json");
    const running = place.record(["sh", "-c", "claude go; exit 4"], {
      options: ["--result-file", result, "--role", "fixer"],
    });
    await place.until("the agent is seen", () => place.traces().length === 2);
    place.open("end");
    expect(await running.ended).toMatchObject({ code: 4 });
    const [command, inner] = place.traces();
    if (command === undefined || inner === undefined) throw new Error("expected two traces");
    expect(command).toMatchObject({ agent: "plain", role: "fixer", llm_calls: 0, status: "failure" });
    expect(inner).toMatchObject({ agent: "claude-code", role: "fixer", status: "success", ...ok.sums });
    expect(inner.trace_id).toBe(command.trace_id);
    expect(inner.trace.invocation?.parent_span_id).toBe(rootOf(command));
    expect(endOf(command)).toMatchObject({ exit_code: 4 });
    expect(endOf(inner)).not.toHaveProperty("exit_code");
    expect(resultOf(result)).toMatchObject({
      invocation_id: command.invocation_id,
      status: "failure",
      ...ok.sums,
    });
  });

  test("is found below npm run", async () => {
    await using place = new Place();
    const ok = genuine(place, "codex", "ok");
    place.play("go", writing(ok, place), { do: "pass", gate: "end" });
    place.write("package.json", '{"scripts":{"fix":"codex exec go"}}');
    const running = place.record(["npm", "run", "fix"]);
    await place.until("the agent is seen", () => place.traces().length === 2);
    place.open("end");
    await running.ended;
    expect(place.traces()).toMatchObject([{ agent: "plain" }, { agent: "codex", ...ok.sums }]);
  });

  test("is summed with the others in the result file, and listed by itself", async () => {
    await using place = new Place();
    const all = [
      genuine(place, "claude-code", "ok"),
      genuine(place, "claude-code", "sub-agent"),
      genuine(place, "gemini-cli", "ok"),
    ];
    for (const [n, one] of all.entries())
      place.play(`go-${n}`, writing(one, place), { do: "pass", gate: `end-${n}` });
    const result = join(place.root, "result.json");
    const running = place.record(["sh", "-c", "claude go-0 && claude go-1 && gemini go-2; true"], {
      options: ["--result-file", result],
    });
    for (const n of all.keys()) {
      await place.until(`agent ${n} is seen`, () => place.traces().length === n + 2);
      place.open(`end-${n}`);
    }
    const { errors } = await running.ended;
    const rows = await place.spoorJson("list");
    expect(rows).toHaveLength(all.length + 1);
    expect(rows.find(({ agent }) => agent === "plain")).toMatchObject({ llm_calls: 0, usage: {} });
    for (const { conversationId, sums } of all)
      expect(rows.find(({ conversation_id: id }) => id === conversationId)).toMatchObject(sums);
    const sum = (field: "llm_calls" | "tool_calls" | "tool_errors"): number =>
      rows.reduce((total, row) => total + row[field], 0);
    expect(resultOf(result)).toMatchObject({
      llm_calls: sum("llm_calls"),
      tool_calls: sum("tool_calls"),
      tool_errors: sum("tool_errors"),
      usage: { input_tokens: rows.reduce((total, { usage }) => total + (usage.input_tokens ?? 0), 0) },
      models: ["claude-opus-5-5", "gemini-2.5-pro"],
    });
    expect(errors).toContain("3 conversations");
  });
});
