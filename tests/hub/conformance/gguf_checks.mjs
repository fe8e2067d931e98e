// `node-llama-cpp`: which file a quantization means, its bytes, and its header by ranges.
//
//     node gguf_checks.mjs MODEL FILE FOLDER   (with HF_ENDPOINT and perhaps HF_TOKEN)
//
// Prints JSON: `file` and `tensors`, or `error`.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [model, file, directory] = process.argv.slice(2);
const found = createRequire(process.cwd() + "/").resolve("node-llama-cpp");
const { readGgufFileInfo, resolveModelFile } = await import(pathToFileURL(found));
try {
  const path = await resolveModelFile(model, { directory, cli: false });
  const info = await readGgufFileInfo(file);
  console.log(JSON.stringify({ file: path, tensors: info.totalTensorCount }));
} catch (error) {
  console.log(JSON.stringify({ error: error.message }));
}
process.exit(0);
