import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { SPOOR_IN_SHELL } from "../process/spoor.ts";
import type { Step } from "./agents/play.ts";
import { genuine, type Genuine, type GenuineAgent, writing } from "./genuine.ts";
import { Place } from "./place.ts";

/** Command lines under which an agent leaves nothing but its JSON stream. */
const STREAM_ONLY = [
  ["claude-code", "claude -p --output-format stream-json --verbose --no-session-persistence"],
  ["codex", "codex exec --json --ephemeral"],
] as const satisfies readonly (readonly [GenuineAgent, string])[];

/** In pieces that end anywhere, also within a character. */
function printing({ streams: [stream = ""] }: Genuine): Step[] {
  const pieces = stream.match(/[^]{1,777}/g) ?? [];
  return pieces.map((text) => ({ do: "print", text }));
}

describe.concurrent("an agent whose stream is all it leaves", () => {
  test.each(STREAM_ONLY)(
    "is recorded from it, and the stream arrives byte for byte: %s",
    async (agent, line) => {
      await using place = new Place();
      const ok = genuine(place, agent, "ok", [["Done. The file", "Done ✓ 文. The file"]]);
      place.play("go", printing(ok), { do: "exit", code: 5 });
      const shell = `${SPOOR_IN_SHELL} record -- ${line} go | cat`;
      const { output, errors } = await place.start(["sh", "-c", shell]).ended;
      expect(output).toBe(ok.streams[0]);
      const { llm_errors, tool_calls, tool_errors } = ok.sums;
      const { reasoning_tokens: _, ...usage } = ok.sums.usage;
      expect(place.trace).toMatchObject({
        agent,
        status: "failure",
        conversation_id: ok.conversationId,
        losses: {},
        llm_errors,
        tool_calls,
        tool_errors,
        usage,
      });
      expect(place.trace.trace.invocation?.start?.capture.sources).toEqual([
        { kind: "stream", name: "stdout" },
      ]);
      expect(place.trace.text).toContain("Done ✓ 文. The file");
      expect(errors).toContain(`${tool_calls} tool calls`);
    },
  );

  test.each(STREAM_ONLY)("is in the trace while it goes on: %s", async (agent, line) => {
    await using place = new Place();
    const ok = genuine(place, agent, "ok");
    const steps = printing(ok);
    const most = steps.length - 2;
    place.play("go", steps.slice(0, most), { do: "pass", gate: "rest" }, steps.slice(most));
    const running = place.record([...line.split(" "), "go"]);
    await place.until("a tool call is on disk", () => place.trace.tool_calls > 0);
    expect(place.trace).toMatchObject({ status: "running", conversation_id: ok.conversationId });
    place.open("rest");
    expect((await running.ended).output).toBe(ok.streams[0]);
  });

  test.each(STREAM_ONLY)("is imported from its saved stream as nothing new: %s", async (agent, line) => {
    await using place = new Place();
    const ok = genuine(place, agent, "ok");
    place.play("go", printing(ok));
    const { output } = await place.record([...line.split(" "), "go"]).ended;
    place.write("stdout.jsonl", output);
    expect(await place.spoorJson("import", "stdout.jsonl")).toEqual([]);
  });
});

describe.concurrent("an agent that writes a transcript", () => {
  test.runIf(existsSync("/proc/self/fd")).each([
    ["claude-code", "claude -p --output-format stream-json --verbose"],
    ["codex", "codex exec --json"],
    ["gemini-cli", "gemini -o stream-json -p"],
  ] as const)("has our stdout itself, and is counted once: %s", async (agent, line) => {
    await using place = new Place();
    const ok = genuine(place, agent, "ok");
    const tell = "told=$(readlink /proc/$$/fd/1); echo $told >&2";
    place.play("go", { do: "run", command: ["sh", "-c", tell] }, printing(ok), writing(ok, place));
    const shell = `${SPOOR_IN_SHELL} record --quiet -- ${line} go | sh -c 'told=$(readlink /proc/$$/fd/0); echo $told >&2; cat'`;
    const { output, errors } = await place.start(["sh", "-c", shell]).ended;
    expect(output).toBe(ok.streams[0]);
    const [agents, readers] = errors.trim().split("\n").sort();
    expect(agents).toMatch(/^pipe:/);
    expect(readers).toBe(agents);
    expect(place.trace).toMatchObject({ conversation_id: ok.conversationId, losses: {}, ...ok.sums });
    place.write("stdout.jsonl", output);
    expect(await place.spoorJson("import", "stdout.jsonl")).toEqual([]);
  });
});
