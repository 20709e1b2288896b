// Runs tests/leaderboard/unit-js by Node's own runner, each file bundled since Node 20 reads no types.
import { buildSync } from "esbuild";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const folder = join(here, "..", "..", "tests", "leaderboard", "unit-js");
const names = existsSync(folder)
  ? readdirSync(folder).filter((name) => /\.test\.(ts|mjs)$/.test(name)).sort()
  : [];
if (names.length === 0) {
  console.error(`there is no test in ${folder}`);
  process.exit(1);
}

const bundles = mkdtempSync(join(tmpdir(), "heschl-unit-js-"));
try {
  buildSync({
    entryPoints: names.map((name) => join(folder, name)),
    outdir: bundles,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "es2022",
    sourcemap: "inline",
    nodePaths: [join(here, "node_modules")],
    logLevel: "warning",
  });
  const files = readdirSync(bundles).map((name) => join(bundles, name));
  const done = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...files], {
    stdio: "inherit",
  });
  process.exitCode = done.status ?? 1;
} finally {
  rmSync(bundles, { recursive: true, force: true });
}
