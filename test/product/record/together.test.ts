import { describe, expect, test } from "vitest";
import { commandOf, genuine, GENUINE_AGENTS, writing } from "./genuine.ts";
import { Place } from "./place.ts";

describe.concurrent("in one folder at the same time", () => {
  test.each(GENUINE_AGENTS)("two recorded runs of an agent are told apart: %s", async (agent) => {
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
    const traces = place.traces().toSorted((a, b) => Number(a.role) - Number(b.role));
    expect(traces).toMatchObject(
      both.map(({ conversationId, sums }) => ({ conversation_id: conversationId, losses: {}, ...sums })),
    );
  });

  test.each(GENUINE_AGENTS)("an agent that nobody records is left alone: %s", async (agent) => {
    await using place = new Place();
    const ours = genuine(place, agent, "ok");
    const foreign = genuine(place, agent, "resume");
    place.play("ours", { do: "pass", gate: "ours" }, writing(ours, place));
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
