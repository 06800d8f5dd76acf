/** How it is started, and where it writes. */

import type { AgentSite } from "../adapter.ts";
import { detectCommand, detectFile } from "./detect.ts";
import { filesOf, isTranscript, sessionFolders, workingDirectoryOf } from "./locate.ts";

export const geminiCliSite: AgentSite = {
  name: "gemini-cli",
  detectCommand,
  detectFile,
  sessionFolders,
  isTranscript,
  filesOf,
  workingDirectoryOf,
};
