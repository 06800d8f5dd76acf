/**
 * What the scripted model server is told to answer, and the record of what it did answer.
 *
 * A test knows the truth about an agent's run only if it wrote the model's side itself. A script is
 * therefore data: per conversation a list of answers, given one after the other. Which conversation a
 * request belongs to is read off the request (a key word in the user's own text), so sub-agents, side
 * questions and two agents at once each follow their own list.
 */

/** Tokens of one model call in OpenTelemetry's inclusive sense; each dialect converts to its own. */
export interface Usage {
  /** All prompt tokens, those read from and written to the cache included. */
  readonly input: number;
  readonly cacheRead: number;
  /** Always 0 for Gemini, whose API has no such figure. */
  readonly cacheWrite: number;
  /** All generated tokens, reasoning included. */
  readonly output: number;
  readonly reasoning: number;
}

/** One tool the model asks for. A string as input is Codex's free-form ("custom") tool call. */
export interface ScriptedTool {
  readonly name: string;
  /** The tool's name space, in the Responses API only. */
  readonly namespace?: string;
  readonly input: Readonly<Record<string, unknown>> | string;
  /** What the script's author knows will come of it; default "ok". Never sent, only counted. */
  readonly outcome?: ToolOutcome;
  /** Outcomes of the tools that this one runs itself (Codex's JavaScript), in order. Never sent. */
  readonly nested?: readonly ToolOutcome[];
}

export type ToolOutcome = "ok" | "error" | "cancelled" | "denied" | "unanswered";

/** One answer of the model. */
export interface Step {
  readonly thinking?: string;
  readonly text?: string;
  readonly tools?: readonly ScriptedTool[];
  /** Default: {@link usageOfStep} of the step's index. */
  readonly usage?: Usage;
  /** Answer with this HTTP status and JSON body instead of a message. */
  readonly error?: { readonly status: number; readonly body: unknown };
  /** Why the agent keeps no record of this call that could be shown as one; absent: it keeps one. */
  readonly untold?: string;
  /** Wait before the first byte of the answer. Default 0. */
  readonly delayMs?: number;
  /** Wait in the middle of a streamed answer, after its first block. Default 0. */
  readonly pauseMs?: number;
}

/**
 * Key word (as it stands in a user's prompt) to the answers that conversation gets, in order. A last
 * answer that is an error is repeated: agents differ in how often they ask again.
 */
export type Script = Readonly<Record<string, readonly Step[]>>;

/**
 * The usage a step has when it names none: every figure differs from every other step's in the script, so
 * that a call left out or counted twice changes each sum.
 *
 * @param index The step's place in its conversation.
 * @param conversation The conversation's place in the script.
 */
export function usageOfStep(index: number, conversation = 0): Usage {
  return {
    input: 2_000 + 310 * index + 7 * conversation,
    cacheRead: 400 + 170 * index,
    cacheWrite: 0,
    output: 90 + 13 * index + conversation,
    reasoning: 20 + 3 * index,
  };
}

/**
 * The conversation that `userTexts` (the user's messages, oldest first) belongs to: the key that comes
 * first. The first and not the last, since a later message of a parent repeats its sub-agents' prompts.
 */
export function conversationOf(script: Script, userTexts: readonly string[]): string | undefined {
  for (const text of userTexts) {
    const found = Object.keys(script)
      .map((key) => ({ key, at: text.indexOf(key) }))
      .filter(({ at }) => at !== -1)
      .toSorted((a, b) => a.at - b.at);
    if (found[0] !== undefined) return found[0].key;
  }
  return undefined;
}
