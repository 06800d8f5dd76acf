/**
 * Fails when a package imports another one that lies above it, or reaches past its public door.
 *
 * The allowed arrows are those of docs/architecture.md. pnpm's strict `node_modules` already refuses an
 * import that `package.json` does not declare; this refuses the declaration.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** From user to used. A package that is missing here may not exist. */
const ALLOWED = {
  trace: [],
  redactor: [],
  adapters: ["trace"],
  recorder: ["adapters", "redactor", "trace"],
  summarizer: ["trace"],
  shipper: ["trace"],
  report: ["summarizer", "trace"],
  cli: ["adapters", "recorder", "redactor", "trace", "summarizer", "shipper", "report"],
  action: [],
};

/** Statements begin their line; what a comment shows does not. */
const IMPORTS = /(?:^(?:import|export)\b[^"';]*?|\bimport\()"([^"]+)"/gm;

const root = join(import.meta.dirname, "..");
const faults = [];
for (const name of readdirSync(join(root, "packages"))) {
  const allowed = ALLOWED[name];
  if (allowed === undefined) {
    faults.push(
      `packages/${name}: not in the list of scripts/check-dependencies.mjs; add it with its arrows`,
    );
    continue;
  }
  const manifest = JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"));
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
  for (const used of declared.filter((dependency) => dependency.startsWith("@spoor/"))) {
    if (!allowed.includes(used.slice("@spoor/".length)))
      faults.push(`packages/${name}/package.json: may not depend on ${used}`);
  }
  for (const file of readdirSync(join(root, "packages", name, "src"), {
    recursive: true,
    encoding: "utf8",
  })) {
    if (!/\.tsx?$/.test(file)) continue;
    const text = readFileSync(join(root, "packages", name, "src", file), "utf8");
    for (const [, specifier] of text.matchAll(IMPORTS)) {
      const [scope, used, inside] = specifier.split("/");
      if (scope === "@spoor" && !(allowed.includes(used) && (inside === undefined || inside === "otel")))
        faults.push(`packages/${name}/src/${file}: may not import "${specifier}"`);
      if (specifier.startsWith(".") && /^(\.\.\/)+packages\//.test(specifier))
        faults.push(`packages/${name}/src/${file}: reaches into another package by path ("${specifier}")`);
    }
  }
}
for (const fault of faults) console.error(fault);
if (faults.length > 0) {
  console.error("Arrows point downward only: see docs/architecture.md.");
  process.exitCode = 1;
}
