/** What a fake agent is told to do; the test writes it down, `agent.ts` does it. */

/**
 * In paths and texts the agent puts its own values: `@PID@`, and `@TRACE_ID@` as its `TRACEPARENT` gives it.
 * Gates are how a test and an agent wait for one another, so that nobody sleeps for luck.
 */
export type Step =
  /** Adds to a file; Codex keeps it open from then on, the others open it each time. */
  | { readonly do: "append"; readonly file: string; readonly text: string }
  /** Puts a whole file in place of what there was. */
  | { readonly do: "write"; readonly file: string; readonly text: string }
  | { readonly do: "remove"; readonly file: string }
  | { readonly do: "rename"; readonly file: string; readonly to: string }
  | { readonly do: "truncate"; readonly file: string }
  | { readonly do: "print"; readonly text: string }
  /** Runs a command in the agent's place and environment, and waits for its end. */
  | { readonly do: "run"; readonly command: readonly string[] }
  /** Leaves a process behind that does another play once this one has ended. */
  | { readonly do: "leave"; readonly play: string }
  /** Tells the test that it is here. */
  | { readonly do: "reach"; readonly gate: string }
  /** Waits until the test lets it pass. */
  | { readonly do: "pass"; readonly gate: string }
  | { readonly do: "pause"; readonly ms: number }
  | { readonly do: "exit"; readonly code: number };

/** Where plays and gates lie, below the folder that `STAGE` names. */
export const playFile = (name: string): string => `plays/${name}.json`;
export const reachedFile = (gate: string): string => `gates/${gate}.reached`;
export const openFile = (gate: string): string => `gates/${gate}.open`;
