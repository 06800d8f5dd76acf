/** Secrets that no file may hold, and the search for them in every form that they could hide in. */

import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Generated, so that they look like what they are; joined here, so that nobody finds them in our sources. */
const TOKENS = {
  github: () => `gh${"p_"}${alphanumeric(36)}`,
  gitlab: () => `gl${"pat-"}${alphanumeric(20)}`,
  slack: () => `xo${"xb-"}${digits(12)}-${digits(12)}-${alphanumeric(24)}`,
  anthropic: () => `sk-${"ant-api03-"}${alphanumeric(93)}AA`,
  stripe: () => `sk_${"live_"}${alphanumeric(24)}`,
  aws: () =>
    `AK${"IA"}${alphanumeric(16)
      .toUpperCase()
      .replaceAll(/[0189]/g, "A")}`,
  npm: () => `np${"m_"}${alphanumeric(36)}`,
} as const;

export type TokenKind = keyof typeof TOKENS;
export const token = (kind: TokenKind): string => TOKENS[kind]();

/** Without a form of its own: only its name or its place in the environment gives it away. */
export const password = (): string => alphanumeric(28);

function alphanumeric(length: number): string {
  const text = randomBytes(length * 2)
    .toString("base64")
    .replaceAll(/[^A-Za-z0-9]/g, "");
  return text.slice(0, length);
}

function digits(length: number): string {
  return Array.from(randomBytes(length), (byte) => byte % 10).join("");
}

/** A value as it is and as others would write it. */
export function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  const shifted = [0, 1, 2].map((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    // Characters at either end also depend on what stands beside the value.
    return whole.slice(
      Math.ceil((shift * 4) / 3),
      whole.length - (((bytes.length + shift) * 8) % 6 === 0 ? 0 : 1),
    );
  });
  const escaped = JSON.stringify(value).slice(1, -1);
  return [
    ...new Set([value, escaped, JSON.stringify(escaped).slice(1, -1), encodeURIComponent(value), ...shifted]),
  ];
}

/** Every file below a folder, its name and its bytes. */
export function bytesBelow(folder: string): Buffer {
  const names = readdirSync(folder, { recursive: true }) as string[];
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return Buffer.concat([
    Buffer.from(names.join("\n")),
    ...files.map((name) => readFileSync(join(folder, name))),
  ]);
}

/** Which of the values some file below `folder` holds, in whatever form. */
export function leaksIn(folder: string, values: Readonly<Record<string, string>>): string[] {
  const bytes = bytesBelow(folder);
  return Object.entries(values).flatMap(([name, value]) =>
    formsOf(value).some((form) => bytes.includes(form)) ? [name] : [],
  );
}
