/** How it is started, and where it writes. */

import type { AgentSite } from "../adapter.ts";
import { detectCommand, detectFile } from "./detect.ts";
import { conversationOfProcess, filesOf, isTranscript, sessionFolders } from "./locate.ts";

export const claudeCodeSite: AgentSite = {
  name: "claude-code",
  detectCommand,
  detectFile,
  sessionFolders,
  isTranscript,
  filesOf,
  conversationOfProcess,
};
