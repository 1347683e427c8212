"""Goldens of the judge, and the prompts that it judges, from the sample model's Python package.

Run from any directory with the packages of notebooks/sample-model/requirements.txt:

    python goldens_judge.py

src/test/resources/goldens/judge/clips.png   one clip a row, one frame a column
src/test/resources/goldens/judge/clips.json  for each row what the judge of the package sees
src/main/resources/org/reelspark/jobs/judge/prompts.txt  different captions drawn with PROMPT_SEED
"""

import json
import random
import sys
from importlib.metadata import version
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

JOBS = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(JOBS.parent / "notebooks/sample-model"))

from sample_model.clips import BACKGROUNDS, COLORS, DIRECTIONS, SHAPES, Clip, draw_clips, render, to_signed
from sample_model.judge import judge

GOLDENS = JOBS / "src/test/resources/goldens/judge"
PROMPTS = JOBS / "src/main/resources/org/reelspark/jobs/judge/prompts.txt"
PROMPT_SEED = 2024
PROMPT_COUNT = 100
FRAMES = 13
SIDE = 40


def observe(pixels: Tensor) -> dict[str, str | None]:
    """What the judge sees in a clip: it says only whether a clip is as asked, so it is asked for everything."""
    seen: dict[str, str | None] = dict(color=None, shape=None, direction=None, background=None)
    choices = dict(color=COLORS, shape=SHAPES, direction=[*DIRECTIONS, "none"], background=BACKGROUNDS)
    for attribute, values in choices.items():
        for value in values:
            asked = dict(color="", shape="", direction="", size="", speed="", background="?") | {attribute: value}
            if getattr(judge(to_signed(pixels), Clip(**asked)), attribute):
                seen[attribute] = value
    return seen


def perturbed(pixels: Tensor, kind: str, generator: torch.Generator) -> Tensor:
    """A copy of `pixels`, uint8 [3, frame, y, x], changed so that the judge is on the brink."""
    frames = pixels.shape[1]
    pixels = pixels.clone()
    if kind == "halves swapped":
        return pixels.roll(frames // 2, 1)
    if kind == "object in half of the frames":
        pixels[:, ::2] = pixels[:, :1, :1, :1]
    elif kind == "object in few frames":
        pixels[:, 3:] = pixels[:, :1, :1, :1]
    elif kind == "still":
        pixels[:] = pixels[:, frames // 2 : frames // 2 + 1]
    elif kind == "turns":
        pixels[:, frames // 2 :] = pixels[:, frames // 2 :].transpose(2, 3)
    elif kind == "specks":
        specks = torch.rand(frames, SIDE, SIDE, generator=generator) > 0.985
        pixels[:, specks] = 255 - pixels[:, specks]
    elif kind == "eroded":
        holes = torch.rand(frames, SIDE, SIDE, generator=generator) > 0.6
        pixels[:, holes] = pixels[:, 0, 0, 0][:, None]
    elif kind == "background drifts":
        level = (torch.linspace(0, 60, frames).byte())[None, :, None, None]
        pixels = pixels.clamp(max=195) + level
    elif kind == "colours mixed":
        pixels = ((pixels.int() + pixels.roll(1, 0).int()) // 2).byte()
    elif kind == "squeezed":
        pixels = pixels[:, :, ::2].repeat_interleave(2, 2).roll(SIDE // 3, 2)
    elif kind != "none":
        raise ValueError(kind)
    return pixels


KINDS = [
    "none",
    "none",
    "halves swapped",
    "object in half of the frames",
    "object in few frames",
    "still",
    "turns",
    "specks",
    "eroded",
    "background drifts",
    "colours mixed",
    "squeezed",
]


def write_goldens() -> None:
    GOLDENS.mkdir(parents=True, exist_ok=True)
    source = random.Random(7)
    generator = torch.Generator().manual_seed(7)
    clips = draw_clips(2 * len(KINDS), source)
    rendered = render(clips, FRAMES, SIDE, "cpu", source).pixels
    rows, cases = [], []
    for index, pixels in enumerate(rendered):
        kind = KINDS[index % len(KINDS)]
        pixels = perturbed(pixels, kind, generator)
        rows.append(pixels.permute(2, 1, 3, 0).reshape(SIDE, FRAMES * SIDE, 3))
        cases.append({"rendered": clips[index].caption(), "perturbation": kind, "seen": observe(pixels)})
    Image.fromarray(torch.cat(rows).numpy()).save(GOLDENS / "clips.png", optimize=True)
    content = {"torch": version("torch"), "frames": FRAMES, "side": SIDE, "cases": cases}
    (GOLDENS / "clips.json").write_text(json.dumps(content, indent=1) + "\n")


def write_prompts() -> None:
    PROMPTS.parent.mkdir(parents=True, exist_ok=True)
    source = random.Random(PROMPT_SEED)
    captions: dict[str, None] = {}
    while len(captions) < PROMPT_COUNT:
        captions[Clip.draw(source).caption()] = None
    PROMPTS.write_text("\n".join(captions) + "\n")


if __name__ == "__main__":
    write_goldens()
    write_prompts()
