/** Random bytes without `node:crypto`, whose loading alone costs a sixth of Node's own start. */

import { closeSync, openSync, readSync } from "node:fs";

/** From the kernel's generator, which `node:crypto` seeds itself from (random(4)). */
export function randomBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  try {
    const descriptor = openSync("/dev/urandom", "r");
    try {
      if (readSync(descriptor, bytes, 0, count, null) === count) return bytes;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // Windows, or a sandbox without devices.
  }
  return process.getBuiltinModule("node:crypto").randomBytes(count);
}

/** A name that nobody else takes: 32 hexadecimal digits. */
export function randomName(): string {
  return Buffer.from(randomBytes(16)).toString("hex");
}
