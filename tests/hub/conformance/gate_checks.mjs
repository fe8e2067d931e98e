// `@huggingface/hub` on a gated release.
//
//     node gate_checks.mjs URL ORG/NAME PATH [TOKEN]
//
// Prints JSON: what came of each call.
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import nodePath from "node:path";
import { pathToFileURL } from "node:url";

const [hubUrl, repo, path, accessToken] = process.argv.slice(2);
const found = createRequire(process.cwd() + "/").resolve("@huggingface/hub");
const hub = await import(pathToFileURL(found));
const at = { repo, hubUrl, ...(accessToken ? { accessToken } : {}) };
console.info = () => {};
const print = console.log;
console.log = () => {};
const folder = fs.mkdtempSync(nodePath.join(os.tmpdir(), "gate-"));
const calls = {
  list: async () => {
    const paths = [];
    for await (const file of hub.listFiles({ ...at, recursive: true })) paths.push(file.path);
    return paths.includes(path);
  },
  info: async () => (await hub.modelInfo({ ...at, name: repo })).gated,
  exists: () => hub.fileExists({ ...at, path }),
  absent: () => hub.fileExists({ ...at, path: "absent.bin" }),
  bytes: async () => (await (await hub.downloadFile({ ...at, path })).arrayBuffer()).byteLength,
  snapshot: async () =>
    fs.statSync(nodePath.join(await hub.snapshotDownload({ ...at, cacheDir: folder }), path)).size,
};
const told = {};
for (const [name, call] of Object.entries(calls)) {
  try {
    told[name] = await call();
  } catch (error) {
    told[name] = error.statusCode ?? error.message;
  }
}
fs.rmSync(folder, { recursive: true });
print(JSON.stringify(told));
