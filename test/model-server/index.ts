/** The scripted model server: see `server.ts` for what it is, `script.ts` for how to tell it what to say. */

export type { LoggedCall, ModelServer } from "./server.ts";
export { startModelServer } from "./server.ts";
export type { Script, ScriptedTool, Step, ToolOutcome, Usage } from "./script.ts";
