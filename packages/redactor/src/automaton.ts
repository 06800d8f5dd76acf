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
  /** Next state for `(state << 7) | class of the character`. States from `firstHit` on end at least one word. */
  readonly next: Uint16Array;
  /** Class of each ASCII character: those of the words are numbered first, so that the rows in use stay small. */
  readonly classes: Uint8Array;
  readonly firstHit: number;
  /** Indexes of the words that end in state `firstHit + i`. */
  readonly ends: readonly (readonly number[])[];
  /** Length of each word, in characters. */
  readonly lengths: readonly number[];
}

/** @param words ASCII and not empty; at most 65 535 characters in all. */
export function buildAutomaton(words: readonly string[]): Automaton {
  const size = words.reduce((sum, { length }) => sum + length, 1);
  if (size > 0xffff) throw new RangeError(`expected at most 65535 characters of words, got ${size}`);
  const classes = classesOf(words);

  // The tree of the words: a child of 0 means none, as no edge leads back to the root.
  const tree = new Uint16Array(size * WIDTH);
  const own: (number[] | undefined)[] = [undefined];
  words.forEach((word, index) => {
    let at = 0;
    for (let i = 0; i < word.length; i++) {
      const edge = at * WIDTH + classes[word.charCodeAt(i)]!;
      if (tree[edge] === 0) tree[edge] = own.push(undefined) - 1;
      at = tree[edge]!;
    }
    (own[at] ??= []).push(index);
  });

  // Breadth first, so that a state's fallback (its longest suffix in the tree) is complete before the state is.
  const fallback = new Uint16Array(own.length);
  const order: number[] = [0];
  for (let i = 0; i < order.length; i++) {
    const at = order[i]!;
    const row = at * WIDTH;
    const behind = fallback[at]! * WIDTH;
    for (let c = 0; c < WIDTH; c++) {
      const child = tree[row + c]!;
      if (child === 0) {
        if (at !== 0) tree[row + c] = tree[behind + c]!;
        continue;
      }
      if (at !== 0) fallback[child] = tree[behind + c]!;
      order.push(child);
    }
    const inherited = own[fallback[at]!];
    if (at !== 0 && inherited !== undefined) own[at] = [...(own[at] ?? []), ...inherited];
  }
  return { ...numberHitsLast(tree, own, order), classes, lengths: words.map(({ length }) => length) };
}

/** Then one comparison tells a hit. */
function numberHitsLast(
  tree: Uint16Array,
  own: readonly (number[] | undefined)[],
  order: readonly number[],
): Pick<Automaton, "next" | "firstHit" | "ends"> {
  const silent = order.filter((at) => own[at] === undefined);
  const loud = order.filter((at) => own[at] !== undefined);
  const number = new Uint16Array(own.length);
  let count = 0;
  for (const at of silent) number[at] = count++;
  for (const at of loud) number[at] = count++;
  const next = new Uint16Array(own.length * WIDTH);
  for (let at = 0; at < own.length; at++) {
    const from = at * WIDTH;
    const to = number[at]! * WIDTH;
    for (let c = 0; c < WIDTH; c++) next[to + c] = number[tree[from + c]!]!;
  }
  return { next, firstHit: silent.length, ends: loud.map((at) => own[at]!) };
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
