/** Finding what the agent writes: which conversations are a recorded command's, and their lines as they come. */

export { claimsFolder, Discovery } from "./discovery.ts";
export type { DiscoverOptions, DiscoverSystem, FileLines, FoundLive, LiveLines, Look } from "./discovery.ts";
export type { JoinedBy } from "./join.ts";
export { INVOCATION_VARIABLE } from "./processes.ts";
