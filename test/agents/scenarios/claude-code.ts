/** Claude Code: `claude -p` with and without its JSON stream, and its terminal interface. */

import type { ScriptedTool, Step, ToolOutcome } from "../../model-server/index.ts";
import { BAD_REQUEST, BAD_REQUEST_UNTOLD, line, OVERLOADED, type Scenario } from "./scenario.ts";

const agent = "claude-code";

function bash(command: string, outcome: ToolOutcome = "ok"): ScriptedTool {
  return { name: "Bash", input: { command, description: "scripted" }, outcome };
}

function task(prompt: string, background: boolean): ScriptedTool {
  const input = {
    description: "echo check",
    prompt,
    subagent_type: "general-purpose",
    run_in_background: background,
  };
  return { name: "Agent", input };
}

const work = [
  {
    thinking: "I should look at the files.",
    text: "Looking at the files.",
    tools: [
      bash("ls"),
      { name: "Read", input: { file_path: "missing-file.txt" }, outcome: "error" as const },
    ],
  },
  {
    text: "One file was missing; I will create it.",
    tools: [{ name: "Write", input: { file_path: "missing-file.txt", content: "hello from the script\n" } }],
    usage: { input: 3_000, cacheRead: 1_000, cacheWrite: 700, output: 150, reasoning: 0 },
  },
  { tools: [bash("cat missing-file.txt; exit 3", "error")] },
  { text: "Done. The file now exists." },
];

/** The terminal interface is ready once it has drawn its prompt. */
const READY = [{ kind: "see", text: "❯" }, { kind: "quiet" }] as const;

export const claudeCodeScenarios: readonly Scenario[] = [
  {
    agent,
    name: "ok",
    about: "Thinking, two parallel tools of which one fails, a file, a command that exits 3, a final text.",
    script: { ALPHA: work },
    runs: [
      { ask: { prompt: "ALPHA create missing-file.txt if it is missing", output: "json" }, exitCode: 0 },
    ],
  },
  {
    agent,
    name: "text",
    about: "The same run without a JSON stream: only the transcript tells.",
    script: { ALPHA: work },
    runs: [
      { ask: { prompt: "ALPHA create missing-file.txt if it is missing", output: "text" }, exitCode: 0 },
    ],
  },
  {
    agent,
    name: "api-error",
    about: "A good call with a tool, then the provider refuses the request.",
    // It asks five times more, each time with fewer features, and gives an answer line to the last one.
    script: {
      ALPHA: [
        { tools: [bash("echo before the error")] },
        ...Array<Step>(5).fill(BAD_REQUEST_UNTOLD),
        BAD_REQUEST,
      ],
    },
    runs: [{ ask: { prompt: "ALPHA ask and be refused", output: "json" }, exitCode: 1 }],
  },
  {
    agent,
    name: "retry",
    about: "The provider is overloaded twice, then answers.",
    script: {
      ALPHA: [OVERLOADED, OVERLOADED, { tools: [bash("echo after the retries")] }, { text: "It worked." }],
    },
    runs: [{ ask: { prompt: "ALPHA try until it works", output: "json" }, exitCode: 0 }],
  },
  {
    agent,
    name: "killed",
    about: "SIGKILL of the agent while a command runs.",
    script: {
      ALPHA: [{ tools: [bash("echo quick")] }, { tools: [bash("tail -n 4721 -f README.md", "unanswered")] }],
    },
    runs: [
      {
        ask: { prompt: "ALPHA start something long", output: "json" },
        kill: {
          whom: "agent",
          signal: "SIGKILL",
          conversation: "ALPHA",
          asked: 2,
          during: "tail -n 4721 -f README.md",
        },
      },
    ],
  },
  {
    agent,
    name: "resume",
    about: "A conversation, gone on with by its id, then as the latest of the folder.",
    script: {
      ALPHA: [
        { tools: [bash("echo one")] },
        { text: "First done." },
        { tools: [bash("echo two; exit 2", "error")] },
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
    script: { ALPHA: [{ tools: [bash("echo one")] }, { text: "First done." }, { text: "Forked." }] },
    runs: [
      { ask: { prompt: "ALPHA first", output: "json" }, exitCode: 0 },
      { ask: { prompt: "and now elsewhere", output: "json", resume: "same", fork: true }, exitCode: 0 },
    ],
  },
  {
    agent,
    name: "sub-agent",
    about: "A sub-agent that the main agent waits for.",
    script: {
      ALPHA: [{ tools: [task("BETA run echo", false)] }, { text: "The agent is done." }],
      BETA: [{ tools: [bash("echo from the agent; exit 4", "error")] }, { text: "Echoed: from the agent." }],
    },
    runs: [{ ask: { prompt: "ALPHA have an agent run echo", output: "json" }, exitCode: 0 }],
  },
  {
    agent,
    name: "sub-agents-background",
    about: "Two sub-agents at once in the background, and a turn for each one's notification.",
    script: {
      ALPHA: [
        { tools: [task("BETA run echo", true), task("GAMMA run echo", true)] },
        { text: "They are at work." },
        { text: "One is done." },
        { text: "Both are done." },
      ],
      BETA: [{ tools: [bash("echo from beta")] }, { text: "Echoed: beta." }],
      GAMMA: [{ tools: [bash("sleep 1; echo from gamma")] }, { text: "Echoed: gamma." }],
    },
    runs: [{ ask: { prompt: "ALPHA have two agents run echo", output: "json" }, exitCode: 0 }],
  },
  {
    agent,
    name: "denied",
    about: "A tool that the settings refuse.",
    script: {
      ALPHA: [
        {
          tools: [
            { name: "WebFetch", input: { url: "http://127.0.0.1:1/", prompt: "read" }, outcome: "denied" },
          ],
        },
        { text: "I may not." },
      ],
    },
    runs: [
      {
        ask: {
          prompt: "ALPHA fetch",
          output: "json",
          extra: ["--disallowedTools", "WebFetch(domain:127.0.0.1)", "--"],
        },
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
        { tools: [bash("echo reviewing")] },
        {
          tools: [
            {
              name: "StructuredOutput",
              input: { verdict: "request_changes", reason: "the test is missing" },
            },
          ],
        },
        { text: "Done." },
      ],
    },
    runs: [
      {
        ask: {
          prompt: "ALPHA review",
          output: "json",
          extra: [
            "--json-schema",
            JSON.stringify({
              type: "object",
              properties: { verdict: { type: "string" }, reason: { type: "string" } },
              required: ["verdict", "reason"],
            }),
          ],
        },
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
        { tools: [bash("echo one")] },
        { text: "First done." },
        { tools: [bash("ls missing", "error")] },
        { text: "Second done." },
      ],
    },
    runs: [
      {
        ask: { output: "tui" },
        terminal: [
          ...READY,
          ...line("ALPHA first turn"),
          { kind: "see", text: "First done." },
          { kind: "quiet" },
          ...line("and a second turn"),
          { kind: "see", text: "Second done." },
          { kind: "quiet" },
          ...line("/exit"),
        ],
        exitCode: 0,
      },
    ],
  },
  {
    agent,
    name: "clear",
    about: "A turn, /clear, and a turn in the new conversation.",
    script: {
      ALPHA: [{ tools: [bash("echo one")] }, { text: "First done." }],
      BETA: [{ tools: [bash("echo two")] }, { text: "Second done." }],
    },
    runs: [
      {
        ask: { output: "tui" },
        terminal: [
          ...READY,
          ...line("ALPHA first turn"),
          { kind: "see", text: "First done." },
          { kind: "quiet" },
          ...line("/clear"),
          { kind: "quiet" },
          ...line("BETA another conversation"),
          { kind: "see", text: "Second done." },
          { kind: "quiet" },
          ...line("/exit"),
        ],
        exitCode: 0,
      },
    ],
  },
  {
    agent,
    name: "interrupt",
    about: "Escape in the terminal interface while a command runs, then another turn.",
    script: {
      ALPHA: [{ tools: [bash("tail -n 4722 -f README.md", "cancelled")] }, { text: "As you like." }],
    },
    runs: [
      {
        ask: { output: "tui" },
        terminal: [
          ...READY,
          ...line("ALPHA sleep"),
          { kind: "running", command: "tail -n 4722 -f README.md" },
          { kind: "type", keys: "\u001b" },
          { kind: "see", text: "What should Claude do instead" },
          { kind: "quiet" },
          ...line("never mind"),
          { kind: "see", text: "As you like." },
          { kind: "quiet" },
          ...line("/exit"),
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
        { tools: [bash("echo one")] },
        { text: "First done." },
        { text: "<summary>ALPHA: one was echoed.</summary>", untold: "its tokens are in cost-state only" },
        { text: "Second done." },
      ],
    },
    runs: [
      {
        ask: { output: "tui" },
        terminal: [
          ...READY,
          ...line("ALPHA first turn"),
          { kind: "see", text: "First done." },
          { kind: "quiet" },
          ...line("/compact"),
          { kind: "see", text: "Compacted" },
          { kind: "quiet" },
          ...line("and a second turn"),
          { kind: "see", text: "Second done." },
          { kind: "quiet" },
          ...line("/exit"),
        ],
        exitCode: 0,
      },
    ],
  },
];
