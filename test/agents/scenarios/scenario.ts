/** A scenario: what the model is scripted to say, how the agent is run, and how each run must end. */

import type { Script, Step } from "../../model-server/index.ts";
import type { AgentName, Ask } from "../agents.ts";
import type { Kill, TerminalStep } from "../drive.ts";

export interface Run {
  /** `resume: "same"` stands for the conversation of the scenario's first run, by its id. */
  readonly ask: Ask;
  readonly terminal?: readonly TerminalStep[];
  readonly kill?: Kill;
  /** The agent's exit code; absent after a kill. */
  readonly exitCode?: number;
}

export interface Scenario {
  readonly agent: AgentName;
  readonly name: string;
  /** What it shows, one sentence. */
  readonly about: string;
  readonly script: Script;
  /** One after the other, in the same home and project. */
  readonly runs: readonly Run[];
  /** Files in the project before the first run: path to text. */
  readonly files?: Readonly<Record<string, string>>;
}

/** An answer of a provider that says the request is wrong: no agent tries again. */
export const BAD_REQUEST: Step = failure(400, "invalid_request_error", "scripted: bad request");

/** The same where the agent's files are silent about it. */
export const BAD_REQUEST_UNTOLD: Step = { ...BAD_REQUEST, untold: "its files have no answer line for it" };

/** An answer that says the provider is busy, after which every agent tries again. */
export const OVERLOADED: Step = failure(503, "overloaded_error", "scripted: overloaded");
/** The same, for agents that leave no line of it. */
export const OVERLOADED_UNTOLD: Step = {
  ...OVERLOADED,
  untold: "a try that is repeated leaves no line in its files",
};

function failure(status: number, type: string, message: string): Step {
  // One body that all three providers' clients can read.
  return { error: { status, body: { type: "error", error: { type, message, code: status, status: type } } } };
}

/** Types a line as a person does: the text, then Enter once the screen shows it. */
export function line(text: string): TerminalStep[] {
  return [{ kind: "type", keys: text }, { kind: "quiet" }, { kind: "type", keys: "\r" }];
}
