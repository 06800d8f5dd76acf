/** What a trace is: its records, its file, reading it, folding it into spans. */

export { amendRecord } from "./amend-record.ts";
export { encodeLine, MAX_HEAD_BYTES, MAX_LINE_BYTES, MAX_STRING_BYTES } from "./encode-line.ts";
export type { EncodedLine } from "./encode-line.ts";
export { foldTrace } from "./fold-trace.ts";
export {
  formatTraceParent,
  importedInvocationId,
  newInvocationId,
  parseTraceParent,
  spanIdOf,
  traceIdOf,
} from "./ids.ts";
export type { SpanKind, TraceParent } from "./ids.ts";
export { addUsage, isToolError, toInvocation, totalsOf } from "./invocation.ts";
export type { Invocation, WriterState } from "./invocation.ts";
export { joinMessages } from "./messages.ts";
export { readEntries } from "./read-entries.ts";
export type { ReadOptions } from "./read-entries.ts";
export { parseRecord } from "./read-line.ts";
export type { Entry, Position } from "./read-line.ts";
export { FORMAT_VERSION } from "./record.ts";
export type * from "./record.ts";
export { PromptRestorer } from "./restore-prompt.ts";
export type { RestoredPrompt } from "./restore-prompt.ts";
export { sha256 } from "./sha256.ts";
export type * from "./span.ts";
export { listTraceFiles, traceDirectory, traceFilePath } from "./trace-directory.ts";
export type { DirectoryInputs, ListOptions } from "./trace-directory.ts";
export { currentWriter, writerState } from "./writer.ts";
