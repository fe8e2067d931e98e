// What `@huggingface/hub` must be able to do with a hub of ours.
//
//     node client_checks.mjs URL TOKEN [REPOSITORY FILE SHA256]
//
// in a folder where the package is installed; the file came by Xet, from another client.
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const found = createRequire(process.cwd() + "/").resolve("@huggingface/hub");
const hub = await import(pathToFileURL(found));
const [hubUrl, accessToken, other, path, sha256] = process.argv.slice(2);
const me = (await hub.whoAmI({ hubUrl, accessToken })).name;
const repo = { type: "model", name: `${me}/js-${Date.now()}` };
const at = { repo, hubUrl, accessToken };

function check(what, held) {
  if (!held) {
    console.log(`FAILED ${what}`);
    process.exit(1);
  }
  console.log(`ok ${what}`);
}

await hub.createRepo(at);
const large = new Uint8Array(12 * 1024 * 1024).map((_, i) => (i * 31 + (i >> 9)) & 255);
await hub.uploadFiles({
  ...at,
  files: [
    { path: "README.md", content: new Blob(["# from js\n"]) },
    { path: "model.safetensors", content: new Blob([large]) },
  ],
});
const paths = [];
for await (const file of hub.listFiles({ ...at, recursive: true })) paths.push(file.path);
check("files are listed", paths.includes("README.md") && paths.includes("model.safetensors"));
const text = await (await hub.downloadFile({ ...at, path: "README.md" })).text();
check("a small file comes back", text === "# from js\n");
const back = new Uint8Array(
  await (await hub.downloadFile({ ...at, path: "model.safetensors", xet: false })).arrayBuffer(),
);
check("a large file comes back", back.length === large.length && back.every((b, i) => b === large[i]));
const meta = await hub.fileDownloadInfo({ ...at, path: "model.safetensors" });
check("its size is known", meta.size === large.length);
let hidden = false;
try {
  await hub.modelInfo({ name: repo.name, hubUrl });
} catch {
  hidden = true;
}
check("a draft is nobody else's", hidden);
await hub.deleteFile({ ...at, path: "README.md" });
check("a deleted file is gone", !(await hub.fileExists({ ...at, path: "README.md" })));
await hub.deleteRepo(at);
if (other) {
  const from = { repo: { type: "model", name: other }, path, hubUrl, accessToken };
  const info = await hub.fileDownloadInfo(from);
  check("a file of another client is known by Xet", info.xet !== undefined);
  const digest = (blob) => createHash("sha256").update(Buffer.from(blob)).digest("hex");
  for (const xet of [true, false]) {
    const blob = await hub.downloadFile({ ...from, downloadInfo: info, xet });
    check(`it comes back ${xet ? "by Xet" : "whole"}`, digest(await blob.arrayBuffer()) === sha256);
  }
  const part = (await hub.downloadFile({ ...from, downloadInfo: info })).slice(5_000_000, 5_000_100);
  check("a part of it comes back by Xet", (await part.arrayBuffer()).byteLength === 100);
}
console.log("@huggingface/hub: all passed");
