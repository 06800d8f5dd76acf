/** How many columns a text takes on a terminal, and cutting it to fit. */

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

// oxlint-disable-next-line no-control-regex -- plain ASCII: one column each
const ASCII = /^[\u0000-\u007f]*$/;
/** East Asian Wide and Fullwidth (https://www.unicode.org/reports/tr11/), and what is drawn as an emoji. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]|^\p{Emoji_Presentation}|\ufe0f/u;
const INVISIBLE = /^[\p{Mark}\p{Default_Ignorable_Code_Point}]+$/u;

/** Columns of `text`, which holds no control characters. */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += clusterWidth(segment);
  return width;
}

/** `text`, or its start and an ellipsis, in at most `columns` columns. */
export function cutToWidth(text: string, columns: number): string {
  if (text.length * 2 <= columns || displayWidth(text) <= columns) return text;
  if (columns < 1) return "";
  let kept = "";
  let width = 1; // the ellipsis
  for (const { segment } of graphemes.segment(text)) {
    width += clusterWidth(segment);
    if (width > columns) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** `text` with spaces up to `columns`. */
export function padTo(text: string, columns: number, side: "left" | "right"): string {
  const room = " ".repeat(Math.max(0, columns - displayWidth(text)));
  return side === "left" ? `${text}${room}` : `${room}${text}`;
}

/** What the reader sees as one character, however many code points make it. */
function clusterWidth(cluster: string): number {
  if (WIDE.test(cluster)) return 2;
  return INVISIBLE.test(cluster) ? 0 : 1;
}
