"""Names and shapes of the tensors of published checkpoints, from the classes that load them, without weights.

Run from any directory, with the versions that the files carry in their first lines:

    pip install torch==2.15.0 diffusers==0.42.1 transformers==5.23.0 accelerate==1.15.0
    python goldens_checkpoints.py

src/test/resources/goldens/randomcheckpoint/NAME.txt belongs to the configuration NAME.json in
src/main/resources/org/reelspark/jobs/randomcheckpoint. A line is a name and a shape, in the order of the state
dict. All blocks are alike: the lines with * stand for those of every block, one block after the other.
"""

import json
import re
from importlib.metadata import version
from pathlib import Path

import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from transformers import UMT5Config, UMT5EncoderModel

JOBS = Path(__file__).resolve().parents[3]
CONFIGURATIONS = JOBS / "src/main/resources/org/reelspark/jobs/randomcheckpoint"
GOLDENS = JOBS / "src/test/resources/goldens/randomcheckpoint"
BLOCK = re.compile(r"^((?:encoder\.)?blocks?\.)(\d+)\.")


def model_of(config: dict) -> torch.nn.Module:
    """The model of a configuration, without memory for its weights."""
    with torch.device("meta"):
        if config.get("model_type") == "umt5":
            return UMT5EncoderModel(UMT5Config(**config))
        classes = {kind.__name__: kind for kind in (WanTransformer3DModel, AutoencoderKLWan)}
        return classes[config["_class_name"]].from_config(config)


def folded(shapes: dict[str, list[int]]) -> list[str]:
    """One line a tensor, with the first block for all, after checking that the others are like it."""
    blocks: dict[int, list[str]] = {}
    lines = []
    for name, shape in shapes.items():
        line = BLOCK.sub(r"\1*.", name) + " " + "x".join(map(str, shape))
        block = BLOCK.match(name)
        if block:
            blocks.setdefault(int(block[2]), []).append(line)
        if not block or int(block[2]) == 0:
            lines.append(line)
    assert all(block == blocks[0] for block in blocks.values())
    assert list(blocks) == list(range(len(blocks)))
    return lines


def main() -> None:
    GOLDENS.mkdir(parents=True, exist_ok=True)
    versions = [f"# {package} {version(package)}" for package in ("torch", "diffusers", "transformers")]
    for path in sorted(CONFIGURATIONS.glob("*.json")):
        if not path.name.startswith(("transformer", "vae", "text-encoder")):
            continue
        config = json.loads(path.read_text())
        shapes = {name: list(tensor.shape) for name, tensor in model_of(config).state_dict().items()}
        # transformers saves tied weights once.
        shapes.pop("encoder.embed_tokens.weight", None)
        lines = versions + folded(shapes)
        (GOLDENS / f"{path.stem}.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
