/** How many conversations each agent has stored by itself: counted by file names, none is opened. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ADAPTERS, type AgentName } from "@spoor/adapters";

export interface AgentConversations {
  agent: AgentName;
  /** The agent's own name for itself. */
  title: string;
  /** Its session folders, whether or not they exist. */
  folders: string[];
  count: number;
  /** Folders that could not be read. */
  unreadable: string[];
}

const TITLES: Readonly<Partial<Record<AgentName, string>>> = {
  "claude-code": "Claude Code",
  codex: "Codex",
  "gemini-cli": "Gemini CLI",
};

export function agentTitle(agent: AgentName): string {
  return TITLES[agent] ?? agent;
}

export function countConversations(
  env: Readonly<Record<string, string | undefined>>,
  home: string,
): AgentConversations[] {
  return ADAPTERS.map((adapter) => {
    const folders = adapter.sessionFolders(env, home);
    const unreadable: string[] = [];
    let count = 0;
    for (const folder of folders)
      for (const path of filesBelow(folder, unreadable)) if (adapter.isTranscript(path)) count++;
    return { agent: adapter.name, title: agentTitle(adapter.name), folders, count, unreadable };
  });
}

function* filesBelow(root: string, unreadable: string[]): Generator<string> {
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    try {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        if (entry.isDirectory()) folders.push(join(folder, entry.name));
        else if (entry.isFile()) yield join(folder, entry.name);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") unreadable.push(folder);
    }
  }
}
