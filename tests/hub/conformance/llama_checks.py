"""llama.cpp, as its Python build `xllamacpp` holds it, on a model of a hub of ours.

    python llama_checks.py ORG/NAME[:TAG]   (with HF_ENDPOINT, LLAMA_CACHE and perhaps HF_TOKEN)

Finds the file, downloads and loads it and says four tokens, as `llama-server -hf` would.
"""

import os
import sys

import xllamacpp


def main() -> None:
    """Serve the model inside this process and ask it once."""
    asked = xllamacpp.CommonParams()
    asked.model.hf_repo = sys.argv[1]
    asked.model.path = "found-by-its-repository"
    asked.hf_token = os.environ.get("HF_TOKEN", "")
    asked.n_ctx, asked.n_parallel, asked.warmup, asked.n_gpu_layers = 64, 1, False, 0
    asked.cpuparams.n_threads = 1
    server = xllamacpp.Server(asked)
    told = server.handle_completions({"prompt": "hi", "n_predict": 4})
    assert told["choices"][0]["finish_reason"] == "length", told
    print("said four tokens", flush=True)


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as error:
        print(f"refused: {error}", flush=True)
        os._exit(1)
    # Its threads have no end of their own.
    os._exit(0)
