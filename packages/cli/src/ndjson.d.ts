/** What we use of ndjson 2, which has no types of its own. */
declare module "ndjson" {
  import type { Transform } from "node:stream";

  interface Ndjson {
    /** Lines in, values out; `strict` (the default) ends in an error at a line that is not JSON, else passes it over. */
    parse(options?: { strict?: boolean }): Transform;
    /** Values in, lines out. */
    stringify(): Transform;
  }
  const ndjson: Ndjson;
  export default ndjson;
}
