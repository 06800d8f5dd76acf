/** Gemini CLI (Apache-2.0; what it writes is in docs/adapters.md). */

import type { Adapter } from "../adapter.ts";
import { GeminiParser } from "./parse.ts";
import { geminiCliSite } from "./site.ts";

export const geminiCli: Adapter = { ...geminiCliSite, createParser: () => new GeminiParser() };
