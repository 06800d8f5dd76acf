/**
 * The door of the terminal: what a trace says is shown, never obeyed.
 *
 * A trace holds what agents, tools and strangers wrote. An escape sequence in it could retitle the window,
 * write to the clipboard (OSC 52), fake a link (OSC 8) or hide what follows; a bidi override could reorder a
 * command line before the eyes of its reader (CVE-2021-42574). So each such character is replaced by a form
 * that can be seen.
 */

/**
 * C0 and DEL, C1, the bidi marks, overrides and isolates, line separators, and the tag characters that hide
 * whole sentences in what looks like nothing.
 */
const HARMFUL =
  // oxlint-disable-next-line no-control-regex -- they are what this is about
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

const TAB = "    ";

/** One line of text in a form that no terminal acts on. A tab becomes spaces. */
export function visible(line: string): string {
  return line.replaceAll(HARMFUL, (character) => {
    const code = character.codePointAt(0) as number;
    if (character === "\t") return TAB;
    if (code < 0x20) return String.fromCodePoint(0x2400 + code); // ␀ … ␟
    if (code === 0x7f) return "␡";
    if (code >= 0xd800 && code <= 0xdfff) return "\ufffd";
    return `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
  });
}
