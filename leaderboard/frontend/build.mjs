// Writes ../static: one classic script for each kind of page, one style sheet, the licences.
//
// Classic scripts, since browsers refuse modules from disk; no hashes in names, since what is
// built is committed and its differences are to be read.
import { build, transform } from "esbuild";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { rampCss } from "./ramp.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "static");
const target = "es2022";
const SCRIPTS = ["theme", "heschl", "main", "page", "compare", "surface"];
// What every page stands on comes first, what overrules everything (paper, forced colours) last.
const FIRST = ["tokens.css", "base.css"];
const LAST = ["media.css"];

const bundled = new Set();
for (const name of SCRIPTS) {
  const entry = join(here, "src", `${name}.ts`);
  if (!existsSync(entry)) continue;
  const result = await build({
    entryPoints: [entry],
    outfile: join(out, `${name}.js`),
    bundle: true,
    format: "iife",
    target,
    minify: true,
    charset: "utf8",
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
  });
  for (const { inputs } of Object.values(result.metafile.outputs)) {
    // What was read and left out again needs no notice.
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) if (bytesInOutput) bundled.add(input);
  }
}

const names = readdirSync(join(here, "css")).filter((name) => name.endsWith(".css"));
const slices = names.filter((name) => !FIRST.includes(name) && !LAST.includes(name)).sort();
const sheet = [
  ...FIRST.map((name) => read("css", name)),
  rampCss(),
  ...slices.map((name) => read("css", name)),
  ...LAST.filter((name) => names.includes(name)).map((name) => read("css", name)),
].join("\n");
const css = await transform(sheet, { loader: "css", minify: true, target, charset: "utf8" });
writeFileSync(join(out, "heschl.css"), css.code);

writeFileSync(join(out, "THIRD_PARTY.txt"), notices(bundled));

function read(...path) {
  return readFileSync(join(here, ...path), "utf8");
}

function notices(inputs) {
  const packages = new Set();
  for (const input of inputs) {
    const parts = relative(here, join(process.cwd(), input)).split(sep);
    if (parts[0] !== "node_modules") continue;
    packages.add(parts[1].startsWith("@") ? `${parts[1]}/${parts[2]}` : parts[1]);
  }
  const texts = [...packages].sort().map((name) => {
    const { version, license } = JSON.parse(read("node_modules", name, "package.json"));
    const text = read("node_modules", name, "LICENSE").trim();
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
  const heading = "What Heschl's leaderboard contains that others wrote.\n";
  return [heading, ...texts, read("licences", "fsaverage5.txt")].join(`\n${"-".repeat(72)}\n\n`);
}
