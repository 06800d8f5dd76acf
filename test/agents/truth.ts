/** What the model server knows of a run: the truth that transcripts and traces are held against. */

import type { LoggedCall, ScriptedTool, ToolOutcome, Usage } from "../model-server/index.ts";

export interface ToolTruth {
  readonly name: string;
  /** Absent where the provider's API gives none and the agent makes one up. */
  readonly id?: string;
  readonly input: ScriptedTool["input"];
  readonly outcome: ToolOutcome;
  readonly nested?: readonly ToolOutcome[];
}

export interface CallTruth {
  readonly conversation: string;
  /** The id inside the provider's message id (`msg_<id>`, `resp_<id>`; Gemini's files have none). */
  readonly id: string;
  readonly model: string;
  readonly status: "ok" | "error" | "unfinished";
  /** HTTP status of an error. */
  readonly code?: number;
  /** Zero unless the answer went out whole. */
  readonly usage: Usage;
  readonly untold?: string;
  readonly thinking?: string;
  readonly text?: string;
  readonly tools: readonly ToolTruth[];
}

export interface Truth {
  /** Calls with an answer. */
  readonly llm_calls: number;
  /** Calls that the server refused. */
  readonly llm_errors: number;
  /** Tools that the model asked for and those that one of these ran itself. */
  readonly tool_calls: number;
  /** How many of them the script's author knows to end in an error. */
  readonly tool_errors: number;
  readonly usage: Usage;
  readonly calls: readonly CallTruth[];
}

const NOTHING: Usage = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };

/** The calls of `log` that an agent keeps a record of; nobody could show the others. */
export function told(log: readonly LoggedCall[]): LoggedCall[] {
  return log.filter(({ answer }) => answer.step.untold === undefined);
}

/** Counts what the server answered to the scripted conversations in `log`; asides are left out. */
export function truthOf(log: readonly LoggedCall[]): Truth {
  const calls = log.flatMap((call) =>
    call.conversation === undefined ? [] : [callTruth(call, call.conversation)],
  );
  const answered = calls.filter(({ status }) => status === "ok");
  const outcomes = answered.flatMap(({ tools }) =>
    tools.flatMap(({ outcome, nested = [] }) => [outcome, ...nested]),
  );
  return {
    llm_calls: answered.length,
    llm_errors: calls.filter(({ status }) => status === "error").length,
    tool_calls: outcomes.length,
    tool_errors: outcomes.filter((outcome) => outcome !== "ok" && outcome !== "unanswered").length,
    usage: calls.reduce((sum, { usage }) => add(sum, usage), NOTHING),
    calls,
  };
}

function callTruth({ answer, delivered, toolCallIds }: LoggedCall, conversation: string): CallTruth {
  const { step, usage, id, model } = answer;
  const status = step.error !== undefined ? "error" : delivered ? "ok" : "unfinished";
  return {
    conversation,
    id,
    model,
    status,
    ...(step.error === undefined ? {} : { code: step.error.status }),
    usage: status === "ok" ? usage : NOTHING,
    ...(step.untold === undefined ? {} : { untold: step.untold }),
    ...(step.thinking === undefined ? {} : { thinking: step.thinking }),
    ...(step.text === undefined ? {} : { text: step.text }),
    tools: (step.tools ?? []).map(({ name, input, outcome = "ok", nested }, index) => {
      const toolCallId = toolCallIds[index];
      return {
        name,
        ...(toolCallId === undefined ? {} : { id: toolCallId }),
        input,
        outcome,
        ...(nested && { nested }),
      };
    }),
  };
}

function add(a: Usage, b: Usage): Usage {
  return {
    input: a.input + b.input,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
    output: a.output + b.output,
    reasoning: a.reasoning + b.reasoning,
  };
}
