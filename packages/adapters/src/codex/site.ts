/** How it is started, and where it writes. */

import type { AgentSite } from "../adapter.ts";
import { detectCommand, detectFile } from "./detect.ts";
import { filesOf, isTranscript, sessionFolders } from "./locate.ts";

export const codexSite: AgentSite = {
  name: "codex",
  detectCommand,
  detectFile,
  sessionFolders,
  isTranscript,
  filesOf,
};
