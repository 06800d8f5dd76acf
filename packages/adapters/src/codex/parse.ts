/**
 * Codex's lines to events: rollouts (`parse-rollout.ts`) and the stdout stream of `codex exec --json`
 * (`parse-stream.ts`). Facts with their sources are in docs/adapters.md.
 */

import type { ConversationFacts, Parser, SourceKind, SourceLine } from "../adapter.ts";
import { Conversation } from "../conversation.ts";
import type { Event } from "../event.ts";
import { asText } from "../json.ts";
import { Rollout } from "./parse-rollout.ts";
import { ExecStream } from "./parse-stream.ts";

export class CodexParser implements Parser {
  readonly #conversation = new Conversation();
  readonly #rollout = new Rollout(this.#conversation);
  readonly #stream = new ExecStream(this.#conversation);
  /** A rollout and a stream of one run tell the same calls under other ids: only the kind that came first counts. */
  #heard: SourceKind | undefined;

  get facts(): ConversationFacts {
    return this.#conversation.facts;
  }

  read(line: SourceLine): Event[] {
    if (line.kind === "stream" && line.value["type"] === "thread.started") {
      // Says only whose stream it is, so a rollout may still become the one that is heard.
      this.facts.conversationId ??= asText(line.value["thread_id"]);
      return [];
    }
    this.#heard ??= line.kind;
    if (line.kind !== this.#heard) return [];
    if (line.kind === "stream") this.#stream.read(line);
    else this.#rollout.read(line);
    return this.#conversation.take();
  }

  flush(at: "quiet" | "stop"): Event[] {
    this.#rollout.settle();
    this.#conversation.flush(at);
    return this.#conversation.take();
  }

  resume(): void {
    this.#rollout.settle();
    this.#conversation.resume();
    this.#rollout.resume();
  }
}
