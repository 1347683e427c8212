"""Times one clip of a Wan checkpoint with diffusers on the CPU: the peer of `jobs/benchmark cpu`.

    pip install torch diffusers transformers accelerate safetensors pillow
    python notebooks/benchmarks/diffusers_clip.py [CHECKPOINT] [--steps 12] [--repeat 3] [--sheet FILE.png]

The model is loaded first; the clock covers prompt to frames (text encoder, guided denoising, VAE decoder) in fp32.
"""

import argparse
import json
import pathlib
import platform
import statistics
import time

import diffusers
import numpy
import torch
import transformers
from PIL import Image


def parse_arguments() -> argparse.Namespace:
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", nargs="?", type=pathlib.Path, default=root / "jobs" / "sample-model")
    parser.add_argument("--prompt", default="a red square moves right")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--sheet", type=pathlib.Path, help="write five frames side by side to this PNG")
    return parser.parse_args()


def load(checkpoint: pathlib.Path) -> diffusers.WanPipeline:
    pipeline = diffusers.WanPipeline.from_pretrained(checkpoint, torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def generate(pipeline: diffusers.WanPipeline, defaults: dict, prompt: str, steps: int) -> numpy.ndarray:
    """Frames of one clip, [frames, height, width, 3] in [0, 1]."""
    return pipeline(
        prompt=prompt,
        negative_prompt="",
        height=defaults["height"],
        width=defaults["width"],
        num_frames=defaults["num_frames"],
        num_inference_steps=steps,
        guidance_scale=defaults["guidance_scale"],
        max_sequence_length=defaults["max_sequence_length"],
        generator=torch.Generator("cpu").manual_seed(0),
        output_type="np",
    ).frames[0]


def write_sheet(frames: numpy.ndarray, path: pathlib.Path) -> None:
    picked = frames[numpy.linspace(0, len(frames) - 1, 5).astype(int)]
    Image.fromarray((numpy.concatenate(list(picked), axis=1) * 255).astype(numpy.uint8)).save(path)


def main() -> None:
    arguments = parse_arguments()
    defaults = json.loads((arguments.checkpoint / "generation_defaults.json").read_text())
    pipeline = load(arguments.checkpoint)
    seconds = []
    for _ in range(arguments.repeat):
        start = time.perf_counter()
        frames = generate(pipeline, defaults, arguments.prompt, arguments.steps)
        seconds.append(time.perf_counter() - start)
        print(f"{seconds[-1]:.1f} s", flush=True)
    if arguments.sheet:
        write_sheet(frames, arguments.sheet)
    print(
        f"median {statistics.median(seconds):.1f} s, {arguments.steps} steps, guidance {defaults['guidance_scale']}, "
        f"{torch.get_num_threads()} threads, torch {torch.__version__}, diffusers {diffusers.__version__}, "
        f"transformers {transformers.__version__}, Python {platform.python_version()}"
    )


if __name__ == "__main__":
    main()
