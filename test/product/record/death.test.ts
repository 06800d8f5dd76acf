import { constants } from "node:os";
import { join } from "node:path";
import type { TraceRecord } from "@spoor/trace";
import { describe, expect, test } from "vitest";
import type { Step } from "./agents/play.ts";
import {
  commandOf,
  type Genuine,
  genuine,
  GENUINE_AGENTS,
  type GenuineAgent,
  sumsOf,
  writing,
} from "./genuine.ts";
import { Place, type Running, type StoredTrace } from "./place.ts";

const endOf = ({ trace }: StoredTrace): object | undefined => trace.invocation?.end;
const ofType = ({ records }: StoredTrace, type: TraceRecord["type"]): TraceRecord[] =>
  records.filter((record) => record.type === type);

/** Records an agent until some of its conversation is on disk; the rest waits at the gate `rest`. */
async function started(place: Place, agent: GenuineAgent): Promise<{ ok: Genuine; running: Running }> {
  const ok = genuine(place, agent, "ok");
  const steps = writing(ok, place);
  const most = Math.floor(steps.length * 0.75);
  place.play("go", steps.slice(0, most), { do: "pass", gate: "rest" }, steps.slice(most), {
    do: "reach",
    gate: "end",
  });
  const running = place.record([commandOf(agent), "go"]);
  await place.until("a tool call is on disk", () => place.trace.tool_calls > 0);
  return { ok, running };
}

describe.concurrent("the agent dies", () => {
  test.each(GENUINE_AGENTS)(
    "by SIGKILL: everything up to then is there, and the run crashed: %s",
    async (agent) => {
      await using place = new Place();
      const killed = genuine(place, agent, "killed");
      const die: Step = { do: "run", command: ["sh", "-c", "kill -KILL $PPID"] };
      place.play("go", writing(killed, place), die);
      const { code } = await place.record([commandOf(agent), "go"]).ended;
      expect(code).toBe(137);
      const { trace } = place;
      expect(trace).toMatchObject({ status: "crashed", conversation_id: killed.conversationId });
      expect(endOf(trace)).toMatchObject({ exit_code: 137, signal: "SIGKILL" });
      // What a reader of the whole transcript finds in it.
      const elsewhere = join(place.root, "elsewhere");
      expect(sumsOf([trace])).toEqual(sumsOf(await place.spoorJson("import", "--dir", elsewhere)));
      expect(trace.llm_calls).toBeGreaterThan(0);
    },
  );

  test.each([
    ["SIGINT", "cancelled"],
    ["SIGTERM", "cancelled"],
    ["SIGHUP", "cancelled"],
    ["SIGABRT", "crashed"],
  ] as const)("by %s: the run is %s", async (signal, status) => {
    await using place = new Place();
    const { code } = await place.record(["sh", "-c", `kill -${signal.slice(3)} $$`]).ended;
    expect(code).toBe(128 + constants.signals[signal]);
    expect(place.trace).toMatchObject({ status });
    expect(endOf(place.trace)).toMatchObject({ exit_code: code, signal });
  });

  test.each([
    [0, "success"],
    [1, "failure"],
    [124, "timeout"],
    [130, "cancelled"],
    [143, "cancelled"],
    [137, "failure"],
  ])("with exit code %i: the run is a %s", async (exitCode, status) => {
    await using place = new Place();
    const { code } = await place.record(["sh", "-c", `exit ${exitCode}`]).ended;
    expect(code).toBe(exitCode);
    expect(place.trace).toMatchObject({ status });
    expect(endOf(place.trace)).toMatchObject({ exit_code: exitCode });
  });

  test.each(["SIGINT", "SIGTERM"] as const)("of a %s that spoor passed on to it", async (signal) => {
    await using place = new Place();
    const { running } = await started(place, "claude-code");
    running.kill(signal);
    expect((await running.ended).code).toBe(128 + constants.signals[signal]);
    expect(place.trace).toMatchObject({ status: "cancelled" });
    expect(endOf(place.trace)).toMatchObject({ signal });
  });
});

describe.concurrent("spoor itself is killed", () => {
  test.each(GENUINE_AGENTS)(
    "the agent goes on, and an import adds exactly what is missing: %s",
    async (agent) => {
      await using place = new Place();
      const { ok, running } = await started(place, agent);
      running.kill("SIGKILL");
      place.open("rest");
      await place.reached("end");
      expect(await place.spoorJson("list")).toMatchObject([{ status: "crashed" }]);

      await place.record(["true"]).ended;
      const [killed] = place.traces();
      if (killed === undefined) throw new Error("expected a trace");
      expect(killed).toMatchObject({ status: "crashed", conversation_id: ok.conversationId });
      expect(endOf(killed)).toMatchObject({ closed_by: "record" });
      const times = killed.records.filter(({ type }) => type !== "amend").map(({ time }) => time);
      expect(times.at(-1)).toBe(times.slice(0, -1).sort().at(-1));

      const rows = await place.spoorJson("import");
      expect(rows).toMatchObject([{ origin: "imported", conversation_id: ok.conversationId }]);
      const ofConversation = place.traces().filter(({ conversation_id: id }) => id === ok.conversationId);
      const imported = ofConversation.find(({ origin }) => origin === "imported");
      if (imported === undefined) throw new Error("expected an imported trace");
      expect(sumsOf(ofConversation)).toEqual(ok.sums);
      expect(imported.trace.invocation?.start?.links).toEqual([
        { trace_id: killed.trace_id, span_id: killed.trace.invocation?.span_id, kind: "continues" },
      ]);
      expect(ofType(imported, "turn_start")).toMatchObject([{ turn: 1 }]);
      expect(ofType(killed, "turn_start")).toMatchObject([{ turn: 1 }]);
      expect(await place.spoorJson("import")).toEqual([]);
    },
  );

  test("many starting at once close a dead trace once", async () => {
    await using place = new Place();
    const { running } = await started(place, "claude-code");
    running.kill("SIGKILL");
    await running.exited;
    await Promise.all(Array.from({ length: 4 }, () => place.record(["true"]).ended));
    const [killed] = place.traces();
    expect(killed && ofType(killed, "invocation_end")).toHaveLength(1);
    expect(killed?.losses).toEqual({});
    place.open("rest");
  });

  test("a trace whose recorder lives is not closed by another one", async () => {
    await using place = new Place();
    const { ok, running } = await started(place, "claude-code");
    await place.record(["true"]).ended;
    expect(await place.spoorJson("import")).toEqual([]);
    place.open("rest");
    await running.ended;
    const [first] = place.traces();
    expect(first).toMatchObject({ status: "success", losses: {}, ...ok.sums });
    expect(first && ofType(first, "invocation_end")).toHaveLength(1);
  });
});
