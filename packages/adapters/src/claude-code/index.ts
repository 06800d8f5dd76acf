/** Claude Code (closed source; what it writes is in docs/adapters.md). */

import type { Adapter } from "../adapter.ts";
import { ClaudeParser } from "./parse.ts";
import { claudeCodeSite } from "./site.ts";

export const claudeCode: Adapter = { ...claudeCodeSite, createParser: () => new ClaudeParser() };
