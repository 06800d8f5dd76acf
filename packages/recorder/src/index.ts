/** Records what an agent does as a crash-safe trace, secrets removed first. */

export { importConversations } from "./import.ts";
export type { ImportOptions, ImportResult } from "./import.ts";
export type { Level } from "./trace-writer.ts";
