/**
 * SHA-256 (FIPS 180-4) of short texts without `node:crypto`.
 *
 * Loading that module costs as much as a sixth of Node's own start, and `spoor record` needs no more than a few
 * hashes of some dozen bytes before its command runs. Longer inputs go to Node's, which is then worth loading.
 */

const SHORT_BYTES = 1024;

/** After so many Node's own is loaded: it takes a twentieth of the time for each. */
const FEW = 64;
let done = 0;

/** The digest as 64 lower-case hex digits. A text is hashed as UTF-8. */
export function sha256(data: string | Uint8Array): string {
  const bytes = typeof data === "string" ? Buffer.from(data) : data;
  if (bytes.length > SHORT_BYTES || ++done > FEW)
    return process.getBuiltinModule("node:crypto").hash("sha256", bytes, "hex");
  return shortDigest(bytes);
}

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes, and of the square roots of the first 8. */
const { CUBE_ROOTS, SQUARE_ROOTS } = constants();

function constants(): { CUBE_ROOTS: Int32Array; SQUARE_ROOTS: Int32Array } {
  const primes: number[] = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  const fraction = (root: number): number => ((root - Math.floor(root)) * 0x1_0000_0000) | 0;
  return {
    CUBE_ROOTS: Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime))),
    SQUARE_ROOTS: Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime))),
  };
}

/** Made here. @internal For tests as well. */
export function shortDigest(bytes: Uint8Array): string {
  const padded = new Uint8Array(((bytes.length + 8) >> 6) * 64 + 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, bytes.length * 8);
  const state = Int32Array.from(SQUARE_ROOTS);
  const words = new Int32Array(64);
  for (let block = 0; block < padded.length; block += 64) compress(state, words, view, block);
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

function compress(state: Int32Array, w: Int32Array, view: DataView, block: number): void {
  const at = (array: Int32Array, index: number): number => array[index] as number;
  for (let i = 0; i < 16; i++) w[i] = view.getInt32(block + i * 4);
  for (let i = 16; i < 64; i++) {
    const a = at(w, i - 15);
    const b = at(w, i - 2);
    const s0 = rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3);
    const s1 = rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10);
    w[i] = (at(w, i - 16) + s0 + at(w, i - 7) + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  for (let i = 0; i < 64; i++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + at(CUBE_ROOTS, i) + at(w, i)) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
  }
  for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) state[i] = at(state, i) + word;
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}
