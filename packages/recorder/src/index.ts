/** Records what an agent does as a crash-safe trace, secrets removed first. */

export { closeDeadTraces } from "./close-dead.ts";
export type { CloseOptions } from "./close-dead.ts";
export { declare } from "./declarations.ts";
export type { Declaration, DeclareOutcome } from "./declarations.ts";
export { findStoredConversations } from "./find-conversations.ts";
export { importConversations } from "./import.ts";
export type { ImportOptions, ImportResult } from "./import.ts";
export { readCi } from "./pointers/index.ts";
export { recordCommand } from "./record-command.ts";
export type { Recorded, RecordOptions } from "./record-command.ts";
export type { OnSecret } from "./recording.ts";
export { exitCodeOf, runCommand } from "./run-command.ts";
export type { CommandEnd, RunOptions } from "./run-command.ts";
export type { MessageInput } from "./prompt-history.ts";
export { startTrace } from "./start-trace.ts";
export type { StartTraceOptions, TraceHandle } from "./start-trace.ts";
export type {
  AgentHandle,
  CompletionFacts,
  ModelCall,
  PromptFacts,
  ResultOptions,
  ToolOptions,
  ToolRun,
  TurnHandle,
} from "./trace-scopes.ts";
export { sumInvocations } from "./sum-invocations.ts";
export type { Level } from "./trace-writer.ts";
