/**
 * Makes a corpus of traces whose heads look like a real agent's and whose contents have a chosen size.
 *
 * Each file is one run: turns of a dozen model calls, most of them calling a tool or two. Content is text with
 * the quotes, line breaks and foreign letters of source code and talk, its lengths spread as in transcripts
 * (most short, few long). The same seed gives the same bytes.
 */

import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { encodeLine, importedInvocationId, spanIdOf, type TraceRecord } from "@spoor/trace";

export interface CorpusOptions {
  folder: string;
  bytes: number;
  meanRecordBytes: number;
}

export interface Corpus {
  files: string[];
  records: number;
  bytes: number;
  /** Bytes before `,"content":`, over all records. */
  headBytes: number;
}

const FILE_BYTES = 10_000_000;
const START_MS = Date.UTC(2026, 10, 20, 9);
/** Mean length of a head below; what a record has beyond it is content. */
const MEAN_HEAD_BYTES = 345;

export function makeCorpus({ folder, bytes, meanRecordBytes }: CorpusOptions): Corpus {
  mkdirSync(folder, { recursive: true });
  const corpus: Corpus = { files: [], records: 0, bytes: 0, headBytes: 0 };
  const contentBytes = meanRecordBytes - MEAN_HEAD_BYTES;
  for (let run = 0; corpus.bytes < bytes; run++) {
    const file = join(folder, `run-${String(run).padStart(4, "0")}.jsonl`);
    corpus.files.push(file);
    let lines = "";
    for (const record of recordsOf(run, contentBytes)) {
      const { line } = encodeLine(record);
      lines += line;
      corpus.records++;
      const contentAt = line.indexOf(',"content":');
      corpus.headBytes += contentAt === -1 ? line.length - 2 : contentAt;
      if (lines.length > FILE_BYTES) break;
    }
    const encoded = Buffer.from(lines);
    appendFileSync(file, encoded);
    corpus.bytes += encoded.length;
  }
  return corpus;
}

/** The records of one run without end; the caller stops when the file is long enough. */
function* recordsOf(run: number, contentBytes: number): Generator<TraceRecord, never, undefined> {
  const random = randomFrom(run + 1);
  const invocationId = importedInvocationId(START_MS + run * 60_000, "claude-code", `conversation-${run}`);
  const root = spanIdOf(invocationId, "invocation", "");
  let seq = 0;
  let timeMs = START_MS;
  const text = (): string => textOf(contentBytes, random);
  const envelope = (span_id: string, parent_span_id: string) => {
    timeMs += Math.floor(random() * 4000);
    return {
      v: 1 as const,
      seq: seq++,
      time: new Date(timeMs).toISOString(),
      invocation_id: invocationId,
      span_id,
      parent_span_id,
      from: `0:${seq * 2}`,
    };
  };
  for (let turn = 1; ; turn++) {
    const turnId = spanIdOf(invocationId, "turn", String(turn));
    yield {
      ...envelope(turnId, root),
      type: "turn_start",
      turn,
      origin: "user",
      content: { prompt: text() },
    };
    let base: string | undefined;
    for (let call = 0; call < 12; call++) {
      const messageId = `msg_01${Math.floor(random() * 1e15).toString(36)}${turn}x${call}`;
      const model = spanIdOf(invocationId, "model", messageId);
      yield {
        ...envelope(model, turnId),
        type: "prompt",
        model: "claude-opus-4-5-20251101",
        provider: "anthropic",
        input:
          base === undefined ? { messages: 1, reason: "start" } : { messages: call * 2, base_span_id: base },
        content: { messages: [{ role: "user", parts: [{ type: "text", content: text() }] }] },
      };
      base = model;
      const callId = `toolu_01${Math.floor(random() * 1e15).toString(36)}${turn}x${call}`;
      const name = ["Bash", "Read", "Edit", "Grep"][Math.floor(random() * 4)] as string;
      yield {
        ...envelope(model, turnId),
        type: "completion",
        model: "claude-opus-4-5-20251101",
        response_id: messageId,
        finish_reasons: ["tool_use"],
        status: "ok",
        duration_ms: Math.floor(random() * 9000),
        duration_basis: "lines",
        usage: {
          input_tokens: 12_000 + Math.floor(random() * 90_000),
          cache_read_tokens: 11_000,
          cache_write_tokens: Math.floor(random() * 2000),
          output_tokens: Math.floor(random() * 1500),
        },
        content: {
          messages: [
            {
              role: "assistant",
              parts: [
                { type: "text", content: text() },
                { type: "tool_call", id: callId, name },
              ],
            },
          ],
        },
      };
      const tool = spanIdOf(invocationId, "tool", callId);
      yield {
        ...envelope(tool, turnId),
        type: "tool_call",
        name,
        call_id: callId,
        kind: name === "Bash" ? "shell" : "file",
        executor: "agent",
        content: { arguments: { command: text() } },
      };
      const failed = random() < 0.1;
      yield {
        ...envelope(tool, turnId),
        type: "tool_result",
        name,
        call_id: callId,
        status: failed ? "error" : "ok",
        ...(failed ? { error: { type: "exit_code", code: 1 }, error_basis: "exit_code" as const } : {}),
        ...(name === "Bash" ? { exit_code: failed ? 1 : 0 } : {}),
        duration_ms: Math.floor(random() * 3000),
        duration_basis: "lines",
        result_bytes: Math.floor(random() * 20_000),
        content: { result: text() },
      };
    }
    yield {
      ...envelope(turnId, root),
      type: "turn_end",
      turn,
      status: "success",
      duration_ms: Math.floor(random() * 90_000),
      content: { result: text() },
    };
  }
}

const TEXTS = { ascii: makeText(false), foreign: makeText(true) };
/** Of the long texts in the transcripts this was modelled on, 15 % have a letter beyond ASCII. */
const FOREIGN_SHARE = 0.15;

/** Log-normal in length (sigma 1), so that most are short and a few long; its mean is `meanBytes`. */
function textOf(meanBytes: number, random: () => number): string {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  // Escapes and the keys around a text take some of the content's bytes.
  const length = Math.max(1, Math.round((meanBytes * 0.93 - 45) * Math.exp(normal - 0.5)));
  const source = random() < FOREIGN_SHARE ? TEXTS.foreign : TEXTS.ascii;
  const start = Math.floor(random() * (source.length - Math.min(length, 100_000)));
  return source.slice(start, start + Math.min(length, 100_000));
}

/** Words of source code and talk: one character in twenty needs an escape in JSON. */
function makeText(foreign: boolean): string {
  const random = randomFrom(7);
  const words =
    'the file const return if (error) { "name": value } => await test.ts expected to equal "function" // over facade then git diff --stat 0x1f import from'.split(
      " ",
    );
  if (foreign) words.push("über", "→", "façade");
  let text = "";
  while (text.length < 500_000) {
    text += words[Math.floor(random() * words.length)];
    text += random() < 0.15 ? "\n  " : " ";
  }
  return text;
}

/** Mulberry32: small, and the same on every machine. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
