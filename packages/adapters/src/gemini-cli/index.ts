/** Gemini CLI (Apache-2.0; what it writes is in docs/adapters.md). */

import type { Adapter } from "../adapter.ts";
import { detectCommand, detectFile } from "./detect.ts";
import { filesOf, isTranscript, sessionFolders, workingDirectoryOf } from "./locate.ts";
import { GeminiParser } from "./parse.ts";

export const geminiCli: Adapter = {
  name: "gemini-cli",
  detectCommand,
  detectFile,
  sessionFolders,
  isTranscript,
  filesOf,
  workingDirectoryOf,
  createParser: () => new GeminiParser(),
};
