/** The first thing main.ts asks, on whatever Node the PATH had; so nothing newer than that Node may stand here. */

/** The oldest major version of Node that runs spoor; `engines` in package.json says the same. */
export const OLDEST_NODE = 22;

/** What to tell the user of a Node that is too old; undefined when `running` (as in `process.versions.node`) will do. */
export function complainAboutNode(running: string): string | undefined {
  if (Number(running.split(".")[0]) >= OLDEST_NODE) return undefined;
  return `spoor needs Node ${OLDEST_NODE} or later, and this is Node ${running}: install a newer one from https://nodejs.org, or put it first on PATH.`;
}
