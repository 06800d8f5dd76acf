/**
 * System texts and tool definitions: as long as a short conversation, and the same for most of its calls. A
 * trace has each once; calls that start over (a sub-agent's first, the first after a compaction) take it from
 * an earlier call by extending none of that call's messages.
 */

import { hash } from "node:crypto";
import type { Part } from "@spoor/trace";
import { asObject, asText } from "./json.ts";

/** What a call was set up with, as far as the source shows it. */
export interface Setup {
  system?: string | Part[] | undefined;
  tools?: unknown[] | undefined;
  /** Fingerprints of the two. */
  systemPrint?: string | undefined;
  toolsPrint?: string | undefined;
}

/** A setup of which some parts are known anew; undefined leaves what is known. */
export function withSetup(setup: Setup, system: Setup["system"], tools: Setup["tools"]): Setup {
  return {
    ...setup,
    ...(system === undefined ? {} : { system, systemPrint: fingerprint(system) }),
    ...(tools === undefined ? {} : { tools, toolsPrint: fingerprint(tools) }),
  };
}

/** What must be written for `setup` where a reader already has `known`. */
export function newIn(setup: Setup, known: Setup | undefined): Pick<Setup, "system" | "tools"> {
  return {
    system: setup.systemPrint === known?.systemPrint ? undefined : setup.system,
    tools: setup.toolsPrint === known?.toolsPrint ? undefined : setup.tools,
  };
}

/** What all threads of a conversation have been set up with so far. */
export class SetUpCalls<Call extends { setup: Setup }> {
  readonly #latest = new Map<string, Call>();
  /** Of each tool name the fingerprint of its first definition. */
  readonly #firstDefinitions = new Map<string, string>();

  add(call: Call): void {
    const { systemPrint, toolsPrint } = call.setup;
    if (systemPrint !== undefined) this.#latest.set(systemPrint, call);
    if (toolsPrint !== undefined) this.#latest.set(toolsPrint, call);
  }

  /** A call that has most of a setup. Tools first: they are the longer ones. */
  find({ systemPrint, toolsPrint }: Setup): Call | undefined {
    return this.#latest.get(toolsPrint ?? "") ?? this.#latest.get(systemPrint ?? "");
  }

  /** A tool whose first definition stands in the trace already is told by its name alone: sub-agents have some of the tools of their parent. */
  shorten(tools: readonly unknown[]): unknown[] {
    return tools.map((tool) => {
      const name = asText(asObject(tool)?.["name"]);
      if (name === undefined) return tool;
      const print = fingerprint(tool);
      const first = this.#firstDefinitions.get(name);
      if (first === undefined) this.#firstDefinitions.set(name, print);
      return first === print ? { name } : tool;
    });
  }

  /** What follows goes to another trace. */
  forget(): void {
    this.#latest.clear();
    this.#firstDefinitions.clear();
  }
}

function fingerprint(value: unknown): string {
  return hash("sha256", textOf(value), "base64");
}

/** What is nested too deeply for JSON, and so for a trace, is as good as nothing. */
function textOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "";
  }
}
