/** Gemini CLI: `gemini -p` with and without its JSON stream, and its terminal interface. */

import type { ScriptedTool, ToolOutcome } from "../../model-server/index.ts";
import { BAD_REQUEST_UNTOLD, line, OVERLOADED_UNTOLD, type Scenario } from "./scenario.ts";

const agent = "gemini-cli";

function shell(command: string, outcome: ToolOutcome = "ok"): ScriptedTool {
  return { name: "run_shell_command", input: { command }, outcome };
}

const work = [
  {
    thinking: "**Inspecting** I should look at the files.",
    tools: [
      { name: "list_directory", input: { dir_path: "." } },
      { name: "read_file", input: { file_path: "missing-file.txt" }, outcome: "error" as const },
    ],
  },
  {
    text: "One file was missing; I will create it.",
    tools: [
      { name: "write_file", input: { file_path: "missing-file.txt", content: "hello from the script\n" } },
    ],
  },
  { tools: [shell("cat missing-file.txt; exit 3", "error")] },
  { text: "Done. The file now exists." },
];

const READY = [{ kind: "see", text: "Type your message" }, { kind: "quiet" }] as const;

export const geminiCliScenarios: readonly Scenario[] = [
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
    about: "The same run without a JSON stream: only the session file tells.",
    script: { ALPHA: work },
    runs: [
      { ask: { prompt: "ALPHA create missing-file.txt if it is missing", output: "text" }, exitCode: 0 },
    ],
  },
  {
    agent,
    name: "api-error",
    about: "A good call with a tool, then the provider refuses the request.",
    script: { ALPHA: [{ tools: [shell("echo before the error")] }, BAD_REQUEST_UNTOLD] },
    // Its exit code is the HTTP status, of which eight bits are left.
    runs: [{ ask: { prompt: "ALPHA ask and be refused", output: "json" }, exitCode: 400 & 0xff }],
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
    script: { ALPHA: [{ tools: [shell("echo quick")] }, { tools: [shell("sleep 4731", "unanswered")] }] },
    runs: [
      {
        ask: { prompt: "ALPHA start something long", output: "json" },
        kill: { whom: "agent", signal: "SIGKILL", conversation: "ALPHA", asked: 2, during: "sleep 4731" },
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
          ...READY,
          ...line("ALPHA first turn"),
          { kind: "see", text: "First done." },
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
  {
    agent,
    name: "interrupt",
    about: "Escape in the terminal interface while a command runs, then another turn.",
    script: { ALPHA: [{ tools: [shell("sleep 4732", "cancelled")] }, { text: "As you like." }] },
    runs: [
      {
        ask: { output: "tui" },
        terminal: [
          ...READY,
          ...line("ALPHA sleep"),
          { kind: "running", command: "sleep 4732" },
          { kind: "type", keys: "\u001b" },
          { kind: "see", text: "cancelled" },
          { kind: "quiet" },
          ...line("never mind"),
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
    name: "sub-agent",
    about: "A sub-agent that the main agent waits for.",
    script: {
      ALPHA: [
        { tools: [{ name: "invoke_agent", input: { agent_name: "generalist", prompt: "BETA run echo" } }] },
        { text: "The agent is done." },
      ],
      BETA: [
        { tools: [shell("echo from the agent")] },
        { tools: [{ name: "complete_task", input: { result: { response: "Echoed: from the agent." } } }] },
      ],
    },
    runs: [{ ask: { prompt: "ALPHA have an agent run echo", output: "json" }, exitCode: 0 }],
  },
];
