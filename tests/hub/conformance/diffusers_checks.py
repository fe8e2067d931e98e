"""diffusers on repositories of a hub of ours.

    python diffusers_checks.py make FOLDER         a random pipeline of an image of 8 x 8
    python diffusers_checks.py load NAME...        (with HF_ENDPOINT and perhaps HF_TOKEN)
    python diffusers_checks.py push FOLDER NAME

Prints a line per repository: its name and what came of it.
"""

import os
import sys
import tempfile

import torch
from diffusers import DDPMPipeline, DDPMScheduler, DiffusionPipeline, UNet2DModel


def make(folder: str) -> None:
    """Save a random pipeline of two blocks."""
    torch.manual_seed(0)
    blocks = {"down_block_types": ("DownBlock2D",) * 2, "up_block_types": ("UpBlock2D",) * 2}
    channels = {"block_out_channels": (8, 8), "norm_num_groups": 4, "layers_per_block": 1}
    unet = UNet2DModel(sample_size=8, in_channels=3, out_channels=3, **blocks, **channels)
    DDPMPipeline(unet, DDPMScheduler(num_train_timesteps=10)).save_pretrained(folder)


def load(name: str) -> None:
    """Load a pipeline and one part of it, and make an image."""
    token = os.environ.get("HF_TOKEN") or False
    options = {"token": token, "cache_dir": tempfile.mkdtemp()}
    try:
        pipeline = DiffusionPipeline.from_pretrained(name, **options)
        UNet2DModel.from_pretrained(name, subfolder="unet", **options)
    except OSError as error:
        print(name, type(error).__name__, " ".join(str(error).split()))
        return
    pipeline.set_progress_bar_config(disable=True)
    shape = pipeline(num_inference_steps=2, output_type="np").images.shape
    print(name, type(pipeline).__name__, shape)


def main() -> None:
    """Do what the command line says."""
    verb, *words = sys.argv[1:]
    if verb == "make":
        make(words[0])
    elif verb == "push":
        pipeline = DiffusionPipeline.from_pretrained(words[0])
        pipeline.save_pretrained(tempfile.mkdtemp(), push_to_hub=True, repo_id=words[1])
    else:
        for name in words:
            load(name)


if __name__ == "__main__":
    main()
