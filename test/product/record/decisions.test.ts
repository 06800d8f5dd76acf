import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Decision } from "@spoor/trace";
import { describe, expect, test } from "vitest";
import { SPOOR } from "../process/spoor.ts";
import type { Step } from "./agents/play.ts";
import { bytesBelow } from "./canaries.ts";
import { commandOf, genuine, GENUINE_AGENTS, type GenuineAgent, writing } from "./genuine.ts";
import { Place, type StoredTrace } from "./place.ts";

const CHANGE = "https://github.com/example-org/shop/pull/17";

const decisionsIn = (trace: StoredTrace | undefined): Decision[] =>
  trace?.records.filter((record) => record.type === "decision") ?? [];

const declare = (...words: readonly string[]): string[] => [...SPOOR, "decision", ...words];

/** The fixtures' commands that succeed, and what they print. */
const SUCCEEDED: Readonly<Record<GenuineAgent, readonly [string, string]>> = {
  "claude-code": ['"command":"ls"', '"content":"README.md"'],
  codex: ['\\"cmd\\":\\"ls\\"', "Output:\\nREADME.md"],
  "gemini-cli": ['"command":"echo one"', "Output: one"],
};

describe.concurrent("a decision that the agent took by a tool", () => {
  test.each(GENUINE_AGENTS)("is in its trace: %s", async (agent) => {
    await using place = new Place();
    const [command, output] = SUCCEEDED[agent];
    const reviewed = genuine(place, agent, agent === "gemini-cli" ? "resume" : "ok", [
      [command, command.replace(/ls|echo one/, `gh pr review ${CHANGE} --approve --body fine`)],
      [output, output.replace(/README\.md|one/, `Approved pull request ${CHANGE}`)],
    ]);
    place.play("go", writing(reviewed, place));
    await place.record([commandOf(agent), "go"]).ended;
    expect(decisionsIn(place.trace)).toMatchObject([
      { verdict: "approve", basis: "tool_call", subject: { change_url: CHANGE } },
    ]);
    expect(place.trace).toMatchObject({ decision: "approve" });
  });

  test("is not one where the tool failed", async () => {
    await using place = new Place();
    const failed = genuine(place, "claude-code", "ok", [
      ["cat missing-file.txt; exit 3", "gh pr review --approve"],
    ]);
    place.play("go", writing(failed, place));
    await place.record(["claude", "go"]).ended;
    expect(decisionsIn(place.trace)).toEqual([]);
  });

  test.each(["claude-code", "codex"] as const)("may be a final answer with a verdict: %s", async (agent) => {
    await using place = new Place();
    const structured = genuine(place, agent, "structured");
    place.play("go", writing(structured, place));
    await place.record([commandOf(agent), "go"]).ended;
    expect(decisionsIn(place.trace)).toMatchObject([{ basis: "structured_output" }]);
  });
});

describe.concurrent("a decision that is declared from inside the run", () => {
  test("is in the trace while it goes on, with its reason from stdin", async () => {
    await using place = new Place();
    const text = genuine(place, "claude-code", "text");
    const said = `echo "the tests cover it" | ${declare("approve", "--confidence", "0.9", "--reason", "-")
      .map((word) => `'${word}'`)
      .join(" ")}`;
    place.play(
      "go",
      writing(text, place),
      { do: "run", command: ["sh", "-c", said] },
      { do: "pass", gate: "end" },
    );
    const running = place.record(["claude", "go"]);
    await place.until("it is on disk", () => decisionsIn(place.trace).length > 0);
    expect(place.trace).toMatchObject({ status: "running", decision: "approve" });
    place.open("end");
    await running.ended;
    expect(decisionsIn(place.trace)).toMatchObject([
      {
        verdict: "approve",
        basis: "declared",
        confidence: 0.9,
        parent_span_id: place.trace.trace.invocation?.span_id,
        content: { reasoning: "the tests cover it" },
      },
    ]);
    expect(readdirSync(join(place.store, "declared"))).toEqual([]);
  });

  test("is in the trace also when the run ends at once", async () => {
    await using place = new Place();
    const { code } = await place.record(["sh", "-c", `${declare("give_up").join(" ")}; exit 4`]).ended;
    expect(code).toBe(4);
    expect(place.trace).toMatchObject({ decision: "give_up", status: "failure" });
  });

  test("goes to the store that --dir named, from wherever in the run", async () => {
    await using place = new Place();
    const store = join(place.root, "elsewhere");
    await place.record(["sh", "-c", `cd / && ${declare("comment").join(" ")}`], {
      options: ["--dir", "../elsewhere"],
    }).ended;
    expect(bytesBelow(store).includes('"verdict":"comment"')).toBe(true);
  });

  test("goes to the innermost run", async () => {
    await using place = new Place();
    await place.record([...SPOOR, "record", "--role", "inner", "--", ...declare("merge")]).ended;
    const [outer, inner] = place.traces();
    expect(inner).toMatchObject({ role: "inner", decision: "merge", trace_id: outer?.trace_id });
    expect(decisionsIn(outer)).toEqual([]);
  });

  test("is added to a run that has ended, and to one that was killed", async () => {
    await using place = new Place();
    await place.record(["true"]).ended;
    const { invocation_id: id } = place.trace;
    await place.spoor("decision", "reject", "--reason", "too slow", "--invocation", id);
    expect(place.trace).toMatchObject({ decision: "reject", status: "success", losses: {} });

    place.play("go", { do: "reach", gate: "started" }, { do: "pass", gate: "end" });
    const running = place.record(["claude", "go"]);
    await place.reached("started");
    running.kill("SIGKILL");
    await running.exited;
    const [, killed] = place.traces();
    await place.spoor("decision", "escalate", "--invocation", killed?.invocation_id ?? "");
    expect(place.traces()[1]).toMatchObject({ decision: "escalate" });
  });

  test("and never read by a recorder that was killed is written by who closes the trace", async () => {
    await using place = new Place();
    const { running } = await stopped(place, declare("approve", "--reason", "it works"));
    running.kill("SIGKILL");
    await running.exited;
    await place.record(["true"]).ended;
    const [killed] = place.traces();
    expect(decisionsIn(killed)).toMatchObject([{ verdict: "approve", content: { reasoning: "it works" } }]);
    expect(killed).toMatchObject({ status: "crashed", losses: {} });
    expect(readdirSync(join(place.store, "declared"))).toEqual([]);
  });

  test("leaves no content in the store of a run at level metadata, not even for a moment", async () => {
    await using place = new Place();
    const { running } = await stopped(place, declare("approve", "--reason", "it works"), [
      "--level",
      "metadata",
    ]);
    const bytes = bytesBelow(place.store);
    expect(bytes.includes('"verdict":"approve"')).toBe(true);
    expect(bytes.includes('"content"')).toBe(false);
    running.kill("SIGCONT");
    await running.ended;
  });

  /** A run whose recorder is stopped before its agent does `command`, and stays so. */
  async function stopped(
    place: Place,
    command: readonly string[],
    options: readonly string[] = [],
  ): Promise<{ running: ReturnType<Place["record"]> }> {
    const declared: Step[] = [
      { do: "run", command },
      { do: "reach", gate: "declared" },
    ];
    place.play("go", { do: "reach", gate: "started" }, { do: "pass", gate: "stopped" }, declared);
    const running = place.record(["claude", "go"], { options });
    await place.reached("started");
    running.kill("SIGSTOP");
    place.open("stopped");
    await place.reached("declared");
    return { running };
  }
});
