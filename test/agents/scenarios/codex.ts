/** Codex: `codex exec` with and without its JSON stream, and its terminal interface. */

import type { ScriptedTool, ToolOutcome } from "../../model-server/index.ts";
import { BAD_REQUEST, line, OVERLOADED_UNTOLD, type Scenario } from "./scenario.ts";

const agent = "codex";
const NEWER_MODEL = "gpt-6.1-sol";

function shell(cmd: string, outcome: ToolOutcome = "ok"): ScriptedTool {
  return { name: "exec_command", input: { cmd }, outcome };
}

function addFile(path: string, text: string): ScriptedTool {
  const patch = ["*** Begin Patch", `*** Add File: ${path}`, `+${text}`, "*** End Patch", ""];
  return { name: "apply_patch", input: patch.join("\n") };
}

/** The newer models' way: one tool that runs JavaScript, which calls the others. */
function code(
  lines: readonly string[],
  nested: readonly ToolOutcome[],
  outcome: ToolOutcome = "ok",
): ScriptedTool {
  return { name: "exec", namespace: "functions", input: lines.join("\n"), nested, outcome };
}

function collaborate(name: string, input: Readonly<Record<string, unknown>>): ScriptedTool {
  return { name, namespace: "collaboration", input };
}

const VERDICT_SCHEMA = JSON.stringify({
  type: "object",
  properties: { verdict: { type: "string" }, reason: { type: "string" } },
  required: ["verdict", "reason"],
  additionalProperties: false,
});

const work = [
  {
    thinking: "**Planning** Look at the files first.",
    tools: [shell("ls"), shell("cat missing-file.txt", "error")],
  },
  {
    text: "One file was missing; I will create it.",
    tools: [addFile("missing-file.txt", "hello from the script")],
    usage: { input: 3_000, cacheRead: 1_000, cacheWrite: 700, output: 150, reasoning: 0 },
  },
  { tools: [shell("cat missing-file.txt; exit 3", "error")] },
  { text: "Done. The file now exists." },
];

export const codexScenarios: readonly Scenario[] = [
  {
    agent,
    name: "ok",
    about: "Two parallel commands of which one fails, a patch, a command that exits 3, a final text.",
    script: { ALPHA: work },
    runs: [
      { ask: { prompt: "ALPHA create missing-file.txt if it is missing", output: "json" }, exitCode: 0 },
    ],
  },
  {
    agent,
    name: "text",
    about: "The same run without a JSON stream: only the rollout tells.",
    script: { ALPHA: work },
    runs: [
      { ask: { prompt: "ALPHA create missing-file.txt if it is missing", output: "text" }, exitCode: 0 },
    ],
  },
  {
    agent,
    name: "api-error",
    about: "A good call with a tool, then the provider refuses the request.",
    script: { ALPHA: [{ tools: [shell("echo before the error")] }, BAD_REQUEST] },
    runs: [{ ask: { prompt: "ALPHA ask and be refused", output: "json" }, exitCode: 1 }],
  },
  {
    agent,
    name: "retry",
    about: "The provider is overloaded twice, then answers.",
    script: {
      ALPHA: [
        OVERLOADED_UNTOLD,
        OVERLOADED_UNTOLD,
        { tools: [shell("echo after the retries")] },
        { text: "It worked." },
      ],
    },
    runs: [{ ask: { prompt: "ALPHA try until it works", output: "json" }, exitCode: 0 }],
  },
  {
    agent,
    name: "killed",
    about: "SIGKILL of the agent while a command runs.",
    script: { ALPHA: [{ tools: [shell("echo quick")] }, { tools: [shell("sleep 4711", "unanswered")] }] },
    runs: [
      {
        ask: { prompt: "ALPHA start something long", output: "json" },
        kill: { whom: "agent", signal: "SIGKILL", conversation: "ALPHA", asked: 2, during: "sleep 4711" },
      },
    ],
  },
  {
    agent,
    name: "resume",
    about: "A conversation, gone on with by its id, then as the latest of the folder.",
    script: {
      ALPHA: [
        { tools: [shell("echo one")] },
        { text: "First done." },
        { tools: [shell("echo two; exit 2", "error")] },
        { text: "Second done." },
        { text: "Third done." },
      ],
    },
    runs: [
      { ask: { prompt: "ALPHA first", output: "json" }, exitCode: 0 },
      { ask: { prompt: "and second", output: "json", resume: "same" }, exitCode: 0 },
      { ask: { prompt: "and third", output: "json", resume: "latest" }, exitCode: 0 },
    ],
  },
  {
    agent,
    name: "fork",
    about: "A conversation, forked into a new one that replays it.",
    script: { ALPHA: [{ tools: [shell("echo one")] }, { text: "First done." }, { text: "Forked." }] },
    runs: [
      { ask: { prompt: "ALPHA first", output: "json" }, exitCode: 0 },
      { ask: { prompt: "and now elsewhere", output: "json", resume: "same", fork: true }, exitCode: 0 },
    ],
  },
  {
    agent,
    name: "code-mode",
    about: "A newer model: JavaScript that runs two commands (one fails) and a patch, then one that throws.",
    script: {
      ALPHA: [
        {
          thinking: "**Planning** Look at the files first.",
          tools: [
            code(
              [
                'const listed = await tools.exec_command({ cmd: "ls" });',
                'const missing = await tools.exec_command({ cmd: "cat missing-file.txt" });',
                "text(listed); text(missing);",
              ],
              ["ok", "error"],
            ),
          ],
        },
        {
          text: "One file was missing; I will create it.",
          tools: [
            code(
              [
                'const patch = ["*** Begin Patch", "*** Add File: missing-file.txt", "+hello", "*** End Patch", ""];',
                'text(await tools.apply_patch(patch.join("\\n")));',
              ],
              ["ok"],
            ),
          ],
        },
        { tools: [code(['throw new Error("scripted fault");'], [], "error")] },
        { text: "Done. The file now exists." },
      ],
    },
    runs: [
      {
        ask: { prompt: "ALPHA create missing-file.txt", output: "json", extra: ["-m", NEWER_MODEL] },
        exitCode: 0,
      },
    ],
  },
  {
    agent,
    name: "sub-agent",
    about: "A newer model spawns an agent, waits for it and goes on.",
    script: {
      ALPHA: [
        {
          tools: [
            collaborate("spawn_agent", {
              task_name: "echo_check",
              message: "BETA run echo",
              fork_turns: "none",
            }),
          ],
        },
        { tools: [collaborate("wait_agent", { timeout_ms: 20_000 })] },
        { text: "The agent is done." },
      ],
      BETA: [
        { tools: [code(['text(await tools.exec_command({ cmd: "echo from the agent" }));'], ["ok"])] },
        { text: "Echoed: from the agent." },
      ],
    },
    runs: [
      {
        ask: { prompt: "ALPHA have an agent run echo", output: "json", extra: ["-m", NEWER_MODEL] },
        exitCode: 0,
      },
    ],
  },
  {
    agent,
    name: "structured",
    about: "A final answer bound to a JSON schema with a verdict.",
    script: {
      ALPHA: [
        { tools: [shell("echo reviewing")] },
        { text: JSON.stringify({ verdict: "request_changes", reason: "the test is missing" }) },
      ],
    },
    files: { "verdict.schema.json": VERDICT_SCHEMA },
    runs: [
      {
        ask: { prompt: "ALPHA review", output: "json", extra: ["--output-schema", "verdict.schema.json"] },
        exitCode: 0,
      },
    ],
  },
  {
    agent,
    name: "tui",
    about: "Two turns in the terminal interface, then quit.",
    script: {
      ALPHA: [
        { tools: [shell("echo one")] },
        { text: "First done." },
        { tools: [shell("ls missing", "error")] },
        { text: "Second done." },
      ],
    },
    runs: [
      {
        ask: { output: "tui" },
        terminal: [
          { kind: "see", text: "GPT-5.5" },
          { kind: "quiet" },
          ...line("ALPHA first turn"),
          { kind: "answered", conversation: "ALPHA", calls: 2 },
          { kind: "see", text: "First done." },
          { kind: "quiet" },
          ...line("and a second turn"),
          { kind: "answered", conversation: "ALPHA", calls: 4 },
          { kind: "see", text: "Second done." },
          { kind: "quiet" },
          ...line("/quit"),
        ],
        exitCode: 0,
      },
    ],
  },
  {
    agent,
    name: "tui-alone",
    about: "One turn in the terminal interface without the background server.",
    script: { ALPHA: [{ tools: [shell("echo one")] }, { text: "First done." }] },
    runs: [
      {
        ask: { output: "tui", extra: ["--no-daemon"] },
        terminal: [
          { kind: "see", text: "GPT-5.5" },
          { kind: "quiet" },
          ...line("ALPHA first turn"),
          { kind: "see", text: "First done." },
          { kind: "quiet" },
          ...line("/quit"),
        ],
        exitCode: 0,
      },
    ],
  },
  {
    agent,
    name: "interrupt",
    about: "Escape in the terminal interface while a command runs, then another turn.",
    script: { ALPHA: [{ tools: [shell("sleep 4712", "cancelled")] }, { text: "As you like." }] },
    runs: [
      {
        ask: { output: "tui" },
        terminal: [
          { kind: "see", text: "GPT-5.5" },
          { kind: "quiet" },
          ...line("ALPHA sleep"),
          { kind: "answered", conversation: "ALPHA", calls: 1 },
          { kind: "running", command: "sleep 4712" },
          { kind: "type", keys: "\u001b" },
          { kind: "see", text: "interrupted" },
          { kind: "quiet" },
          ...line("never mind"),
          { kind: "answered", conversation: "ALPHA", calls: 2 },
          { kind: "see", text: "As you like." },
          { kind: "quiet" },
          ...line("/quit"),
        ],
        exitCode: 0,
      },
    ],
  },
  {
    agent,
    name: "compact",
    about: "A turn, /compact, and a turn on the compacted context.",
    script: {
      ALPHA: [
        { tools: [shell("echo one")] },
        { text: "First done." },
        { text: "ALPHA summary: one was echoed." },
        { text: "Second done." },
      ],
    },
    runs: [
      {
        ask: { output: "tui" },
        terminal: [
          { kind: "see", text: "GPT-5.5" },
          { kind: "quiet" },
          ...line("ALPHA first turn"),
          { kind: "see", text: "First done." },
          { kind: "quiet" },
          ...line("/compact"),
          { kind: "answered", conversation: "ALPHA", calls: 3 },
          { kind: "see", text: "ompacted" },
          { kind: "quiet" },
          ...line("and a second turn"),
          { kind: "see", text: "Second done." },
          { kind: "quiet" },
          ...line("/quit"),
        ],
        exitCode: 0,
      },
    ],
  },
];
