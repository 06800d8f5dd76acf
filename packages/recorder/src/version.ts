/** What `recorder` says in the first record of a trace; the version is that of package.json, checked by a test. */
export const RECORDER: { readonly name: string; readonly version: string } = {
  name: "spoor",
  version: "0.1.0",
};
