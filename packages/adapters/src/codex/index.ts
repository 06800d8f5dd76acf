/** Codex (openai/codex, Apache-2.0); what it writes is in docs/adapters.md. */

import type { Adapter } from "../adapter.ts";
import { CodexParser } from "./parse.ts";
import { codexSite } from "./site.ts";

export const codex: Adapter = { ...codexSite, createParser: () => new CodexParser() };
