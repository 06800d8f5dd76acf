/** Finding what the agent writes: which conversations are a recorded command's, and their lines as they come. */

export { claimsFolder, Discovery } from "./discovery.ts";
export type { DiscoverOptions, DiscoverSystem, FoundLive, Look } from "./discovery.ts";
