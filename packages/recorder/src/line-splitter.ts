/** Cuts a stream of bytes into lines, whatever way its chunks are cut. */

const NEWLINE = 0x0a;
/** A line longer than this is let go; nothing an agent prints as an event comes near. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

export class LineSplitter {
  #pieces: Buffer[] = [];
  #bytes = 0;
  #overlong = false;
  /** Lines that were let go. */
  lost = 0;

  /** @returns The lines that this chunk completes, without their newline. The chunk may be reused afterwards. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let to = chunk.indexOf(NEWLINE); to !== -1; to = chunk.indexOf(NEWLINE, from)) {
      this.#keep(chunk.subarray(from, to));
      const line = this.#take();
      if (line !== undefined) lines.push(line);
      from = to + 1;
    }
    this.#keep(chunk.subarray(from));
    return lines;
  }

  /** What stands after the last newline. */
  end(): string[] {
    const line = this.#bytes > 0 ? this.#take() : undefined;
    return line === undefined ? [] : [line];
  }

  #keep(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#bytes > MAX_LINE_BYTES) {
      this.#overlong = true;
      this.#pieces = [];
    }
    if (piece.length > 0 && !this.#overlong) this.#pieces.push(Buffer.from(piece));
  }

  #take(): string | undefined {
    const line = this.#overlong ? undefined : Buffer.concat(this.#pieces).toString("utf8");
    if (this.#overlong) this.lost++;
    this.#pieces = [];
    this.#bytes = 0;
    this.#overlong = false;
    return line;
  }
}
