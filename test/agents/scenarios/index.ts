/** All scenarios, agent by agent. */

import { codexScenarios } from "./codex.ts";
import { claudeCodeScenarios } from "./claude-code.ts";
import { geminiCliScenarios } from "./gemini-cli.ts";
import type { Scenario } from "./scenario.ts";

export const scenarios: readonly Scenario[] = [
  ...codexScenarios,
  ...claudeCodeScenarios,
  ...geminiCliScenarios,
];
