"""Captioned clips, drawn by rule: one coloured shape crosses the picture in a straight line at constant speed.

The caption names colour, shape, direction and background, and size and speed where they are not the usual ones.
"""

import random
from dataclasses import dataclass

import torch
from torch import Tensor

COLORS = {
    "red": (0.9, 0.1, 0.1),
    "green": (0.1, 0.75, 0.2),
    "blue": (0.15, 0.3, 0.95),
    "yellow": (0.95, 0.9, 0.1),
    "magenta": (0.9, 0.15, 0.85),
    "cyan": (0.1, 0.85, 0.9),
    "white": (0.95, 0.95, 0.95),
}
SHAPES = ("circle", "square", "triangle", "cross")
DIRECTIONS = {"right": (1, 0), "left": (-1, 0), "down": (0, 1), "up": (0, -1)}
# Radius in picture widths; "" is the usual size, which captions leave unsaid, as below.
SIZES = {"": 0.16, "large": 0.23}
# Length of the path over the whole clip in picture widths.
SPEEDS = {"slowly": 0.24, "": 0.44}
# Grey level.
BACKGROUNDS = {"": 0.03, "gray": 0.45}

# Free space between the object and the edge of the picture, in picture widths.
MARGIN = 0.02


@dataclass(frozen=True)
class Clip:
    """What a clip shows, as keys of the tables above."""

    color: str
    shape: str
    direction: str
    size: str
    speed: str
    background: str

    @staticmethod
    def draw(source: random.Random) -> "Clip":
        return Clip(
            color=source.choice(list(COLORS)),
            shape=source.choice(SHAPES),
            direction=source.choice(list(DIRECTIONS)),
            size=source.choice(list(SIZES)),
            speed=source.choice(["", "", "slowly"]),
            background=source.choice(list(BACKGROUNDS)),
        )

    def caption(self) -> str:
        words = ["a", self.size, self.color, self.shape, "moves", self.direction, self.speed]
        if self.background:
            words += ["on", "a", self.background, "background"]
        return " ".join(word for word in words if word)


def draw_clips(count: int, source: random.Random) -> list[Clip]:
    return [Clip.draw(source) for _ in range(count)]


def caption_words() -> list[str]:
    """Every word that a caption may hold, sorted."""
    words = {"a", "moves", "on", "background", *SHAPES}
    for table in (COLORS, DIRECTIONS, SIZES, SPEEDS, BACKGROUNDS):
        words.update(table)
    return sorted(words - {""})


def signed_distance(shape: str, x: Tensor, y: Tensor, radius: Tensor) -> Tensor:
    """Distance of the points (x, y) from the edge of a shape at the origin, negative inside."""
    if shape == "circle":
        return (x * x + y * y).sqrt() - radius
    if shape == "square":
        return torch.maximum(x.abs(), y.abs()) - 0.88 * radius
    if shape == "cross":
        upright = torch.maximum(x.abs() - 0.32 * radius, y.abs() - radius)
        level = torch.maximum(y.abs() - 0.32 * radius, x.abs() - radius)
        return torch.minimum(upright, level)
    if shape == "triangle":  # one tip up
        return torch.maximum(x.abs() * 0.894 - (y + radius) * 0.447, y - 0.8 * radius)
    raise ValueError(f"unknown shape {shape!r}, known are {SHAPES}")


@dataclass(frozen=True)
class Window:
    """A random part of each clip: `frames` in a row, and a square of `side` pixels that holds some of the object."""

    frames: int
    side: int


@dataclass(frozen=True)
class Rendered:
    """`pixels`: uint8 [clip, 3, frame, y, x]. `coverage`: uint8 [clip, 1, frame, y, x], 255 where the object is."""

    pixels: Tensor
    coverage: Tensor


def render(
    clips: list[Clip], frames: int, side: int, device: str, source: random.Random, window: Window | None = None
) -> Rendered:
    """Draws clips of `frames` x `side` x `side` in one batch, or only a window of each."""
    window = window or Window(frames, side)
    count = len(clips)

    def per_clip(values) -> Tensor:
        return torch.tensor(values, device=device, dtype=torch.float32)

    radius = per_clip([SIZES[clip.size] for clip in clips])
    length = per_clip([SPEEDS[clip.speed] for clip in clips])
    direction = per_clip([DIRECTIONS[clip.direction] for clip in clips])
    chance = per_clip([[source.uniform(-1, 1) for _ in range(5)] for _ in clips])

    # Middle of the path, in picture widths from the centre: anywhere that keeps the object in the picture.
    room = (0.5 - MARGIN - radius)[:, None] - direction.abs() * length[:, None] / 2
    middle = chance[:, 0:2] * room.clamp(min=0)

    # Time of each frame, -0.5 at the start of the whole clip and 0.5 at its end.
    first = ((chance[:, 2] + 1) / 2 * (frames - window.frames + 0.999)).floor()
    time = (first[:, None] + torch.arange(window.frames, device=device)) / (frames - 1) - 0.5
    path = middle[:, None] + direction[:, None] * length[:, None, None] * time[:, :, None]

    # Upper left corner of the window in pixels: around the object, up to 0.4 window sides off.
    corner = torch.zeros(count, 2, device=device)
    if window.side < side:
        centre = middle + direction * length[:, None] * time.mean(1, keepdim=True) + 0.5
        target = (centre + chance[:, 3:5] * 0.4 * window.side / side) * side - window.side / 2
        corner = target.round().clamp(0, side - window.side)

    pixel = torch.arange(window.side, device=device)
    x, y = ((corner[:, axis, None] + pixel + 0.5) / side - 0.5 for axis in (0, 1))
    x = x[:, None, None, :] - path[:, :, 0, None, None]
    y = y[:, None, :, None] - path[:, :, 1, None, None]

    distance = torch.empty(count, window.frames, window.side, window.side, device=device)
    for shape in SHAPES:
        chosen = [index for index, clip in enumerate(clips) if clip.shape == shape]
        if chosen:
            distance[chosen] = signed_distance(shape, x[chosen], y[chosen], radius[chosen].view(-1, 1, 1, 1))

    coverage = (0.5 - distance * side).clamp(0, 1)[:, None]
    color = per_clip([COLORS[clip.color] for clip in clips]).view(count, 3, 1, 1, 1)
    background = per_clip([BACKGROUNDS[clip.background] for clip in clips]).view(count, 1, 1, 1, 1)
    pixels = coverage * color + (1 - coverage) * background
    return Rendered((pixels * 255).round().byte(), (coverage * 255).round().byte())


def to_signed(pixels: Tensor) -> Tensor:
    """uint8 to the networks' range -1 .. 1."""
    return pixels.float() / 127.5 - 1
