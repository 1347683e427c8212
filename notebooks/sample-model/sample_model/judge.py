"""Automatic judge: reads colour, shape, direction and background from the pixels of a clip alone.

Size and speed are in the captions but are not judged. `python -m sample_model.judge` judges rendered clips, which
must all pass.
"""

import random
from collections import Counter
from dataclasses import asdict, dataclass
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from sample_model.clips import COLORS, SHAPES, Clip, draw_clips, render, signed_distance, to_signed

# Largest difference of a colour channel from the background that still counts as background.
FOREGROUND_CONTRAST = 0.25
# A frame with fewer object pixels than this shows no object.
SMALLEST_OBJECT = 9
# Shortest way that counts as a movement, in picture widths.
SHORTEST_WAY = 0.04
# Grey level between the two backgrounds.
GRAY_BACKGROUND = 0.24
TEMPLATE_SIDE = 32


@dataclass(frozen=True)
class Verdict:
    """Which of the attributes the clip shows as asked."""

    color: bool
    shape: bool
    direction: bool
    background: bool

    @property
    def all_correct(self) -> bool:
        return self.color and self.shape and self.direction and self.background


def judge(video: Tensor, clip: Clip) -> Verdict:
    """Compares `video`, [3, frame, y, x] in -1 .. 1, with what the caption of `clip` asks for.

    A video whose object is missing in more than half of the frames fails in everything.
    """
    video = (video.float().cpu() / 2 + 0.5).clamp(0, 1)
    frames = video.shape[1]
    background = video[:, :, [0, 0, -1, -1], [0, -1, 0, -1]].flatten(1).median(1).values
    foreground = (video - background.view(3, 1, 1, 1)).abs().amax(0) > FOREGROUND_CONTRAST
    object_pixels = foreground.flatten(1).sum(1)
    visible = (object_pixels >= SMALLEST_OBJECT).nonzero().flatten().tolist()
    if len(visible) < frames // 2:
        return Verdict(color=False, shape=False, direction=False, background=False)
    return Verdict(
        color=_color(video, foreground) == clip.color,
        shape=_shape(foreground, visible) == clip.shape,
        direction=_direction(foreground, object_pixels, visible) == clip.direction,
        background=("gray" if background.mean() > GRAY_BACKGROUND else "") == clip.background,
    )


def _color(video: Tensor, foreground: Tensor) -> str:
    """The named colour nearest to most object pixels."""
    pixels = video.permute(1, 2, 3, 0)[foreground]
    palette = torch.tensor(list(COLORS.values()))
    nearest = ((pixels[:, None] - palette) ** 2).sum(-1).argmin(1)
    return list(COLORS)[nearest.mode().values.item()]


def _direction(foreground: Tensor, object_pixels: Tensor, visible: list[int]) -> str:
    """From the object's mean place in the first quarter of the frames to that in the last."""
    height, width = foreground.shape[1:]
    y, x = torch.meshgrid(torch.arange(height).float(), torch.arange(width).float(), indexing="ij")
    centre_x = torch.stack([(x * foreground[t]).sum() / object_pixels[t] for t in visible])
    centre_y = torch.stack([(y * foreground[t]).sum() / object_pixels[t] for t in visible])
    quarter = max(1, len(visible) // 4)
    way_x = (centre_x[-quarter:].mean() - centre_x[:quarter].mean()).item() / width
    way_y = (centre_y[-quarter:].mean() - centre_y[:quarter].mean()).item() / height
    if max(abs(way_x), abs(way_y)) < SHORTEST_WAY:
        return "none"
    if abs(way_x) > abs(way_y):
        return "right" if way_x > 0 else "left"
    return "down" if way_y > 0 else "up"


def _shape(foreground: Tensor, visible: list[int]) -> str:
    """The shape whose template overlaps the object best, by a vote of about eight frames."""
    votes = Counter()
    for t in visible[:: max(1, len(visible) // 8)]:
        outline = _normalised(foreground[t]) > 0.5
        votes[max(SHAPES, key=lambda shape: _overlap(outline, _templates()[shape]))] += 1
    return votes.most_common(1)[0][0]


def _overlap(a: Tensor, b: Tensor) -> float:
    return (a & b).sum().item() / max(1, (a | b).sum().item())


def _normalised(mask: Tensor) -> Tensor:
    """The bounding box of the mask, resized to the templates' size."""
    rows, columns = mask.any(1).nonzero(), mask.any(0).nonzero()
    box = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1][None, None].float()
    size = (TEMPLATE_SIDE, TEMPLATE_SIDE)
    return F.interpolate(box, size=size, mode="bilinear", align_corners=False)[0, 0]


@cache
def _templates() -> dict[str, Tensor]:
    axis = torch.linspace(-1.2, 1.2, 240)
    x, y = torch.meshgrid(axis, axis, indexing="xy")
    return {shape: _normalised(signed_distance(shape, x, y, torch.tensor(1.0)) < 0) > 0.5 for shape in SHAPES}


def pass_rates(verdicts: list[Verdict]) -> dict[str, float]:
    """Share of clips that show each attribute as asked, and all of them."""
    shown = [asdict(verdict) | {"all": verdict.all_correct} for verdict in verdicts]
    return {name: sum(row[name] for row in shown) / len(shown) for name in shown[0]}


if __name__ == "__main__":
    source = random.Random(0)
    clips = draw_clips(64, source)
    pixels = render(clips, 65, 128, "cpu", source).pixels
    print(pass_rates([judge(to_signed(video), clip) for video, clip in zip(pixels, clips)]))
