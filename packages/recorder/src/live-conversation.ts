/**
 * A conversation that is being read while its agent runs: lines in, records out, and what it says of itself.
 */

import type { Adapter, Event, JsonObject, Parser, SourceFile } from "@spoor/adapters";
import type { LossKind, Source, Timestamp } from "@spoor/trace";
import type { Recording } from "./recording.ts";

/** A completion without another line for this long is written as it stands. */
const QUIET_MS = 2000;

export interface LiveLine {
  line: number;
  value: JsonObject;
}

export class LiveConversation {
  readonly recording: Recording;
  /** Whether the trace names the conversation that this one was made from. */
  namesParent = false;
  /** Whether a turn was open when nothing more came. */
  stoppedWithinTurn = false;
  readonly #parser: Parser;
  readonly #sources: Source[] = [];
  readonly #openTurns = new Set<string>();
  #lastLineMs: number | undefined;
  #told = 0;

  constructor(adapter: Adapter, recording: Recording) {
    this.recording = recording;
    this.#parser = adapter.createParser();
  }

  get facts(): Parser["facts"] {
    return this.#parser.facts;
  }

  /** Whether a turn has begun and not ended, so that more is to be expected. Gemini CLI never says that one ended. */
  get isUnderWay(): boolean {
    return this.#openTurns.size > 0;
  }

  /** Lines from before this run: read for what they mean to those that follow, but no records. */
  readEarlier(file: SourceFile, lines: readonly LiveLine[], observedAt: Timestamp): void {
    this.#feed(file, lines, observedAt, () => {});
  }

  /** The earlier lines are read; what follows is this run's. */
  goOn(): void {
    this.#parser.resume();
  }

  read(file: SourceFile, lines: readonly LiveLine[], observedAt: Timestamp): void {
    if (lines.length === 0) return;
    this.#lastLineMs = Date.parse(observedAt);
    this.#feed(file, lines, observedAt, (events) => {
      for (const event of events) this.#write(event);
    });
    this.#tellFacts(observedAt);
  }

  lose(kind: LossKind, count: number): void {
    if (count > 0) this.recording.lose(kind, count);
  }

  /** To be called now and then: writes what stood open once it has been quiet long enough. */
  settle(nowMs: number): void {
    if (this.#lastLineMs === undefined || nowMs - this.#lastLineMs < QUIET_MS) return;
    this.#lastLineMs = undefined;
    for (const event of this.#parser.flush("quiet")) this.#write(event);
    this.#tellFacts(new Date(nowMs).toISOString());
  }

  /** Nothing more will come. */
  stop(time: Timestamp): void {
    this.stoppedWithinTurn = this.isUnderWay;
    for (const event of this.#parser.flush("stop")) this.#write(event);
    this.#tellFacts(time);
    const unknown = Object.values(this.facts.unknownTypes).reduce((sum, count) => sum + count, 0);
    this.lose("unknown", unknown);
  }

  #write(event: Event): void {
    if (event.type === "turn_start") this.#openTurns.add(event.span.key);
    if (event.type === "turn_end") this.#openTurns.delete(event.span.key);
    this.recording.write(event);
  }

  #feed(
    file: SourceFile,
    lines: readonly LiveLine[],
    observedAt: Timestamp,
    use: (events: ReturnType<Parser["read"]>) => void,
  ): void {
    const source = this.#sourceOf(file);
    for (const { line, value } of lines) {
      try {
        use(this.#parser.read({ source, sourceName: file.name, kind: file.kind, line, value, observedAt }));
      } catch {
        // A parser never throws for what a line contains; if one does, the line is lost, not the run.
        this.lose("adapter_failed", 1);
      }
    }
  }

  /** Indexes never change: a source found later comes last. */
  #sourceOf(file: SourceFile): number {
    const known = this.#sources.findIndex((source) => source.name === file.name);
    return known === -1 ? this.#sources.push({ kind: file.kind, name: file.name }) - 1 : known;
  }

  #tellFacts(time: Timestamp): void {
    const sources = this.#sources.length === this.#told ? undefined : [...this.#sources];
    this.#told = this.#sources.length;
    this.recording.learn(this.facts, sources, time);
  }
}
