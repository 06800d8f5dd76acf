/** What each coding agent writes, as one kind of event. */

import type { Adapter, AgentName } from "./adapter.ts";
import { claudeCode } from "./claude-code/index.ts";

export type * from "./adapter.ts";
export type * from "./event.ts";
export { INVOCATION } from "./event.ts";
export { parseLine, parseText } from "./source-text.ts";
export type { ParsedLine } from "./source-text.ts";

/** All agents whose files and streams are understood. */
export const ADAPTERS: readonly Adapter[] = [claudeCode];

export function adapterOf(name: AgentName): Adapter | undefined {
  return ADAPTERS.find((adapter) => adapter.name === name);
}
