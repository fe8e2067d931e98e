"""`transformers` and `datasets` on repositories of a hub of ours.

    python library_checks.py TOKEN   (with HF_ENDPOINT set)

Says `skipped` for a library that is not installed.
"""

import json
import sys
import time

from huggingface_hub import HfApi

TOKEN = sys.argv[1]


def main() -> None:
    """Load a configuration and tokens' files with one, rows with the other."""
    api = HfApi(token=TOKEN)
    name = f"{api.whoami()['name']}/libraries-{time.time_ns()}"
    config = {"model_type": "bert", "hidden_size": 8, "num_hidden_layers": 1}
    api.create_repo(name)
    upload(api, name, "model", "config.json", json.dumps(config).encode())
    api.create_repo(name, repo_type="dataset")
    upload(api, name, "dataset", "train.csv", b"a,b\n1,x\n2,y\n")
    try:
        from transformers import AutoConfig
    except ImportError:
        print("skipped transformers")
    else:
        found = AutoConfig.from_pretrained(name, token=TOKEN)
        assert found.hidden_size == config["hidden_size"]
        print("ok transformers")
        try:
            AutoConfig.from_pretrained(name, token=False, force_download=True)
        except OSError:
            print("ok transformers is refused a draft of others")
        else:
            sys.exit("FAILED transformers read a draft without a token")
        found.hidden_size = 12
        found.push_to_hub(f"{name}-pushed", token=TOKEN, private=True)
        again = AutoConfig.from_pretrained(f"{name}-pushed", token=TOKEN)
        assert again.hidden_size == 12
        api.delete_repo(f"{name}-pushed")
        print("ok transformers pushes")
    try:
        from datasets import Dataset, load_dataset
    except ImportError:
        print("skipped datasets")
    else:
        rows = load_dataset(name, split="train", token=TOKEN)
        assert rows["b"][:] == ["x", "y"]
        print("ok datasets")
        Dataset.from_dict({"a": [1, 2, 3]}).push_to_hub(f"{name}-pushed", token=TOKEN)
        assert load_dataset(f"{name}-pushed", split="train", token=TOKEN)["a"][:] == [1, 2, 3]
        streamed = load_dataset(f"{name}-pushed", split="train", token=TOKEN, streaming=True)
        assert [row["a"] for row in streamed] == [1, 2, 3]
        api.delete_repo(f"{name}-pushed", repo_type="dataset")
        print("ok datasets pushes")
    api.delete_repo(name)
    api.delete_repo(name, repo_type="dataset")


def upload(api: HfApi, name: str, kind: str, path: str, content: bytes) -> None:
    """One file in one commit."""
    api.upload_file(path_or_fileobj=content, path_in_repo=path, repo_id=name, repo_type=kind)


if __name__ == "__main__":
    main()
