"""Judges a checkpoint on random captions: pass rates and a contact sheet.

python evaluate.py ../../jobs/sample-model --clips 8 --steps 12 --sheet sheet.png
"""

import argparse
import random
import time
from pathlib import Path

import torch

from sample_model.checkpoint import load_model
from sample_model.clips import draw_clips
from sample_model.contact_sheet import save_contact_sheet
from sample_model.judge import judge, pass_rates
from sample_model.sampling import SamplerSettings, sample


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--clips", type=int, default=64)
    parser.add_argument("--clip-seed", type=int, default=99, help="draws the captions")
    parser.add_argument("--steps", type=int, default=SamplerSettings.steps)
    parser.add_argument("--guidance", type=float, default=SamplerSettings.guidance)
    parser.add_argument("--shift", type=float, default=SamplerSettings.shift)
    parser.add_argument("--sheet", type=Path, help="PNG or JPEG file for a contact sheet")
    arguments = parser.parse_args()

    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = load_model(arguments.checkpoint, device)
    clips = draw_clips(arguments.clips, random.Random(arguments.clip_seed))
    settings = SamplerSettings(arguments.steps, arguments.guidance, arguments.shift)
    latent_frames = 1 + (model.settings.num_frames - 1) // 4

    started = time.time()
    videos = sample(model, [clip.caption() for clip in clips], latent_frames, settings, device)
    seconds = time.time() - started
    verdicts = [judge(video, clip) for video, clip in zip(videos, clips)]
    if arguments.sheet:
        save_contact_sheet(videos, arguments.sheet)

    for clip, verdict in zip(clips, verdicts):
        if not verdict.all_correct:
            print(f"failed: {clip.caption()}: {verdict}")
    print(f"{len(clips)} clips, {settings}, {seconds:.0f} s on {device}\n")
    print("| attribute | pass rate |\n|---|---|")
    for name, rate in pass_rates(verdicts).items():
        print(f"| {name} | {rate:.1%} |")


if __name__ == "__main__":
    main()
