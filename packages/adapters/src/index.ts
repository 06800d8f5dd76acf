/** What each coding agent writes, as one kind of event. */

export type * from "./adapter.ts";
export type * from "./event.ts";
export { INVOCATION } from "./event.ts";
