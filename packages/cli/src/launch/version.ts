/** The version of spoor: from package.json, put in place of the name below when the command is bundled. */

import { readFileSync } from "node:fs";

declare const SPOOR_VERSION: string | undefined;

export const version: string =
  typeof SPOOR_VERSION === "string"
    ? SPOOR_VERSION
    : (JSON.parse(readFileSync(`${import.meta.dirname}/../../package.json`, "utf8")) as { version: string })
        .version;
