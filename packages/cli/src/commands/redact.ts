/** `spoor redact`: a filter that takes secrets out of text. */

import { pipeline, Readable } from "node:stream";
import ndjson from "ndjson";
import { createRedactor, type Redactor } from "@spoor/redactor";
import { type Command, defineCommand } from "../command.ts";
import { EXIT, UsageError } from "../errors.ts";
import type { Io } from "../io.ts";
import { writeJson } from "../json.ts";
import { textBlocks } from "../text-blocks.ts";

export const redact: Command = defineCommand({
  name: "redact",
  summary: "Reads text, writes it without its secrets.",
  examples: ["gh run view 4711 --log | spoor redact > run.log", "spoor redact --ndjson < comments.ndjson"],
  options: {
    ndjson: { type: "boolean", default: false, describe: 'Lines {"id":…,"text":…} in, the same out' },
  },
  notes:
    "Also masked: the values of this shell's own secret-looking variables. What was removed is counted on stderr.\nText is read to its end before any is written, for a secret may span lines; with --ndjson each line is written at once.",
  async run(args, io) {
    const redactor = createRedactor({ env: io.env });
    if (args.ndjson) await filterLines(redactor, io);
    else for await (const { text } of textBlocks(io.stdin())) io.stdout.write(redactor.redactText(text));
    tell(redactor, io);
    return redactor.failures === 0 ? EXIT.done : EXIT.couldNotDoIt;
  },
});

async function filterLines(redactor: Redactor, io: Io): Promise<void> {
  // An error of either ends the loop below.
  const parsed = pipeline(Readable.from(io.stdin()), ndjson.parse(), () => {});
  let line = 0;
  try {
    for await (const value of parsed as AsyncIterable<unknown>) {
      line++;
      if (!isItem(value))
        throw new UsageError(`--ndjson: record ${line}: expected {"id":…,"text":"…"} with a text`);
      writeJson({ ...value, text: redactor.redactText(value.text) }, io.stdout);
    }
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("Could not parse row")) throw error;
    // Its message quotes the line.
    throw new UsageError('--ndjson: expected lines such as {"id":1,"text":"…"}; got one that is no JSON', {
      cause: error,
    });
  }
}

function isItem(value: unknown): value is { text: string } {
  return (
    value !== null && typeof value === "object" && typeof (value as { text?: unknown }).text === "string"
  );
}

function tell({ counts, failures }: Redactor, { stderr }: Io): void {
  const removed = Object.entries(counts).map(([rule, count]) => `${rule} ${count}`);
  if (removed.length > 0) stderr.write(`spoor: secrets removed: ${removed.join(", ")}\n`);
  if (failures > 0)
    stderr.write(`spoor: ${failures} texts could not be searched and were replaced as a whole\n`);
}
