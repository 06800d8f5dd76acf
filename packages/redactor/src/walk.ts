/**
 * Walks a JSON-like value and redacts its strings, keys and the values under secret names.
 *
 * Copies only what changes, from the changed string up to the root. Works with a list of open objects instead of
 * recursion, since a hostile transcript may nest ten thousand deep.
 */

import { classifyName } from "./names.ts";
import { isHarmless, isRandom, isWords } from "./shape.ts";

export interface WalkActions {
  /** Redacts a string. */
  readonly text: (text: string) => string;
  /** The placeholder for a string that is secret as a whole. */
  readonly whole: (text: string, rule: string) => string;
  /** Counts a failure; what to put in place. */
  readonly fail: () => string;
}

type Container = Record<string, unknown> | unknown[];

interface Frame {
  readonly source: Container;
  /** Own enumerable keys; absent for arrays. */
  readonly keys: readonly string[] | undefined;
  next: number;
  /** The copy, once something changed. */
  copy: Container | undefined;
  /** Key of this object in the frame below. */
  readonly place: string | number;
}

/** Keys of clean names seen before; agents write the same few for ever. */
const cleanKeys = new Set<string>();
const MAX_CLEAN_KEYS = 4096;

export class ValueWalk {
  readonly #actions: WalkActions;
  readonly #open = new Set<object>();

  constructor(actions: WalkActions) {
    this.#actions = actions;
  }

  redact(root: unknown): unknown {
    const first = this.#leafOrFrame(root, "");
    if (!isFrame(first)) return first.value;
    const frames: Frame[] = [first];
    for (;;) {
      const frame = frames.at(-1)!;
      const { source, keys } = frame;
      const size = keys === undefined ? (source as unknown[]).length : keys.length;
      if (frame.next < size) {
        const at = frame.next++;
        const inner = this.#step(frame, keys === undefined ? at : keys[at]!);
        if (inner !== undefined) frames.push(inner);
        continue;
      }
      frames.pop();
      this.#open.delete(source);
      const below = frames.at(-1);
      if (below === undefined) return frame.copy ?? source;
      if (frame.copy !== undefined) put(below, frame.place, frame.copy);
    }
  }

  /** Redacts the child under `key`; returns a frame when the child is an object to be walked first. */
  #step(frame: Frame, key: string | number): Frame | undefined {
    let child: unknown;
    try {
      child = (frame.source as Record<string | number, unknown>)[key];
    } catch {
      child = this.#actions.fail(); // a getter threw
      put(frame, key, child);
      return undefined;
    }
    let place = key;
    if (typeof key === "string") {
      place = this.#redactKey(frame, key);
      const masked = this.#maskNamed(frame.source as Record<string, unknown>, key, child);
      if (masked !== undefined) {
        put(frame, place, masked);
        return undefined;
      }
    } else if (typeof child === "string") {
      const masked = this.#maskNeighbour(frame.source as unknown[], key, child);
      if (masked !== undefined) {
        put(frame, place, masked);
        return undefined;
      }
    }
    const done = this.#leafOrFrame(child, place);
    if (isFrame(done)) return done;
    if (done.value !== child) put(frame, place, done.value);
    return undefined;
  }

  #leafOrFrame(value: unknown, place: string | number): Frame | { readonly value: unknown } {
    if (typeof value === "string") return { value: this.#actions.text(value) };
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return { value };
    if (value instanceof Date) return { value };
    if (this.#open.has(value)) return { value: this.#actions.fail() };
    this.#open.add(value);
    const source = value as Container;
    const keys = Array.isArray(source) ? undefined : Object.keys(source);
    return { source, keys, next: 0, copy: undefined, place };
  }

  #redactKey(frame: Frame, key: string): string {
    if (key.length < 8 || cleanKeys.has(key)) return key;
    const redacted = this.#actions.text(key);
    if (redacted === key) {
      if (key.length <= 64 && cleanKeys.size < MAX_CLEAN_KEYS) cleanKeys.add(key);
      return key;
    }
    const copy = copyOf(frame) as Record<string, unknown>;
    delete copy[key];
    let unique = redacted;
    for (let n = 2; Object.hasOwn(copy, unique); n++) unique = `${redacted}~${n}`;
    define(copy, unique, undefined);
    return unique;
  }

  /** The value under a secret name, or in a `{name: "…_TOKEN", value: "…"}` pair. */
  #maskNamed(source: Record<string, unknown>, key: string, child: unknown): string | undefined {
    if (typeof child !== "string" && typeof child !== "number") return undefined;
    const kind = classifyName(key);
    if (kind !== undefined) return this.#maskWhole(String(child), kind, typeof child === "number");
    if ((key === "value" || key === "Value") && typeof child === "string") {
      const name = source["name"] ?? source["Name"] ?? source["key"] ?? source["Key"] ?? source["header"];
      const named = typeof name === "string" ? classifyName(name) : undefined;
      if (named !== undefined) return this.#maskWhole(child, named, false);
    }
    return undefined;
  }

  /** `["--token", "…"]` and `["authorization", "…"]`: argument lists and raw headers. */
  #maskNeighbour(source: readonly unknown[], index: number, child: string): string | undefined {
    const before = index > 0 ? source[index - 1] : undefined;
    if (typeof before !== "string" || before.length > 64 || !/^-{0,2}[A-Za-z][\w-]*$/.test(before))
      return undefined;
    const kind = classifyName(before);
    if (kind === undefined) return undefined;
    if (!before.startsWith("-") && !isRandom(child)) return undefined;
    return child.startsWith("-") ? undefined : this.#maskWhole(child, kind, false);
  }

  #maskWhole(text: string, kind: "password" | "secret" | "key", isNumber: boolean): string | undefined {
    if (text.length < 4 || isHarmless(text) || isPlaceholderOnly(text)) return undefined;
    if (isNumber)
      return kind === "password" && text.length >= 4 ? this.#actions.whole(text, "password") : undefined;
    // Text about a secret is not one; what secrets it holds is found in it as in any text.
    if (
      /\s/.test(text) &&
      !/^(?:Bearer|Basic|Token|Digest|AWS4)\b/i.test(text) &&
      text.split(/\s+/).length > 3
    )
      return undefined;
    if (kind === "key" && !(text.length >= 16 && isRandom(text))) return undefined;
    if (kind === "secret" && (text.length < 8 || (isWords(text) && !isRandom(text)))) return undefined;
    if (kind === "password" && isWords(text) && !/\d/.test(text)) return undefined;
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || text.startsWith("-----BEGIN")) return undefined;
    return this.#actions.whole(
      text,
      kind === "password" ? "password" : kind === "key" ? "api-key" : "secret",
    );
  }
}

function isFrame(value: Frame | { readonly value: unknown }): value is Frame {
  return "source" in value;
}

function isPlaceholderOnly(text: string): boolean {
  return /^(?:(?:Bearer|Basic|Token) )?(?:\[REDACTED:[^\]]{1,60}\])+$/.test(text);
}

function put(frame: Frame, place: string | number, value: unknown): void {
  const copy = copyOf(frame);
  if (Array.isArray(copy)) copy[place as number] = value;
  else define(copy, String(place), value);
}

function copyOf(frame: Frame): Container {
  if (frame.copy === undefined) {
    if (frame.keys === undefined) frame.copy = [...(frame.source as unknown[])];
    else {
      const copy: Record<string, unknown> = {};
      for (const key of frame.keys) define(copy, key, read(frame.source as Record<string, unknown>, key));
      frame.copy = copy;
    }
  }
  return frame.copy;
}

function read(source: Record<string, unknown>, key: string): unknown {
  try {
    return source[key];
  } catch {
    return undefined; // replaced when its turn comes
  }
}

/** Plain assignment, except for the one key that would set the prototype. */
function define(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  } else target[key] = value;
}
