// Bundles src/ into one HTML file, dist/report.html.template, which the build of polycause embeds.
//   node build.mjs          writes it
//   node build.mjs --check  exit 1 when the committed file is not what src/ gives
//   node build.mjs --test   bundles test/*.test.ts into test/.built/
import { readFile, readdir, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const at = (name) => new URL(name, import.meta.url);
const outFile = at("dist/report.html.template");
const common = { bundle: true, target: "es2020", charset: "ascii", logLevel: "warning" };

async function bundle(entry, options) {
  const result = await build({
    ...common, entryPoints: [at(entry).pathname], write: false, minify: true, legalComments: "none", ...options,
  });
  return result.outputFiles[0].text;
}

const ascii = (text) => text.replace(/[^\x00-\x7f]/gu, (c) => `&#${c.codePointAt(0)};`);
const escapeHtml = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

async function page() {
  // "</script" and "<!--" inside a string of the code would end or confuse the element that holds it.
  const script = (await bundle("src/main.ts", { format: "iife" }))
    .replace(/<\/script/gi, "<\\/script").replace(/<!--/g, "<\\!--");
  const style = await bundle("src/style.css", {});
  const parts = {
    "/*STYLE*/": style,
    "<!--LICENCES-->": ascii(escapeHtml(await readFile(at("THIRD_PARTY_NOTICES.txt"), "utf8"))),
    "/*SCRIPT*/": script,
  };
  let html = ascii(await readFile(at("src/page.html"), "utf8"));
  for (const [mark, text] of Object.entries(parts)) {
    const pieces = html.split(mark);
    if (pieces.length !== 2) throw new Error(`src/page.html: ${mark} must occur once`);
    html = pieces.join(text);
  }
  return html;
}

if (process.argv.includes("--test")) {
  const tests = (await readdir(at("test/"))).filter((name) => name.endsWith(".test.ts"));
  await build({
    ...common, entryPoints: tests.map((name) => at(`test/${name}`).pathname), outdir: at("test/.built/").pathname,
    platform: "node", format: "esm", outExtension: { ".js": ".mjs" },
  });
} else if (process.argv.includes("--check")) {
  if ((await readFile(outFile, "utf8")) !== (await page())) {
    console.error("dist/report.html.template: differs from what src/ gives; expected the same; run npm run build");
    process.exit(1);
  }
} else {
  const html = await page();
  await writeFile(outFile, html);
  console.log(`dist/report.html.template: ${Math.round(html.length / 1024)} KiB`);
}
