import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Event } from "../src/event.ts";
import { SetUpCalls } from "../src/setup.ts";
import { type At, type Call, Thread } from "../src/thread.ts";

/** A thread, and a way to look at what it has written since the last look. */
function started(): { thread: Thread; take: () => Event[]; types: () => string[] } {
  let events: Event[] = [];
  const thread = new Thread(
    (event) => events.push(event),
    () => undefined,
    new SetUpCalls(),
  );
  const take = (): Event[] => {
    const taken = events;
    events = [];
    return taken;
  };
  return { thread, take, types: () => take().map(({ type }) => type) };
}

function at(second: number): At {
  return {
    time: `2026-11-20T10:00:${String(second).padStart(2, "0")}.000Z`,
    from: { source: 0, line: second },
  };
}

const text = (content: string): { type: "text"; content: string } => ({ type: "text", content });
const call = (id: string): { type: "tool_call"; id: string; name: string } => ({
  type: "tool_call",
  id,
  name: "Bash",
});

function ask(thread: Thread, content: string, second: number): void {
  thread.input("user", [text(content)], at(second).time);
}

/** An answer that calls tools. */
function use(thread: Thread, key: string, ids: readonly string[], second: number): void {
  thread.answer(key, at(second), ids.map(call), { model: "m" });
  for (const id of ids) thread.toolCall(at(second), { id, name: "Bash", arguments: { command: id } });
}

function inputOf(events: readonly Event[]): unknown {
  return events.flatMap((event) => (event.type === "prompt" ? [event.input] : [])).at(-1);
}

describe("a completion is written", () => {
  test("when all results of its tools are there, and not before", () => {
    const { thread, types } = started();
    ask(thread, "go", 1);
    use(thread, "a", ["t1", "t2"], 2);
    expect(types()).toEqual(["prompt", "tool_call", "tool_call"]);
    thread.toolResult(at(3), { id: "t2", status: "ok" });
    expect(types()).toEqual(["tool_result"]);
    thread.toolResult(at(4), { id: "t1", status: "ok" });
    expect(types()).toEqual(["tool_result", "completion"]);
  });

  test("when the next call of the thread begins", () => {
    const { thread, types } = started();
    thread.answer("a", at(1), [text("one")], {});
    thread.answer("b", at(2), [text("two")], {});
    expect(types()).toEqual(["prompt", "completion", "prompt"]);
  });

  test.each(["quiet", "stop"] as const)("at a flush (%s), once", (when) => {
    const { thread, types } = started();
    thread.answer("a", at(1), [text("one")], {});
    thread.flush(when);
    thread.flush(when);
    expect(types()).toEqual(["prompt", "completion"]);
  });

  test("at the end of the turn", () => {
    const { thread, types } = started();
    thread.answer("a", at(1), [text("one")], {});
    thread.endTurn(at(2), "turn-1");
    expect(types()).toEqual(["prompt", "completion"]);
  });

  test("when the thread starts over or goes back", () => {
    const { thread, types } = started();
    thread.answer("a", at(1), [text("one")], {});
    thread.restart("compaction", { complete: true });
    thread.answer("b", at(2), [text("two")], {});
    thread.rewind("a", undefined);
    expect(types()).toEqual(["prompt", "completion", "prompt", "completion"]);
  });

  test("with all its lines as one answer, at the time of the last", () => {
    const { thread, take } = started();
    ask(thread, "go", 1);
    thread.answer("a", at(2), [text("one")], { usage: { output_tokens: 1 } });
    thread.answer("a", at(4), [text("two")], { usage: { output_tokens: 9 }, finishReason: "end" });
    thread.answer("a", at(3), [], { usage: { output_tokens: 3 } });
    thread.flush("stop");
    expect(take().at(-1)).toMatchObject({
      type: "completion",
      time: at(4).time,
      duration_ms: 3000,
      duration_basis: "lines",
      finish_reasons: ["end"],
      status: "ok",
      usage: { output_tokens: 9 },
      content: { messages: [{ role: "assistant", parts: [text("one"), text("two")] }] },
    });
  });
});

describe("what comes after a completion was written", () => {
  test("is an amendment with what is new", () => {
    const { thread, take } = started();
    thread.answer("a", at(1), [text("one")], { model: "m" });
    thread.flush("quiet");
    take();
    thread.answer("a", at(2), [text("two")], { usage: { output_tokens: 2 } });
    expect(take()).toMatchObject([
      {
        type: "amend",
        of: "completion",
        span: { kind: "model", key: "a" },
        fields: { usage: { output_tokens: 2 }, duration_ms: 1000 },
        content: { messages: [{ role: "assistant", parts: [text("two")] }] },
      },
    ]);
  });

  test("is nothing where it only repeats what is known", () => {
    const { thread, types } = started();
    const facts = {
      model: "m",
      usage: { output_tokens: 1 },
      error: { type: "x" },
      parameters: { effort: "high" },
    };
    thread.answer("a", at(1), [text("one")], facts);
    thread.flush("quiet");
    thread.answer("a", at(2), [], structuredClone(facts));
    thread.learn("a", at(2), structuredClone(facts));
    expect(types()).toEqual(["prompt", "completion"]);
  });

  test("takes back that its usage was a lower bound", () => {
    const { thread, take } = started();
    thread.answer("a", at(1), [text("one")], { usage: { output_tokens: 1, partial: ["output_tokens"] } });
    thread.flush("quiet");
    thread.learn("a", at(2), { usage: { output_tokens: 8 }, finishReason: "end" });
    expect(take().at(-1)).toMatchObject({
      type: "amend",
      fields: { usage: { output_tokens: 8, partial: [] } },
    });
  });

  test("may concern a call that others have followed", () => {
    const { thread, take, types } = started();
    thread.answer("a", at(1), [text("one")], {});
    thread.answer("b", at(2), [text("two")], {});
    types();
    thread.answer("a", at(3), [text("more of one")], {});
    thread.answer("b", at(4), [text("more of two")], {});
    thread.flush("stop");
    expect(take().map(({ type, span }) => [type, span.key])).toEqual([
      ["amend", "a"],
      ["completion", "b"],
    ]);
  });

  test("is not learnt of a call nobody saw", () => {
    const { thread, types } = started();
    thread.learn("x", at(1), { model: "m" });
    expect(types()).toEqual([]);
  });
});

describe("a tool", () => {
  test("is called once and has one result, however often they are told", () => {
    const { thread, types } = started();
    use(thread, "a", ["t1"], 1);
    thread.toolCall(at(1), { id: "t1", name: "Bash", arguments: {} });
    thread.toolResult(at(2), { id: "t1", status: "ok" });
    thread.toolResult(at(3), { id: "t1", status: "error" });
    thread.toolCall(at(4), { id: "t1", name: "Bash", arguments: {} });
    expect(types()).toEqual(["prompt", "tool_call", "tool_result", "completion"]);
  });

  test("whose result is told first has it when its call comes", () => {
    const { thread, types } = started();
    thread.toolResult(at(1), { id: "t1", status: "ok" });
    thread.toolResult(at(1), { id: "t1", status: "error" });
    expect(types()).toEqual([]);
    use(thread, "a", ["t1"], 2);
    expect(types()).toEqual(["prompt", "tool_call", "tool_result", "completion"]);
  });

  test("whose call never comes has its result at the stop, once", () => {
    const { thread, take } = started();
    thread.toolResult(at(1), { id: "t1", status: "ok" });
    thread.flush("quiet");
    expect(take()).toEqual([]);
    thread.flush("stop");
    thread.flush("stop");
    expect(take()).toMatchObject([{ type: "tool_result", call_id: "t1", name: "unknown" }]);
  });

  test("that succeeded and decides gives the decision after its result; one that failed gives none", () => {
    const { thread, take } = started();
    thread.answer("a", at(1), [call("t1"), call("t2")], {});
    for (const id of ["t1", "t2"])
      thread.toolCall(at(1), {
        id,
        name: "Bash",
        arguments: { command: "gh pr review 1 --approve && gh pr merge 1" },
      });
    take();
    thread.toolResult(at(2), { id: "t1", status: "error", exit_code: 1 });
    thread.toolResult(at(3), { id: "t2", status: "ok" });
    expect(take().map(({ type, span }) => [type, span.key])).toEqual([
      ["tool_result", "t1"],
      ["tool_result", "t2"],
      ["decision", "decision:t2"],
      ["decision", "decision:t2#1"],
      ["completion", "a"],
    ]);
  });

  test("has the duration the agent reports, else the one between its lines", () => {
    const { thread, take } = started();
    use(thread, "a", ["t1", "t2"], 1);
    take();
    thread.toolResult(at(3), { id: "t1", status: "ok", duration_ms: 1234, result: "four" });
    thread.toolResult(at(3), { id: "t2", status: "ok", result: { a: "ü" } });
    expect(take().slice(0, 2)).toMatchObject([
      { duration_ms: 1234, duration_basis: "reported", result_bytes: 4 },
      { duration_ms: 2000, duration_basis: "lines", result_bytes: 10 },
    ]);
  });

  test("still runs after an interruption, which the thread says of itself", () => {
    const { thread } = started();
    use(thread, "a", ["t1"], 1);
    thread.flush("stop");
    expect([thread.waitsForTools, thread.busy, thread.isToolOpen("t1")]).toEqual([true, true, true]);
    thread.toolResult(at(2), { id: "t1", status: "ok" });
    expect([thread.waitsForTools, thread.busy]).toEqual([false, false]);
  });
});

describe("a prompt", () => {
  test("has only what is new since the call it extends, and begins with its last input", () => {
    const { thread, take } = started();
    thread.setUp("be kind", [{ name: "Bash" }]);
    ask(thread, "go", 1);
    use(thread, "a", ["t1"], 2);
    thread.toolResult(at(3), { id: "t1", status: "ok", result: "fine" });
    ask(thread, "and now?", 4);
    thread.answer("b", at(6), [text("two")], {});
    const prompts = take().filter(({ type }) => type === "prompt");
    expect(prompts).toMatchObject([
      {
        time: at(1).time,
        input: { messages: 1, reason: "start" },
        content: { system: "be kind", tools: [{ name: "Bash" }], messages: [{ role: "user" }] },
      },
      {
        time: at(4).time,
        input: { messages: 4, base: { kind: "model", key: "a" } },
        content: {
          messages: [
            { role: "tool", parts: [{ type: "tool_call_response", id: "t1" }] },
            { role: "user", parts: [text("and now?")] },
          ],
        },
      },
    ]);
    expect(prompts[1]?.content).not.toHaveProperty("system");
  });

  test("after a request that failed counts no answer of it", () => {
    const { thread, take } = started();
    ask(thread, "go", 1);
    thread.answer("a", at(2), [], { status: "error", error: { type: "overloaded" } });
    thread.answer("b", at(3), [text("two")], {});
    expect(inputOf(take())).toEqual({ messages: 1, base: { kind: "model", key: "a" } });
  });

  test("that starts over extends nothing, says why, and does not count what it cannot see", () => {
    const { thread, take } = started();
    ask(thread, "go", 1);
    thread.answer("a", at(2), [text("one")], {});
    thread.restart("compaction", { complete: false });
    ask(thread, "on", 3);
    thread.answer("b", at(4), [text("two")], {});
    expect(inputOf(take())).toEqual({ reason: "compaction", complete: false });
    thread.answer("c", at(5), [text("three")], {});
    expect(inputOf(take())).toEqual({ base: { kind: "model", key: "b" } });
  });

  test("without its system text is incomplete, but its messages are counted", () => {
    const { thread, take } = started();
    thread.withoutSystem();
    ask(thread, "go", 1);
    thread.answer("a", at(2), [text("one")], {});
    expect(inputOf(take())).toEqual({ messages: 1, reason: "start", complete: false });
  });

  test("after going back extends the earlier call, or the part of it that stays", () => {
    const { thread, take } = started();
    ask(thread, "one", 1);
    thread.answer("a", at(2), [text("first")], {});
    ask(thread, "two", 3);
    thread.answer("b", at(4), [text("second")], {});
    expect([thread.lengthAfter("a"), thread.lengthAfter("b"), thread.lengthAfter("c")]).toEqual([
      2,
      4,
      undefined,
    ]);

    ask(thread, "never sent", 5);
    thread.rewind("b", 3);
    ask(thread, "other", 6);
    thread.answer("c", at(7), [text("third")], {});
    expect(inputOf(take())).toEqual({
      messages: 4,
      base: { kind: "model", key: "b" },
      base_messages: 3,
      reason: "rewind",
    });

    thread.rewind("a", undefined);
    thread.answer("d", at(8), [text("fourth")], {});
    expect(inputOf(take())).toEqual({ messages: 2, base: { kind: "model", key: "a" }, reason: "rewind" });
  });

  test("after going back to a call nobody saw extends nothing", () => {
    const { thread, take } = started();
    thread.answer("a", at(1), [text("one")], {});
    thread.rewind("x", 1);
    thread.answer("b", at(2), [text("two")], {});
    expect(inputOf(take())).toEqual({ reason: "rewind", complete: false });
  });

  test("after a resume extends no call of before, nor is one amended", () => {
    const { thread, take } = started();
    thread.answer("a", at(1), [text("one")], {});
    thread.restart("resume", { complete: false });
    take();
    thread.answer("a", at(2), [text("late")], {});
    expect(take()).toEqual([]);
    thread.rewind("a", undefined);
    thread.answer("b", at(3), [text("two")], {});
    expect(inputOf(take())).toEqual({ reason: "rewind", complete: false });
  });

  test("keeps of what was not sent yet only what is asked", () => {
    const { thread, take } = started();
    for (const [index, words] of ["one", "two", "three"].entries()) ask(thread, words, index + 1);
    thread.keepPending(2);
    thread.answer("a", at(5), [text("first")], {});
    expect(take()[0]).toMatchObject({
      content: { messages: [{ parts: [text("one")] }, { parts: [text("two")] }] },
    });
  });
});

test("the end of a turn turns an answer that is a verdict into a decision, once", () => {
  const { thread, take } = started();
  thread.answer("a", at(1), [text('{"verdict":"approve"}')], {});
  thread.endTurn(at(2), "turn-1");
  thread.endTurn(at(3), "turn-2");
  expect(take().filter(({ type }) => type === "decision")).toMatchObject([
    { verdict: "approve", basis: "structured_output", span: { key: "decision:turn-1" } },
  ]);
});

/** Anything that can be told to a thread, in any order. */
const STEPS = fc.array(
  fc.record({
    step: fc.constantFrom("ask", "answer", "use", "result", "learn", "flush", "endTurn", "rewind", "restart"),
    key: fc.constantFrom("a", "b", "c"),
    id: fc.constantFrom("t1", "t2", "t3"),
  }),
  { maxLength: 40 },
);

test("in any order of what is told, no record comes twice, prompts come before completions, bases are known", () => {
  fc.assert(
    fc.property(STEPS, (steps) => {
      const { thread, take } = started();
      for (const [second, { step, key, id }] of steps.entries()) {
        const where = at(second);
        if (step === "ask") ask(thread, `message ${second}`, second);
        else if (step === "answer") thread.answer(key, where, [text(`answer ${second}`)], {});
        else if (step === "use") use(thread, key, [id], second);
        else if (step === "result") thread.toolResult(where, { id, status: "ok" });
        else if (step === "learn") thread.learn(key, where, { usage: { output_tokens: second } });
        else if (step === "flush") thread.flush("quiet");
        else if (step === "endTurn") thread.endTurn(where, `turn ${second}`);
        else if (step === "rewind") thread.rewind(key, thread.lengthAfter(key));
        else thread.restart("compaction", { complete: second % 2 === 0 });
      }
      thread.flush("stop");
      const seen = new Set<string>();
      for (const event of take()) {
        const name = `${event.type} ${event.span.key}`;
        if (event.type === "amend") expect(seen).toContain(`completion ${event.span.key}`);
        else {
          expect(seen).not.toContain(name);
          seen.add(name);
        }
        if (event.type === "completion") expect(seen).toContain(`prompt ${event.span.key}`);
        if (event.type === "prompt" && event.input.base !== undefined)
          expect(seen).toContain(`completion ${event.input.base.key}`);
      }
    }),
    { numRuns: 300 },
  );
});

describe("system text and tools", () => {
  const tools = [{ name: "shell" }];

  function prompts(threads: readonly ((thread: Thread) => void)[]): unknown[] {
    const events: Event[] = [];
    const calls = new SetUpCalls<Call>();
    for (const fill of threads)
      fill(
        new Thread(
          (event) => events.push(event),
          () => undefined,
          calls,
        ),
      );
    return events.flatMap((event) =>
      event.type === "prompt" ? [{ input: event.input, content: event.content }] : [],
    );
  }

  test("are written with the first call only, whoever says them again", () => {
    const written = prompts([
      (thread) => {
        for (const second of [1, 2]) {
          thread.setUp("Be brief.", tools);
          thread.answer(`call ${second}`, at(second), [], {});
        }
      },
    ]);
    expect(written).toEqual([
      { input: { messages: 0, reason: "start" }, content: { system: "Be brief.", tools } },
      { input: { messages: 0, base: { kind: "model", key: "call 1" } }, content: undefined },
    ]);
  });

  test("are written again where they changed", () => {
    const written = prompts([
      (thread) => {
        thread.setUp("Be brief.", tools);
        thread.answer("call 1", at(1), [], {});
        thread.setUp("Be kind.");
        thread.answer("call 2", at(2), [], {});
      },
    ]);
    expect(written[1]).toMatchObject({ content: { system: "Be kind." } });
    expect(written[1]).not.toHaveProperty("content.tools");
  });

  test("of a call that starts over are those of an earlier one, none of whose messages it keeps", () => {
    const written = prompts([
      (thread) => {
        thread.setUp("Be brief.", tools);
        thread.answer("call 1", at(1), [], {});
        thread.restart("compaction", { complete: true });
        thread.answer("call 2", at(2), [], {});
      },
      (thread) => {
        thread.setUp("You explore.", tools);
        thread.answer("call 3", at(3), [], {});
      },
    ]);
    expect(written.slice(1)).toEqual([
      {
        input: {
          messages: 0,
          base: { kind: "model", key: "call 1" },
          base_messages: 0,
          reason: "compaction",
        },
        content: undefined,
      },
      {
        input: { messages: 0, base: { kind: "model", key: "call 2" }, base_messages: 0, reason: "start" },
        content: { system: "You explore." },
      },
    ]);
  });

  test("that are some of those another thread has are told by name", () => {
    const grep = { name: "grep", description: "finds" };
    const written = prompts([
      (thread) => {
        thread.setUp(undefined, [...tools, grep, { name: "edit", v: 1 }]);
        thread.answer("call 1", at(1), [], {});
      },
      (thread) => {
        thread.setUp(undefined, [grep, { name: "edit", v: 2 }]);
        thread.answer("call 2", at(2), [], {});
      },
    ]);
    expect(written[1]).toMatchObject({ content: { tools: [{ name: "grep" }, { name: "edit", v: 2 }] } });
    expect(written[1]).not.toHaveProperty("content.tools.0.description");
  });

  test("stand once more in a new trace", () => {
    const written = prompts([
      (thread) => {
        thread.setUp("Be brief.", tools);
        thread.answer("call 1", at(1), [], {});
        thread.restart("resume", { complete: false });
        thread.answer("call 2", at(2), [], {});
      },
    ]);
    expect(written[1]).toEqual({
      input: { reason: "resume", complete: false },
      content: { system: "Be brief.", tools },
    });
  });
});
