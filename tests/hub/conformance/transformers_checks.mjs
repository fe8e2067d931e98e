// `@huggingface/transformers`: a tokenizer and an ONNX model of a hub of ours.
//
//     node transformers_checks.mjs URL CACHE ORG/NAME [TOKEN]
//
// The library sends its token to Hugging Face alone; another hub gets it by a `fetch` of ours.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [url, cache, name, token] = process.argv.slice(2);
const found = createRequire(process.cwd() + "/").resolve("@huggingface/transformers");
const { AutoModel, AutoTokenizer, env } = await import(pathToFileURL(found));
Object.assign(env, { remoteHost: url, cacheDir: cache, allowLocalModels: false });
if (token) {
  env.fetch = (address, options = {}) => {
    const headers = new Headers(options.headers);
    if (String(address).startsWith(url)) headers.set("Authorization", `Bearer ${token}`);
    return fetch(address, { ...options, headers });
  };
}
try {
  const tokens = await (await AutoTokenizer.from_pretrained(name))("hello world");
  const model = await AutoModel.from_pretrained(name, { dtype: "fp32" });
  const told = (await model(tokens)).last_hidden_state.tolist();
  console.log(JSON.stringify({ told: told.flat(2).map(Number) }));
} catch (error) {
  console.log(JSON.stringify({ error: error.message }));
}
