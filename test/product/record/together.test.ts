import { describe, expect, test } from "vitest";
import { SPOOR } from "../process/spoor.ts";
import { commandOf, genuine, GENUINE_AGENTS, writing } from "./genuine.ts";
import { Place } from "./place.ts";

/** Time for spoor to see who writes and who does not; agents that think take longer. */
const SOME_LOOKS_MS = 1000;

describe.concurrent("in one folder at the same time", () => {
  test.each(["claude-code", "codex"] as const)("two recorded runs are told apart: %s", async (agent) => {
    await using place = new Place();
    const both = [genuine(place, agent, "ok"), genuine(place, agent, "resume")];
    for (const [n, one] of both.entries()) {
      const steps = writing(one, place);
      const half = Math.floor(steps.length / 2);
      place.play(
        `go-${n}`,
        { do: "reach", gate: `start-${n}` },
        { do: "pass", gate: "start" },
        steps.slice(0, half),
        { do: "pass", gate: `middle-${n}` },
        steps.slice(half),
      );
    }
    const runs = both.map((_, n) =>
      place.record([commandOf(agent), `go-${n}`], { options: ["--role", `${n}`] }),
    );
    await Promise.all([place.reached("start-0"), place.reached("start-1")]);
    place.open("start");
    place.open("middle-1");
    await runs[1]?.ended;
    place.open("middle-0");
    await runs[0]?.ended;
    expect(place.traces().toSorted((a, b) => Number(a.role) - Number(b.role))).toMatchObject(
      both.map(({ conversationId, sums }) => ({ conversation_id: conversationId, losses: {}, ...sums })),
    );
  });

  test("two that leave no other trace are told apart by which of them is busy: gemini-cli", async () => {
    await using place = new Place();
    const both = [genuine(place, "gemini-cli", "ok"), genuine(place, "gemini-cli", "resume")];
    for (const [n, one] of both.entries())
      place.play(
        `go-${n}`,
        { do: "pass", gate: `start-${n}` },
        { do: "pause", ms: SOME_LOOKS_MS },
        writing(one, place),
        { do: "pass", gate: "end" },
      );
    const runs = both.map((_, n) => place.record(["gemini", `go-${n}`], { options: ["--role", `${n}`] }));
    for (const [n, { conversationId }] of both.entries()) {
      place.open(`start-${n}`);
      const isTaken = (): boolean =>
        place.traces().some(({ role, conversation_id: id }) => role === `${n}` && id === conversationId);
      await place.until(`run ${n} has its conversation`, isTaken);
    }
    place.open("end");
    await Promise.all(runs.map(({ ended }) => ended));
    expect(place.traces().toSorted((a, b) => Number(a.role) - Number(b.role))).toMatchObject(
      both.map(({ sums }) => ({ losses: {}, ...sums })),
    );
  });

  test.each(GENUINE_AGENTS)("an agent that nobody records is left alone: %s", async (agent) => {
    await using place = new Place();
    const ours = genuine(place, agent, "ok");
    const foreign = genuine(place, agent, "resume");
    place.play(
      "ours",
      { do: "pass", gate: "ours" },
      { do: "pause", ms: SOME_LOOKS_MS },
      writing(ours, place),
    );
    place.play(
      "foreign",
      { do: "reach", gate: "foreign" },
      { do: "pass", gate: "foreign" },
      writing(foreign, place),
      { do: "reach", gate: "written" },
      { do: "pass", gate: "end" },
    );
    const beside = place.start([commandOf(agent), "foreign"]);
    await place.reached("foreign");
    const running = place.record([commandOf(agent), "ours"]);
    await place.until("the run is recorded", () => place.traces().length === 1);
    place.open("foreign");
    await place.reached("written");
    place.open("ours");
    await running.ended;
    place.open("end");
    await beside.ended;
    expect(place.trace).toMatchObject({ conversation_id: ours.conversationId, losses: {}, ...ours.sums });
  });

  test.each(GENUINE_AGENTS)("two that one command starts get a trace each: %s", async (agent) => {
    await using place = new Place();
    const both = [genuine(place, agent, "ok"), genuine(place, agent, "resume")];
    for (const [n, one] of both.entries())
      place.play(`go-${n}`, { do: "pause", ms: n * SOME_LOOKS_MS }, writing(one, place), {
        do: "pass",
        gate: "end",
      });
    const command = commandOf(agent);
    const running = place.record(["sh", "-c", `${command} go-0 & ${command} go-1 & wait`]);
    await place.until("both are recorded", () => place.traces().length === 3);
    place.open("end");
    await running.ended;
    const [outer, ...inner] = place.traces();
    expect(outer).toMatchObject({ agent: "plain", llm_calls: 0, losses: {} });
    for (const { conversationId, sums } of both)
      expect(inner.find(({ conversation_id: id }) => id === conversationId)).toMatchObject({
        agent,
        losses: {},
        ...sums,
      });
  });

  test("a recorded run within a recorded run has its conversation alone", async () => {
    await using place = new Place();
    const ok = genuine(place, "claude-code", "ok");
    place.play("go", writing(ok, place), { do: "pause", ms: SOME_LOOKS_MS });
    const inner = [...SPOOR, "record", "--role", "inner", "--", "claude", "go"];
    await place.record(["sh", "-c", `${inner.map((word) => `'${word}'`).join(" ")}; true`]).ended;
    const [outer, run, ...more] = place.traces();
    expect(more).toEqual([]);
    expect(outer).toMatchObject({ agent: "plain", llm_calls: 0, losses: {} });
    expect(run).toMatchObject({ role: "inner", trace_id: outer?.trace_id, losses: {}, ...ok.sums });
    expect(run?.trace.invocation?.parent_span_id).toBe(outer?.trace.invocation?.span_id);
  });

  test("different agents do not mind one another", async () => {
    await using place = new Place();
    const all = GENUINE_AGENTS.map((agent) => genuine(place, agent, "ok"));
    for (const one of all) place.play(one.agent, writing(one, place));
    await Promise.all(all.map(({ agent }) => place.record([commandOf(agent), agent]).ended));
    for (const { agent, conversationId, sums } of all)
      expect(place.traces().find((trace) => trace.agent === agent)).toMatchObject({
        conversation_id: conversationId,
        ...sums,
      });
    expect(place.traces()).toHaveLength(all.length);
  });
});
