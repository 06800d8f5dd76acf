/** Claude Code (closed source; what it writes is in docs/adapters.md). */

import type { Adapter } from "../adapter.ts";
import { detectCommand, detectFile } from "./detect.ts";
import { conversationOfProcess, filesOf, isTranscript, sessionFolders } from "./locate.ts";
import { ClaudeParser } from "./parse.ts";

export const claudeCode: Adapter = {
  name: "claude-code",
  detectCommand,
  detectFile,
  sessionFolders,
  isTranscript,
  filesOf,
  conversationOfProcess,
  createParser: () => new ClaudeParser(),
};
