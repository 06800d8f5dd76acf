/**
 * How to start each released agent against the scripted model server, in a scratch home.
 *
 * Everything that an agent would ask a person or the outside world (trust in the folder, sign-in, news,
 * updates, telemetry) is answered beforehand by files in that home and by its environment. The proxy
 * variables point at the model server, which refuses and logs: no agent gets out of the machine.
 */

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

export type AgentName = "codex" | "claude-code" | "gemini-cli";

/** Where one run takes place. */
export interface Place {
  /** The scratch home; what the agent writes lands below it. */
  readonly home: string;
  /** The project the agent works in. */
  readonly cwd: string;
  /** The model server's address. */
  readonly modelUrl: string;
}

/** How a run is asked for; what an agent cannot do it refuses by throwing. */
export interface Ask {
  /** Absent: interactive, without a first prompt. */
  readonly prompt?: string;
  /** `json`: the agent's own JSON stream on stdout; `text`: its answer; `tui`: its terminal interface. */
  readonly output: "json" | "text" | "tui";
  /** Go on with an earlier conversation: by id, or the latest of this folder. */
  readonly resume?: string | "latest";
  /** Go on in a copy of it, under a new id. */
  readonly fork?: boolean;
  /** Further arguments of the agent's own, placed before the prompt. */
  readonly extra?: readonly string[];
}

export interface Agent {
  readonly name: AgentName;
  /** npm package and its command. */
  readonly packageName: string;
  readonly version: string;
  readonly command: string;
  /** Folders below the home that hold what the agent writes about its sessions. */
  readonly keptFolders: readonly string[];
  /** Writes the home's configuration. */
  prepare(place: Place): Promise<void>;
  /** Arguments after the command. */
  args(ask: Ask): string[];
  /** Added to PATH, HOME and the terminal's variables, which {@link environmentOf} sets. */
  environment(place: Place): Record<string, string>;
}

const DUMMY_KEY = "not-a-key-only-the-scripted-server-sees-this";

const codex: Agent = {
  name: "codex",
  packageName: "@openai/codex",
  version: "0.169.0",
  command: "codex",
  keptFolders: [".codex/sessions", ".codex/archived_sessions"],
  async prepare({ home, cwd, modelUrl }) {
    const config = [
      'model = "gpt-5.5"',
      'model_provider = "scripted"',
      'approval_policy = "never"',
      'sandbox_mode = "danger-full-access"', // its sandbox needs user namespaces, which containers lack
      "check_for_update_on_startup = false",
      "[analytics]",
      "enabled = false",
      "[model_providers.scripted]",
      'name = "scripted"',
      `base_url = "${modelUrl}/v1"`,
      'wire_api = "responses"',
      'env_key = "SCRIPTED_API_KEY"',
      "[notice.model_migrations]", // seen already: the dialog that offers a newer model
      '"gpt-5.5" = "gpt-6-sol"',
      `[projects."${cwd}"]`,
      'trust_level = "trusted"',
    ];
    await put(join(home, ".codex/config.toml"), `${config.join("\n")}\n`);
  },
  args({ prompt, output, resume, fork = false, extra = [] }) {
    const from =
      resume === undefined ? [] : [fork ? "fork" : "resume", resume === "latest" ? "--last" : resume];
    const words = prompt === undefined ? [] : [prompt];
    if (output === "tui") return [...from, ...extra, ...words];
    const json = output === "json" ? ["--json"] : [];
    return ["exec", "--skip-git-repo-check", ...json, ...extra, ...from, ...words];
  },
  environment: () => ({ SCRIPTED_API_KEY: DUMMY_KEY }),
};

const claudeCode: Agent = {
  name: "claude-code",
  packageName: "@anthropic-ai/claude-code",
  version: "2.1.329",
  command: "claude",
  keptFolders: [".claude/projects", ".claude/sessions"],
  async prepare({ home, cwd }) {
    await putJson(join(home, ".claude.json"), {
      hasCompletedOnboarding: true,
      theme: "dark",
      autoUpdates: false,
      customApiKeyResponses: { approved: [DUMMY_KEY.slice(-20)], rejected: [] },
      projects: { [cwd]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true } },
    });
    await putJson(join(home, ".claude/settings.json"), {
      permissions: {
        defaultMode: "default",
        allow: ["Bash", "Read", "Write", "Edit", "Agent", "mcp__echo"],
      },
    });
  },
  args({ prompt, output, resume, fork = false, extra = [] }) {
    const earlier = resume === undefined ? [] : resume === "latest" ? ["--continue"] : ["--resume", resume];
    const from = [...earlier, ...(fork ? ["--fork-session"] : [])];
    const words = prompt === undefined ? [] : [prompt];
    const print = { tui: [], text: ["-p"], json: ["-p", "--output-format", "stream-json", "--verbose"] }[
      output
    ];
    return [...print, ...from, ...extra, ...words];
  },
  environment: ({ modelUrl }) => ({
    ANTHROPIC_BASE_URL: modelUrl,
    ANTHROPIC_API_KEY: DUMMY_KEY,
    ANTHROPIC_MODEL: "claude-opus-5-5",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    IS_SANDBOX: "1", // it may run as root in a container
  }),
};

const geminiCli: Agent = {
  name: "gemini-cli",
  packageName: "@google/gemini-cli",
  version: "0.61.0",
  command: "gemini",
  keptFolders: [".gemini/tmp"],
  async prepare({ home, cwd }) {
    await putJson(join(home, ".gemini/settings.json"), {
      security: { auth: { selectedType: "gemini-api-key" } },
      privacy: { usageStatisticsEnabled: false },
      general: {
        enableAutoUpdate: false,
        enableAutoUpdateNotification: false,
        sessionRetention: { enabled: false },
      },
      ui: { hideTips: true, hideBanner: true },
      model: { name: "gemini-2.5-pro" },
    });
    await putJson(join(home, ".gemini/trustedFolders.json"), { [cwd]: "TRUST_FOLDER" });
  },
  args({ prompt, output, resume, extra = [] }) {
    const from = resume === undefined ? [] : ["--resume", resume];
    const style = output === "json" ? ["--output-format", "stream-json"] : [];
    const words = prompt === undefined ? [] : output === "tui" ? ["-i", prompt] : ["-p", prompt];
    return ["--yolo", ...style, ...from, ...extra, ...words];
  },
  environment: ({ modelUrl }) => ({
    GEMINI_API_KEY: DUMMY_KEY,
    GOOGLE_GEMINI_BASE_URL: modelUrl,
    GEMINI_CLI_NO_RELAUNCH: "true", // one process, so that a signal meets the agent itself
  }),
};

export const AGENTS: Readonly<Record<AgentName, Agent>> = {
  codex,
  "claude-code": claudeCode,
  "gemini-cli": geminiCli,
};

/**
 * The whole environment of a run: nothing of the caller's is passed on but what makes programs start,
 * so that a run is the same on a laptop, in CI and inside another agent.
 *
 * @param binFolders Put in front of PATH, first one first.
 */
export function environmentOf(
  agent: Agent,
  place: Place,
  binFolders: readonly string[],
): Record<string, string> {
  return {
    PATH: [...binFolders, process.env["PATH"] ?? "/usr/bin:/bin"].join(":"),
    HOME: place.home,
    TERM: "xterm-256color",
    LANG: "C.UTF-8",
    HTTPS_PROXY: place.modelUrl,
    HTTP_PROXY: place.modelUrl,
    NO_PROXY: "127.0.0.1,localhost",
    ...agent.environment(place),
  };
}

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

async function putJson(path: string, value: unknown): Promise<void> {
  await put(path, `${JSON.stringify(value, undefined, 2)}\n`);
}
