/**
 * The simple commands of a shell command line, quotes taken off: enough to find `gh pr merge` and to not find
 * it in a quoted text, a here-document or a comment. It is no shell: nothing is expanded.
 */

/** Substitutions inside substitutions: deeper ones are taken as text. */
const MAX_DEPTH = 16;

const HERE_DOCUMENT =
  /^<<(?<dash>-?)[ \t]*(?:(?<quote>["'])(?<quoted>[^"'\n]+)\k<quote>|\\?(?<bare>[^\s;&|<>()'"]+))/;

interface HereDocument {
  delimiter: string;
  /** `<<-`: tabs before its lines do not count. */
  stripTabs: boolean;
}

/** Commands of substitutions, `$(…)`, come before the command they stand in, as they are run. */
export function splitCommands(line: string): string[][] {
  const commands: string[][] = [];
  scan(line, 0, 0, commands);
  return commands;
}

/**
 * @param depth 0 at the top; inside a substitution the scan ends at the bracket that closes it.
 * @returns The index behind what was read.
 */
function scan(line: string, from: number, depth: number, commands: string[][]): number {
  let words: string[] = [];
  let word: string | undefined;
  let subshells = 0;
  let hereDocuments: HereDocument[] = [];
  const endWord = (): void => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  const endCommand = (): void => {
    endWord();
    if (words.length > 0) commands.push(words);
    words = [];
  };
  for (let i = from; i < line.length; i++) {
    const c = line.charAt(i);
    const next = line.charAt(i + 1);
    if (c === "'" || c === '"') {
      const end = c === "'" ? indexOrEnd(line, "'", i + 1) : closingQuote(line, i, depth, commands);
      const quoted = line.slice(i + 1, end);
      word = (word ?? "") + (c === "'" ? quoted : quoted.replaceAll(/\\(["\\$`])/g, "$1"));
      i = end;
    } else if (c === "\\") {
      if (next !== "\n") word = (word ?? "") + next;
      i++;
    } else if (c === "$" && next === "(" && depth < MAX_DEPTH) {
      const end = scan(line, i + 2, depth + 1, commands);
      word = (word ?? "") + line.slice(i, end);
      i = end - 1;
    } else if (c === "<" && next === "<" && line.charAt(i + 2) !== "<") {
      endWord();
      const opening = HERE_DOCUMENT.exec(line.slice(i, i + 256));
      const delimiter = opening?.groups?.["quoted"] ?? opening?.groups?.["bare"];
      if (delimiter !== undefined)
        hereDocuments.push({ delimiter, stripTabs: opening?.groups?.["dash"] === "-" });
      i += (opening?.[0].length ?? 2) - 1;
    } else if (c === "\n") {
      endCommand();
      for (const document of hereDocuments) i = endOfHereDocument(line, i, document);
      hereDocuments = [];
    } else if (c === ")" && depth > 0 && subshells === 0) {
      endCommand();
      return i + 1;
    } else if (c === "&" && (line.charAt(i - 1) === ">" || next === ">")) word = (word ?? "") + c;
    else if (c === ";" || c === "|" || c === "&" || c === "(" || c === ")") {
      endCommand();
      if (c === "(") subshells++;
      if (c === ")") subshells = Math.max(0, subshells - 1);
    } else if (c === " " || c === "\t" || c === "\r") endWord();
    else if (c === "#" && word === undefined) i = indexOrEnd(line, "\n", i) - 1;
    else word = (word ?? "") + c;
  }
  endCommand();
  return line.length;
}

/** Of a double quote, which may hold substitutions with quotes of their own. */
function closingQuote(line: string, open: number, depth: number, commands: string[][]): number {
  for (let i = open + 1; i < line.length; i++) {
    const c = line.charAt(i);
    if (c === '"') return i;
    if (c === "\\") i++;
    else if (c === "$" && line.charAt(i + 1) === "(" && depth < MAX_DEPTH)
      i = scan(line, i + 2, depth + 1, commands) - 1;
  }
  return line.length;
}

/** @returns The index of the newline that ends it, or the end of the text. */
function endOfHereDocument(line: string, newline: number, { delimiter, stripTabs }: HereDocument): number {
  for (let start = newline + 1; start < line.length;) {
    const end = indexOrEnd(line, "\n", start);
    const text = line.slice(start, end);
    if ((stripTabs ? text.replace(/^\t+/, "") : text) === delimiter) return end;
    start = end + 1;
  }
  return line.length;
}

function indexOrEnd(line: string, what: string, from: number): number {
  const index = line.indexOf(what, from);
  return index === -1 ? line.length : index;
}
