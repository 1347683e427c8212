"""Where goldens go, and which versions made them."""

import json
from importlib.metadata import version
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[4]
GOLDENS = REPOSITORY / "spark-plugin/src/test/resources/goldens"
VERSIONS = {
    package: version(package)
    for package in ("torch", "diffusers", "transformers", "tokenizers", "safetensors")
}

# One key, because safetensors writes several in no particular order.
METADATA = {"versions": json.dumps(VERSIONS)}


def write_json(path: Path, content: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"versions": VERSIONS, **content}, indent=1) + "\n")
