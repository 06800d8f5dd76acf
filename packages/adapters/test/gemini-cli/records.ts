/** Records of a chat, as short as they can be. */

export const HEADER: Record<string, string> = {
  sessionId: "s-1",
  projectHash: "00ff",
  startTime: "2026-11-20T10:00:00.000Z",
  lastUpdated: "2026-11-20T10:00:00.000Z",
  kind: "main",
};
export const CONTEXT: object = {
  id: "env",
  timestamp: at(0),
  type: "user",
  content: [{ text: "<session_context>\n- **Workspace Directories:**\n  - /w\n</session_context>" }],
};
export const START: readonly object[] = [HEADER, { $set: { messages: [CONTEXT], lastUpdated: at(0) } }];

export function at(second: number): string {
  return `2026-11-20T10:00:${String(second).padStart(2, "0")}.000Z`;
}

export function user(id: string, text: string, second = 1): object {
  return { id, timestamp: at(second), type: "user", content: [{ text }] };
}

export function gemini(id: string, text: string, second = 2, more: object = {}): object {
  return {
    id,
    timestamp: at(second),
    type: "gemini",
    content: text,
    thoughts: [],
    tokens: { input: 10, output: 5, cached: 0, thoughts: 1, tool: 0, total: 16 },
    model: "gemini-2.5-pro",
    ...more,
  };
}

export function tool(id: string, more: object = {}): object {
  return {
    id,
    name: "run_shell_command",
    args: { command: "true" },
    result: [{ functionResponse: { id, name: "run_shell_command", response: { output: "Output: done" } } }],
    status: "success",
    timestamp: at(3),
    ...more,
  };
}

export function response(id: string, toolId: string, second = 3): object {
  const content = [{ functionResponse: { id: toolId, name: "t", response: { output: "Output: done" } } }];
  return { id, timestamp: at(second), type: "user", content };
}
