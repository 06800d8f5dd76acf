/**
 * Bundles the `spoor` command into `dist/*.cjs`, without runtime dependencies.
 *
 * `main.cjs` is what starts. Whatever our sources load late, by `import()` or by `require`, becomes a file of its
 * own that is read only then: so `record` never reads yargs, and nobody reads secretlint's rules before a text
 * needs them.
 */
import { chmodSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, join, relative } from "node:path";
import { build } from "esbuild";

const cli = join(import.meta.dirname, "..");
const packages = join(cli, "..");
const dist = join(cli, "dist");
const { version } = JSON.parse(readFileSync(join(cli, "package.json"), "utf8"));

/** Where each late-loaded module is found, by the name of the file that it becomes. */
const chunks = new Map();

/** Makes a file of its own of what our sources load late, and remembers to build it. */
const loadLate = {
  name: "load-late",
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /.*/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
      const late = kind === "dynamic-import" || kind === "require-call";
      if (!late || isBuiltin(path) || !isOurs(importer) || pluginData === "resolving") return undefined;
      const found = await resolve(path, { kind, importer, resolveDir, pluginData: "resolving" });
      if (found.errors.length > 0) return { errors: found.errors };
      const name = chunkName(path);
      if ((chunks.get(name) ?? found.path) !== found.path)
        throw new Error(`two late-loaded modules named ${name}`);
      chunks.set(name, found.path);
      return { path: `./${name}.cjs`, external: true };
    });
    // In the sources, which are ES modules, `require` has to be made; in the bundle it is there.
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      if (!isOurs(path)) return undefined;
      const made = /^\s*const require = createRequire\(import\.meta\.url\);$/m;
      const text = readFileSync(path, "utf8");
      return made.test(text) ? { contents: text.replace(made, ""), loader: "ts" } : undefined;
    });
  },
};

/** `node:fs` as `fs`, the only name that a Node knows which is too old for us. */
const oldNames = {
  name: "old-names",
  setup({ onResolve }) {
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path: path.slice("node:".length), external: true }));
  },
};

function isOurs(path) {
  const [name, folder] = relative(packages, path).split(/[\\/]/);
  return name !== ".." && folder === "src";
}

function chunkName(path) {
  return basename(path).replace(/\.ts$/, "");
}

const shared = {
  bundle: true,
  platform: "node",
  format: "cjs",
  outdir: dist,
  outExtension: { ".js": ".cjs" },
  conditions: ["@spoor/source"],
  define: {
    SPOOR_VERSION: JSON.stringify(version),
    "import.meta.url": "__file.url",
    "import.meta.dirname": "__dirname",
    "import.meta.filename": "__filename",
  },
  supported: { "dynamic-import": false }, // `require` instead: it loads without Node's loader of ES modules
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  logLevel: "warning",
};

await build({
  ...shared,
  entryPoints: [join(cli, "src/main.ts")],
  target: "es2015", // an old Node must be able to read it to say that it is too old
  banner: { js: "#!/usr/bin/env node" },
  plugins: [oldNames, loadLate],
});
const built = new Set();
while (built.size < chunks.size) {
  const entryPoints = [...chunks]
    .filter(([name]) => !built.has(name))
    .map(([out, path]) => ({ out, in: path }));
  await build({
    ...shared,
    entryPoints,
    target: "node22",
    banner: { js: 'const __file={get url(){return require("node:url").pathToFileURL(__filename).href}};' },
    plugins: [loadLate],
  });
  for (const { out } of entryPoints) built.add(out);
}
chmodSync(join(dist, "main.cjs"), 0o755);
for (const file of readdirSync(dist)) {
  const name = basename(file, ".cjs");
  if (file.endsWith(".cjs") && name !== "main" && !chunks.has(name)) rmSync(join(dist, file)); // of an older build
}
