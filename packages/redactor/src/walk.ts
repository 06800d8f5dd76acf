/**
 * Walks a JSON-like value and redacts its strings, keys and the values under secret names.
 *
 * Copies only what changes, from the changed string up to the root. Works with a list of open objects instead of
 * recursion, since a hostile transcript may nest ten thousand deep.
 */

import { classifyName, type NameClass } from "./names.ts";
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
  readonly size: number;
  next: number;
  /** The copy, once something changed. */
  copy: Container | undefined;
  /** Key of this object in the frame below. */
  readonly place: string | number;
}

/** What is known of a key: agents write the same few for ever. */
interface KeyInfo {
  readonly kind: NameClass | undefined;
  /** No part of the key is secret. */
  readonly clean: boolean;
}

const MAX_KEYS = 4096;
/** A string this short holds no secret, unless a name says so. */
const MIN_TEXT = 8;

/** The value of an `Authorization` header: a scheme and what it takes (RFC 9110, 11.4). */
const CREDENTIALS = /^(?:Bearer|Basic|Token|Digest|AWS4-HMAC-SHA256|Negotiate|ApiKey|SSWS) +[^\s[<$]{6}/i;

export class ValueWalk {
  readonly #actions: WalkActions;
  readonly #keys = new Map<string, KeyInfo>();

  constructor(actions: WalkActions) {
    this.#actions = actions;
  }

  /** Keys that were clean may not be so any more. */
  forget(): void {
    this.#keys.clear();
  }

  redact(root: unknown): unknown {
    if (typeof root === "string") return this.#actions.text(root);
    if (!isContainer(root)) return root;
    const frames: Frame[] = [openFrame(root, "")];
    for (;;) {
      const frame = frames.at(-1)!;
      const child = this.#walkLeaves(frame);
      if (child !== undefined) {
        if (isOpen(frames, child.source)) put(frame, child.place, this.#actions.fail());
        else frames.push(child);
        continue;
      }
      frames.pop();
      const below = frames.at(-1);
      if (below === undefined) return frame.copy ?? frame.source;
      if (frame.copy !== undefined) put(below, frame.place, frame.copy);
    }
  }

  /** Redacts the children that are no containers; stops at one, with the frame to walk first. */
  #walkLeaves(frame: Frame): Frame | undefined {
    const { source, keys, size } = frame;
    while (frame.next < size) {
      const at = frame.next++;
      const key = keys === undefined ? at : keys[at]!;
      let child: unknown;
      try {
        child = (source as Record<string | number, unknown>)[key];
      } catch {
        put(frame, key, this.#actions.fail()); // a getter threw
        continue;
      }
      let place = key;
      let masked: string | undefined;
      if (typeof key === "string") {
        const info = this.#keys.get(key) ?? this.#learnKey(key);
        if (!info.clean) place = this.#renameKey(frame, key);
        if (info.kind !== undefined || key === "value" || key === "Value") {
          masked = this.#maskNamed(source as Record<string, unknown>, info.kind, child);
        }
      } else if (at > 0 && typeof child === "string") {
        masked = this.#maskNeighbour((source as unknown[])[at - 1], child);
      }
      if (masked !== undefined) put(frame, place, masked);
      else if (typeof child === "string") {
        if (child.length < MIN_TEXT) continue;
        const redacted = this.#actions.text(child);
        if (redacted !== child) put(frame, place, redacted);
      } else if (isContainer(child)) return openFrame(child, place);
    }
    return undefined;
  }

  #learnKey(key: string): KeyInfo {
    const clean = key.length < MIN_TEXT || this.#actions.text(key) === key;
    const info = { kind: classifyName(key), clean };
    if (key.length <= 64 && clean && this.#keys.size < MAX_KEYS) this.#keys.set(key, info);
    return info;
  }

  /** Gives the key its redacted name in the copy, in its old place. */
  #renameKey(frame: Frame, key: string): string {
    const before = copyOf(frame) as Record<string, unknown>;
    const redacted = this.#actions.text(key);
    let unique = redacted;
    for (let n = 2; Object.hasOwn(before, unique); n++) unique = `${redacted}~${n}`;
    const after: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(before)) define(after, name === key ? unique : name, value);
    frame.copy = after;
    return unique;
  }

  /** The value under a secret name, or in a `{name: "…_TOKEN", value: "…"}` pair. */
  #maskNamed(
    source: Record<string, unknown>,
    kind: NameClass | undefined,
    child: unknown,
  ): string | undefined {
    if (kind !== undefined) {
      if (typeof child === "number") return this.#maskNumber(child, kind);
      return typeof child === "string" ? this.#maskWhole(child, kind) : undefined;
    }
    if (typeof child !== "string") return undefined;
    const name = source["name"] ?? source["Name"] ?? source["key"] ?? source["Key"] ?? source["header"];
    const named = typeof name === "string" ? classifyName(name) : undefined;
    return named === undefined ? undefined : this.#maskWhole(child, named);
  }

  /** `["--token", "…"]` and `["authorization", "…"]`: argument lists and raw headers. */
  #maskNeighbour(before: unknown, child: string): string | undefined {
    if (typeof before !== "string" || before.length > 64 || child.startsWith("-")) return undefined;
    if (!/^-{0,2}[A-Za-z][\w-]*$/.test(before)) return undefined;
    const kind = classifyName(before);
    if (kind === undefined || (!before.startsWith("-") && !isRandom(child))) return undefined;
    return this.#maskWhole(child, kind);
  }

  #maskNumber(value: number, kind: NameClass): string | undefined {
    const digits = String(value);
    return kind === "password" && digits.length >= 4 ? this.#actions.whole(digits, "password") : undefined;
  }

  #maskWhole(text: string, kind: NameClass): string | undefined {
    if (text.length < 4 || isHarmless(text) || isPlaceholderOnly(text)) return undefined;
    if (CREDENTIALS.test(text)) return this.#actions.whole(text, "authorization");
    // Text about a secret is not one; what secrets it holds is found in it as in any text.
    if (text.split(/\s+/).length > 3) return undefined;
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

/** Plain objects and arrays; of other objects their own enumerable members, as JSON has them. */
function isContainer(value: unknown): value is Container {
  return (
    typeof value === "object" && value !== null && !ArrayBuffer.isView(value) && !(value instanceof Date)
  );
}

/** A cycle leads back to an object that is being walked. */
function isOpen(frames: readonly Frame[], source: Container): boolean {
  for (let i = 0; i < frames.length; i++) if (frames[i]!.source === source) return true;
  return false;
}

function openFrame(source: Container, place: string | number): Frame {
  const keys = Array.isArray(source) ? undefined : Object.keys(source);
  return {
    source,
    keys,
    size: keys?.length ?? (source as unknown[]).length,
    next: 0,
    copy: undefined,
    place,
  };
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
