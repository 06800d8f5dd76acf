/**
 * Where Gemini CLI keeps its chats: `~/.gemini/tmp/<project>/chats/session-<minute>-<id8>.jsonl`, its
 * sub-agents' below `chats/<session id>/`. `<project>` is a short name since 0.2x, the sha256 of the folder
 * before; `.project_root` beside `chats` holds the folder itself.
 */

import { join } from "node:path";
import type { Env, SourceFile } from "../adapter.ts";
import { asObject, asText } from "../json.ts";

export function sessionFolders(env: Env, home: string): string[] {
  const base = env["GEMINI_CLI_HOME"] || home;
  // The second one is used inside macOS' sandbox-exec.
  return [join(base, ".gemini", "tmp"), join(base, ".cache", ".gemini", "tmp")];
}

/** Sub-agents' files are part of their session, not conversations of their own. */
export function isTranscript(path: string): boolean {
  return /(^|[\\/])chats[\\/]session-[^\\/]+\.jsonl?$/.test(path);
}

export function filesOf(path: string, list: (folder: string) => string[]): SourceFile[] {
  const { folder, base } = split(path);
  const inChats = isTranscript(path);
  // Elsewhere a copy: only its own name says something.
  const prefix = inChats ? `${split(split(folder).folder).base}/chats/` : "";
  const files: SourceFile[] = [{ path, name: `${prefix}${base}`, kind: "transcript" }];
  const id8 = /-([^-]+)\.jsonl?$/.exec(base)?.[1];
  if (!inChats || id8 === undefined) return files;
  for (const session of list(folder).filter((name) => name.startsWith(id8) && !name.includes(".")))
    for (const file of list(join(folder, session)).toSorted())
      if (file.endsWith(".jsonl"))
        files.push({
          path: join(folder, session, file),
          name: `${prefix}${session}/${file}`,
          kind: "transcript",
        });
  return files;
}

/** The project's folder, from the marker beside its chats or from the list of all projects. */
export function workingDirectoryOf(
  transcript: string,
  read: (path: string) => string | undefined,
): string | undefined {
  if (!isTranscript(transcript)) return undefined;
  const project = split(split(transcript).folder).folder;
  const marker = read(join(project, ".project_root"))?.trim();
  if (marker !== undefined && marker !== "") return marker;
  const registry = read(join(project, "..", "..", "projects.json"));
  if (registry === undefined) return undefined;
  try {
    const projects = asObject(asObject(JSON.parse(registry))?.["projects"]) ?? {};
    return Object.keys(projects).find((folder) => asText(projects[folder]) === split(project).base);
  } catch {
    // Read while it was being written: the next look will find it whole.
    return undefined;
  }
}

function split(path: string): { folder: string; base: string } {
  const cut = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  return { folder: path.slice(0, Math.max(cut, 0)), base: path.slice(cut + 1) };
}
