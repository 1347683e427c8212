"""Pictures of clips for a person to look at."""

from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

FRAMES_SHOWN = 5
ROWS = 8


def save_contact_sheet(videos: list[Tensor], file: Path) -> None:
    """One row of frames, first to last, for each of up to 16 videos; from the ninth on in a second column."""
    rows = [_row(video) for video in videos[: 2 * ROWS]]
    if len(rows) > ROWS:
        half = len(rows) // 2
        rows = [torch.cat(pair, 2) for pair in zip(rows[:half], rows[half:])]
    picture = ((torch.cat(rows, 1) / 2 + 0.5) * 255).clamp(0, 255).byte()
    Image.fromarray(picture.permute(1, 2, 0).numpy()).save(file)


def _row(video: Tensor) -> Tensor:
    numbers = torch.linspace(0, video.shape[1] - 1, FRAMES_SHOWN).long().tolist()
    return torch.cat([F.pad(video[:, number], (1, 1, 1, 1), value=0.2) for number in numbers], 2)
