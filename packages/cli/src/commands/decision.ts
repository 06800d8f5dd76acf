/** `spoor decision`: what an agent, or the script around it, decided; into the trace of the run. */

import { declare } from "@spoor/recorder";
import { listTraceFiles, type Verdict } from "@spoor/trace";
import { type Command, defineCommand, JSON_OPTION } from "../command.ts";
import { EXIT, Failure, UsageError } from "../errors.ts";
import { findRun } from "../find-run.ts";
import type { Io } from "../io.ts";
import { writeJson } from "../json.ts";
import { readHeads, storeDirectory } from "../store.ts";

const VERDICTS = [
  "approve",
  "request_changes",
  "comment",
  "merge",
  "close",
  "reject",
  "escalate",
  "give_up",
  "other",
] as const satisfies readonly Verdict[];

export const decision: Command = defineCommand({
  name: "decision",
  summary: "Declares what was decided, from inside a run or for one that is named.",
  examples: [
    "spoor decision approve --confidence 0.9",
    'echo "the tests cover it" | spoor decision approve --reason -',
    "spoor decision give_up --invocation last",
  ],
  positionals: {
    verdict: { type: "string", choices: VERDICTS, demandOption: true, describe: VERDICTS.join(", ") },
  },
  options: {
    confidence: { type: "string", requiresArg: true, placeholder: "N", describe: "From 0 to 1" },
    reason: { type: "string", nargs: 1, placeholder: "TEXT", describe: "Why; - reads it from stdin" },
    change: { type: "string", requiresArg: true, placeholder: "URL", describe: "The change it is about" },
    invocation: {
      type: "string",
      requiresArg: true,
      placeholder: "ID",
      describe: "The run (default: the one this command runs in)",
    },
    ...JSON_OPTION,
  },
  async run({ verdict, confidence, reason, change, invocation, json, ...common }, io) {
    const directory = storeDirectory(common, io);
    const invocationId = idOfRun(invocation, directory, io);
    const reasoning = reason === "-" ? await readAll(io) : reason;
    const outcome = declare(
      {
        kind: "decision",
        verdict,
        ...(confidence === undefined ? {} : { confidence: parseConfidence(confidence) }),
        ...(reasoning === undefined ? {} : { reasoning }),
        ...(change === undefined ? {} : { change_url: change }),
      },
      { invocationId, directory, env: io.env, nowMs: io.now() },
    );
    if (outcome.kind === "no_such_run")
      throw new Failure(`no run ${invocationId} in ${directory}; is it another --dir?`);
    if (outcome.kind === "failed") throw new Failure(`the decision was not stored: ${outcome.reason}`);
    if (json) writeJson(outcome.record, io.stdout);
    else io.stderr.write(`${verdict} noted for run ${invocationId.slice(-12)}\n`);
    return EXIT.done;
  },
});

function idOfRun(reference: string | undefined, directory: string, io: Io): string {
  if (reference === undefined) {
    const own = io.env["SPOOR_INVOCATION"];
    if (own) return own;
    const hint = listTraceFiles(directory).length === 0 ? "" : ", as in --invocation last";
    throw new UsageError(`decision: not inside a recorded run (no SPOOR_INVOCATION); name one${hint}`);
  }
  const path = findRun(reference, directory, io);
  const id = readHeads(path).invocation_id;
  if (id === undefined) throw new Failure(`${path}: expected a trace, found no record in it`);
  return id;
}

function parseConfidence(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1))
    throw new UsageError(`--confidence: expected a number from 0 to 1; got "${text}"`);
  return value;
}

async function readAll(io: Io): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of io.stdin()) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString().trim();
}
