/**
 * Finds every word of a list in one pass over a text (Aho and Corasick, 1975).
 *
 * This is the price that clean text pays, so the table is dense: one load and one comparison per character. A
 * combined RegExp of the same words is two to three times slower in V8, one `indexOf` per word slower still.
 * The loop over the text itself stands where its hits are handled, in `find.ts`.
 */

/** Table width: the words are ASCII, and any other character goes back to the start. */
const WIDTH = 128;

export interface Automaton {
  /** Next state for `(state << 7) | class of the character`; with `HIT` set when a word ends there. */
  readonly next: Uint16Array;
  /** Class of each ASCII character. Those of the words are numbered first: then the parts of rows in use are small. */
  readonly classes: Uint8Array;
  /** Indexes of the words that end in each state; absent for most. */
  readonly ends: readonly (readonly number[] | undefined)[];
  /** Length of each word, in characters. */
  readonly lengths: readonly number[];
}

/** Set in a table entry whose state ends a word, so that one comparison tells a hit. */
export const HIT = 0x8000;

/**
 * Written without maps and closures: it runs once per process, before V8 has compiled anything, and start-up
 * time is counted in single milliseconds.
 *
 * @param words ASCII and not empty; fewer than 32 768 characters in all.
 */
export function buildAutomaton(words: readonly string[]): Automaton {
  let size = 1;
  for (const word of words) size += word.length;
  if (size > HIT) throw new RangeError(`expected fewer than ${HIT} characters of words, got ${size}`);
  const classes = classesOf(words);

  // The tree of the words; the children of a state are a list from `firstChild` through `nextSibling`.
  const next = new Uint16Array(size * WIDTH);
  const firstChild = new Uint16Array(size);
  const nextSibling = new Uint16Array(size);
  const classOf = new Uint8Array(size);
  const ends: (number[] | undefined)[] = [];
  let states = 1;
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    let state = 0;
    for (let i = 0; i < word.length; i++) {
      const edge = state * WIDTH + classes[word.charCodeAt(i)]!;
      let child = next[edge]!;
      if (child === 0) {
        child = states++;
        next[edge] = child;
        classOf[child] = edge % WIDTH;
        nextSibling[child] = firstChild[state]!;
        firstChild[state] = child;
      }
      state = child;
    }
    const own = ends[state];
    if (own === undefined) ends[state] = [index];
    else own.push(index);
  }

  // Breadth first: the fallback of a state (its longest suffix in the tree) is shorter, so its row is complete.
  const fallback = new Uint16Array(states);
  const queue = new Uint16Array(states);
  let queued = 1;
  for (let at = 0; at < queued; at++) {
    const state = queue[at]!;
    const from = fallback[state]! * WIDTH;
    if (state !== 0) next.copyWithin(state * WIDTH, from, from + WIDTH);
    for (let child = firstChild[state]!; child !== 0; child = nextSibling[child]!) {
      const edge = state * WIDTH + classOf[child]!;
      const suffix = state === 0 ? 0 : next[edge]! % HIT;
      fallback[child] = suffix;
      const inherited = ends[suffix];
      if (inherited !== undefined) ends[child] = [...(ends[child] ?? []), ...inherited];
      next[edge] = ends[child] === undefined ? child : child + HIT;
      queue[queued++] = child;
    }
  }
  return { next: next.slice(0, states * WIDTH), classes, ends, lengths: words.map(({ length }) => length) };
}

/** Class 0 is every character that no word holds. */
function classesOf(words: readonly string[]): Uint8Array {
  const classes = new Uint8Array(WIDTH);
  let count = 0;
  for (const word of words) {
    for (let i = 0; i < word.length; i++) {
      const code = word.charCodeAt(i);
      if (classes[code] === 0) classes[code] = ++count;
    }
  }
  return classes;
}
