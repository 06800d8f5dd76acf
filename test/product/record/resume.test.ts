import type { TraceRecord } from "@spoor/trace";
import { describe, expect, test } from "vitest";
import {
  commandOf,
  type Genuine,
  genuine,
  GENUINE_AGENTS,
  putDown,
  sumsOf,
  takeUp,
  textOf,
  writing,
} from "./genuine.ts";
import { Place, type StoredTrace } from "./place.ts";

/** Plays the processes `from` to `to` of a conversation that was resumed. */
function playRuns(place: Place, name: string, resumed: Genuine, from: number, to?: number): void {
  const { agent, conversationId, transcript, laterRuns } = resumed;
  const lineOf = (run: number): number => (run === 0 ? 0 : (laterRuns[run - 1] ?? 0));
  const text = textOf(transcript, lineOf(from), to === undefined ? undefined : lineOf(to));
  place.play(
    name,
    takeUp(place, agent, conversationId),
    { do: "append", file: transcript.path, text },
    putDown(place, agent),
  );
}

const ofType = ({ records }: StoredTrace, type: TraceRecord["type"]): TraceRecord[] =>
  records.filter((record) => record.type === type);

describe.concurrent("a conversation that was begun before", () => {
  test.each(GENUINE_AGENTS)("counts only its new lines, and says that it goes on: %s", async (agent) => {
    await using place = new Place();
    const resumed = genuine(place, agent, "resume");
    playRuns(place, "first", resumed, 0, 1);
    playRuns(place, "second", resumed, 1);
    await place.start([commandOf(agent), "first"]).ended;
    await place.record([commandOf(agent), "second"]).ended;
    const { trace } = place;
    expect(trace).toMatchObject({
      conversation_id: resumed.conversationId,
      losses: {},
      ...resumed.sumsOfCalls(2),
    });
    expect(trace.trace.invocation?.start).toMatchObject({ resumed: true });
    expect(ofType(trace, "turn_start")).toMatchObject([{ turn: 2 }, { turn: 3 }]);
    const [first, ...others] = ofType(trace, "prompt");
    expect(first).toMatchObject({ input: { reason: "resume", complete: false } });
    expect(first).not.toHaveProperty("input.base_span_id");
    expect(others).toHaveLength(2);
  });

  test.each(GENUINE_AGENTS)("shows nothing of what was said before: %s", async (agent) => {
    await using place = new Place();
    const resumed = genuine(place, agent, "resume");
    playRuns(place, "first", resumed, 0, 1);
    playRuns(place, "second", resumed, 1);
    await place.start([commandOf(agent), "first"]).ended;
    await place.record([commandOf(agent), "second"]).ended;
    expect(place.trace.text).toContain("and second");
    expect(place.trace.text).not.toContain("ALPHA first");
  });

  test.each(GENUINE_AGENTS)(
    "names the trace that has the rest, and importing adds nothing: %s",
    async (agent) => {
      await using place = new Place();
      const resumed = genuine(place, agent, "resume");
      playRuns(place, "first", resumed, 0, 1);
      playRuns(place, "second", resumed, 1);
      await place.record([commandOf(agent), "first"]).ended;
      await place.record([commandOf(agent), "second"]).ended;
      const [earlier, later] = place.traces();
      expect(earlier).toMatchObject(resumed.sumsOfCalls(0, 2));
      expect(later).toMatchObject(resumed.sumsOfCalls(2));
      expect(later?.trace.invocation?.start?.links).toEqual([
        { trace_id: earlier?.trace_id, span_id: earlier?.trace.invocation?.span_id, kind: "resumes" },
      ]);
      expect(await place.spoorJson("import")).toEqual([]);
      expect(place.traces()).toHaveLength(2);
    },
  );

  test.each(GENUINE_AGENTS)(
    "is completed by an import, which adds what was not recorded: %s",
    async (agent) => {
      await using place = new Place();
      const resumed = genuine(place, agent, "resume");
      playRuns(place, "first", resumed, 0, 1);
      playRuns(place, "second", resumed, 1);
      await place.start([commandOf(agent), "first"]).ended;
      await place.record([commandOf(agent), "second"]).ended;
      const [imported, ...more] = await place.spoorJson("import");
      expect(more).toEqual([]);
      expect(imported).toMatchObject({ origin: "imported", ...resumed.sumsOfCalls(0, 2) });
      const recorded = place.traces().find(({ origin }) => origin === "recorded");
      const start = place.traces().find(({ origin }) => origin === "imported");
      expect(start?.trace.invocation?.start?.links).toEqual([
        { trace_id: recorded?.trace_id, span_id: recorded?.trace.invocation?.span_id, kind: "continues" },
      ]);
      expect(await place.spoorJson("import")).toEqual([]);
    },
  );
});

describe.concurrent("a Codex thread", () => {
  const linksOf = (trace: StoredTrace | undefined): unknown => trace?.trace.invocation?.start?.links;
  const linkTo = (trace: StoredTrace | undefined, kind: string): object => ({
    trace_id: trace?.trace_id,
    span_id: trace?.trace.invocation?.span_id,
    kind,
  });

  test("that is a fork names the trace of the one it goes on from", async () => {
    await using place = new Place();
    const forked = genuine(place, "codex", "fork");
    for (const [n, file] of forked.files.entries())
      place.play(`go-${n}`, { do: "append", file: file.path, text: textOf(file) });
    for (const n of forked.files.keys()) await place.record(["codex", `go-${n}`]).ended;
    const [original, fork] = place.traces();
    expect(original?.llm_calls).toBeGreaterThan(0);
    expect(linksOf(original)).toBeUndefined();
    expect(linksOf(fork)).toEqual([linkTo(original, "resumes")]);
    expect((original?.llm_calls ?? 0) + (fork?.llm_calls ?? 0)).toBe(forked.sums.llm_calls);
  });

  test("that another one spawned has a trace of its own and names the other", async () => {
    await using place = new Place();
    const nested = genuine(place, "codex", "sub-agent");
    place.play("go", writing(nested, place), { do: "pass", gate: "end" });
    const running = place.record(["codex", "go"]);
    await place.until("both are there", () => place.traces().length === 2);
    place.open("end");
    await running.ended;
    const [command, spawned] = place.traces();
    expect(command).toMatchObject({ conversation_id: nested.conversationId });
    expect(sumsOf(place.traces())).toEqual(nested.sums);
    expect(spawned?.trace.invocation?.start).toMatchObject({
      parent_conversation_id: nested.conversationId,
      parent_span_id: command?.trace.invocation?.span_id,
    });
    expect(linksOf(spawned)).toEqual([linkTo(command, "spawned_by")]);
  });
});
