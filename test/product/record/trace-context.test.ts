import { describe, expect, test } from "vitest";
import { genuine, writing } from "./genuine.ts";
import { Place } from "./place.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
/** Prints what a child is told. */
const TELL = ["sh", "-c", 'echo "$TRACEPARENT $TRACESTATE $SPOOR_INVOCATION"'];

describe.concurrent("the trace context", () => {
  test("begins with the run where there is none, and goes on to the command", async () => {
    await using place = new Place();
    const { output } = await place.record(TELL).ended;
    const { invocation_id: id, trace_id: traceId, trace } = place.trace;
    expect(traceId).toBe(id.replaceAll("-", ""));
    expect(trace.invocation).not.toHaveProperty("parent_span_id");
    expect(output).toBe(`00-${traceId}-${trace.invocation?.span_id}-01  ${id}\n`);
  });

  test.each(["01", "00"])("that we are given is adopted, its flag %s kept", async (flag) => {
    await using place = new Place();
    const env = { TRACEPARENT: `00-${TRACE}-${SPAN}-${flag}`, TRACESTATE: "vendor=1" };
    const { output } = await place.record(TELL, { env }).ended;
    const { invocation_id: id, trace_id: traceId, trace } = place.trace;
    expect(traceId).toBe(TRACE);
    expect(trace.invocation?.parent_span_id).toBe(SPAN);
    expect(trace.invocation?.end).toMatchObject({ parent_span_id: SPAN });
    expect(output).toBe(`00-${TRACE}-${trace.invocation?.span_id}-${flag} vendor=1 ${id}\n`);
  });

  test.each(["", "00-0-0-01", `00-${"0".repeat(32)}-${SPAN}-01`, `ff-${TRACE}-${SPAN}-01`, "hello\nworld"])(
    "that is none is not adopted: %j",
    async (traceParent) => {
      await using place = new Place();
      await place.record(["true"], { env: { TRACEPARENT: traceParent } }).ended;
      const { invocation_id: id, trace_id: traceId } = place.trace;
      expect(traceId).toBe(id.replaceAll("-", ""));
    },
  );

  test("that several runs are given does not mix up their conversations", async () => {
    await using place = new Place();
    const env = { TRACEPARENT: `00-${TRACE}-${SPAN}-01` };
    const both = [genuine(place, "codex", "ok"), genuine(place, "codex", "resume")];
    for (const [n, one] of both.entries())
      place.play(`go-${n}`, { do: "reach", gate: `${n}` }, { do: "pass", gate: "go" }, writing(one, place), {
        do: "pass",
        gate: "end",
      });
    const runs = both.map((_, n) => place.record(["codex", `go-${n}`], { options: ["--role", `${n}`], env }));
    await Promise.all([place.reached("0"), place.reached("1")]);
    place.open("go");
    await place.until("both are seen", () => place.traces().every(({ llm_calls: calls }) => calls > 0));
    place.open("end");
    await Promise.all(runs.map(({ ended }) => ended));
    expect(place.traces().toSorted((a, b) => Number(a.role) - Number(b.role))).toMatchObject(
      both.map(({ conversationId, sums }) => ({ trace_id: TRACE, conversation_id: conversationId, ...sums })),
    );
  });
});
