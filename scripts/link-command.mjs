/**
 * Makes `node_modules/.bin/spoor` the built command, run by the checkout's own Node whatever `node` the PATH has.
 *
 * pnpm puts a script there as well, at every install. That one sets NODE_PATH, which a recorded command would
 * inherit, and takes longer to start than `record` itself; so the build, which comes after, puts this one in its
 * place. It finds everything from where it lies, through any symbolic links, and starts no process to do so: the
 * bundle has a link of its own beside it, since Node takes the ".." of a path away before it looks at links.
 */
import { chmodSync, existsSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const SCRIPT = `#!/bin/sh
# The command built from this checkout, on the checkout's own Node. Written by scripts/link-command.mjs.
self=$0
case $self in */*) ;; *) self=./$self ;; esac
while [ -L "$self" ]; do
  target=$(readlink "$self")
  case $target in /*) self=$target ;; *) self=\${self%/*}/$target ;; esac
done
exec "\${self%/*}/../node/bin/node" "\${self%/*}/spoor.cjs" "$@"
`;

const bin = join(import.meta.dirname, "../node_modules/.bin");
const bundle = "../../packages/cli/dist/main.cjs";

// On Windows pnpm's own scripts stay: they find the checkout's Node, which lies beside them, and need no more.
if (process.platform !== "win32") {
  for (const needed of ["../node/bin/node", bundle]) {
    if (!existsSync(join(bin, needed)))
      throw new Error(`${join(bin, needed)} is missing: run "pnpm install" and "pnpm run build"`);
  }
  put("spoor.cjs", (path) => symlinkSync(bundle, path));
  put("spoor", (path) => {
    writeFileSync(path, SCRIPT);
    chmodSync(path, 0o755);
  });
}

/** Whole at every moment, and never written through a file or link of pnpm's. */
function put(name, make) {
  const unfinished = join(bin, `.${name}.${process.pid}`);
  make(unfinished);
  renameSync(unfinished, join(bin, name));
}
