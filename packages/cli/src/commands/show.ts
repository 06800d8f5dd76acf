/** `spoor show`: one run as a tree, one span of it, or the prompt of one of its model calls. */

import { PromptRestorer, type Trace } from "@spoor/trace";
import { type Command, defineCommand, JSON_OPTION } from "../command.ts";
import { EXIT, Failure, UsageError } from "../errors.ts";
import { findRun } from "../find-run.ts";
import type { Io } from "../io.ts";
import { writeJson } from "../json.ts";
import { overviewLines } from "../show/overview.ts";
import { promptLines } from "../show/prompt-text.ts";
import { spanLines } from "../show/span-details.ts";
import { findSpan, shortIdLength } from "../show/span-ids.ts";
import { spanObject, spanObjects } from "../show/span-object.ts";
import { invocationOf, readBriefly, readTrace, storeDirectory } from "../store.ts";
import { pageLines } from "../terminal/pager.ts";
import { lookOf, printLines } from "../terminal/screen.ts";

export const show: Command = defineCommand({
  name: "show",
  summary: "Shows one run as a tree: turns, model calls, tools, with times on one scale.",
  examples: [
    "spoor show                        the latest run",
    "spoor show 3f9c2ab81d04           by the end of its id, as `spoor list` prints it",
    "spoor show --span 8e21c0          all that is known of one span",
    "spoor show --prompt 8e21c0        what a model call was asked, in full",
    "spoor show last --json --level full",
  ],
  positionals: {
    run: {
      type: "string",
      describe:
        "`last` (the default), a path, an id of a run or the beginning or end of one, a trace id, or a conversation id",
    },
  },
  options: {
    span: {
      type: "string",
      requiresArg: true,
      placeholder: "ID",
      describe: "Only this span, with its contents",
    },
    prompt: {
      type: "string",
      requiresArg: true,
      placeholder: "ID",
      conflicts: "span",
      describe: "The full prompt of this model call, restored",
    },
    level: {
      choices: ["full", "metadata"],
      default: "metadata",
      describe: "With --json: whether spans have their contents (default: metadata)",
    },
    ...JSON_OPTION,
  },
  async run({ run, span, prompt, level, json, ...common }, io) {
    const path = findRun(run, storeDirectory(common, io), io);
    if (prompt !== undefined) return showPrompt(nonEmpty(readTrace(path), path), prompt, json, io);
    if (span !== undefined) return showSpan(nonEmpty(readTrace(path), path), span, json, io);
    if (json) return showJson(path, level === "full", io);

    const trace = nonEmpty(readBriefly(path), path);
    const look = lookOf(io.stdout, io.env);
    const options = { timeZone: io.env["TZ"], columns: look.columns };
    printLines(overviewLines(trace, invocationOf(trace, path, io), options), io.stdout, look);
    if (io.stdout.isTTY)
      io.stderr.write("\n--span ID shows all of one span, --prompt ID what a model call was asked\n");
    return EXIT.done;
  },
});

function nonEmpty(trace: Trace, path: string): Trace {
  if (trace.records === 0)
    throw new Failure(
      `${path}: expected a trace, found no record in it; \`spoor verify ${path}\` tells what is there`,
    );
  return trace;
}

function showJson(path: string, withContent: boolean, io: Io): number {
  const trace = nonEmpty(readTrace(path, { headOnly: !withContent }), path);
  const invocation = invocationOf(trace, path, io);
  const shape = { invocation, spans: spanObjects(trace, withContent), losses: trace.losses };
  writeJson(shape, io.stdout);
  return EXIT.done;
}

async function showSpan(trace: Trace, id: string, json: boolean, io: Io): Promise<number> {
  const span = findSpan(trace, id);
  if (json) writeJson(spanObject(span, true), io.stdout);
  else await pageLines(spanLines(span, io.env["TZ"]), io);
  return EXIT.done;
}

async function showPrompt(trace: Trace, id: string, json: boolean, io: Io): Promise<number> {
  const span = findSpan(trace, id);
  const prompt = span.kind === "model" ? new PromptRestorer(trace).restore(span.span_id) : undefined;
  if (prompt === undefined) {
    const call = trace.spans.find((other) => other.kind === "model");
    const instead =
      call === undefined ? "This run has none" : `Try ${call.span_id.slice(0, shortIdLength(trace))}`;
    throw new UsageError(
      `--prompt: expected a model call; "${id}" is the ${span.kind} ${span.name}. ${instead}`,
    );
  }
  if (json) writeJson(prompt, io.stdout);
  else await pageLines(promptLines(prompt), io);
  return EXIT.done;
}
