/** Codex (openai/codex, Apache-2.0); what it writes is in docs/adapters.md. */

import type { Adapter } from "../adapter.ts";
import { detectCommand, detectFile } from "./detect.ts";
import { filesOf, isTranscript, sessionFolders } from "./locate.ts";
import { CodexParser } from "./parse.ts";

export const codex: Adapter = {
  name: "codex",
  detectCommand,
  detectFile,
  sessionFolders,
  isTranscript,
  filesOf,
  createParser: () => new CodexParser(),
};
