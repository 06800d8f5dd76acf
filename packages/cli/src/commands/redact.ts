/** `spoor redact`: a filter that takes secrets out of text. */

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
  let record = 0;
  for await (const line of linesOf(io.stdin())) {
    if (line.trim() === "") continue;
    record++;
    const value = parse(line);
    if (!isItem(value))
      throw new UsageError(`--ndjson: record ${record}: expected {"id":…,"text":"…"} with a text`);
    writeJson({ ...value, text: redactor.redactText(value.text) }, io.stdout);
  }
}

/** Lines as soon as they are whole: what came before a bad one is written before that is seen. */
async function* linesOf(chunks: AsyncIterable<Buffer | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const piece = typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    const [first = "", ...others] = piece.split("\n");
    rest += first;
    for (const other of others) {
      yield rest;
      rest = other;
    }
  }
  yield rest + decoder.decode();
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // The engine's message quotes the line, which may hold a secret.
    throw new UsageError('--ndjson: expected lines such as {"id":1,"text":"…"}; got one that is no JSON');
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
