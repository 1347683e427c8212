"""Trains the sample model.

    python train.py full OUT    on one large GPU, about 16 minutes
    python train.py mini OUT    the same steps in miniature, on any machine, about 2 minutes

OUT receives the model in diffusers layout and a contact sheet. The stages are bounded by seconds, so a slower GPU
gives a weaker model. The autoencoder is kept as OUT/vae.pt: a run that finds it goes on from there.
"""

import argparse
import random
from pathlib import Path

import torch

from sample_model.checkpoint import GenerationSettings, SampleModel, save_model
from sample_model.clips import draw_clips
from sample_model.configuration import FULL, MINI, Configuration
from sample_model.contact_sheet import save_contact_sheet
from sample_model.judge import judge, pass_rates
from sample_model.latents import encode_clips
from sample_model.sampling import SamplerSettings, sample
from sample_model.tokenizer import make_tokenizer
from sample_model.training import Run
from sample_model.transformer_training import train_transformer
from sample_model.vae import WanVae
from sample_model.vae_training import train_vae

EVALUATED_CLIPS = 64
EVALUATION_SEED = 99


def prepare_gpu() -> None:
    """cuDNN's attention is faster than PyTorch's flash kernel at this size: 2.5 against 3.9 ms, forward and backward,
    16 clips x 4 heads x 4,352 tokens on an H200."""
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
    torch.backends.cuda.enable_flash_sdp(False)


def finished_vae(configuration: Configuration, file: Path, run: Run) -> WanVae:
    """The autoencoder of an earlier run, or a new one; its parameters are those that fp16 can hold."""
    if not file.exists():
        trained = train_vae(configuration, run)
        torch.save({name: tensor.half() for name, tensor in trained.state_dict().items()}, file)
    vae = WanVae(configuration.vae)
    vae.load_state_dict({name: tensor.float() for name, tensor in torch.load(file).items()})
    return vae.to(run.device).eval().requires_grad_(False)


def train(configuration: Configuration, out: Path) -> None:
    run = Run("cuda" if torch.cuda.is_available() else "cpu", random.Random(0))
    if run.on_gpu:
        prepare_gpu()
        run.log(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}")
    out.mkdir(parents=True, exist_ok=True)
    tokenizer = make_tokenizer()
    vae = finished_vae(configuration, out / "vae.pt", run)
    data = encode_clips(vae, configuration, run)
    run.log(f"latents {tuple(data.latents.shape)}")
    networks = train_transformer(configuration, tokenizer, data, run)

    settings = GenerationSettings(
        configuration.side, configuration.side, configuration.frames, configuration.text_length
    )
    model = SampleModel(settings, tokenizer, networks.text_encoder, networks.transformer, vae, data.statistics)
    save_model(model, configuration, out)
    clips = draw_clips(EVALUATED_CLIPS, random.Random(EVALUATION_SEED))
    captions = [clip.caption() for clip in clips]
    videos = sample(model, captions, configuration.latent_frames, SamplerSettings(), run.device)
    save_contact_sheet(videos, out / "contact_sheet.png")
    run.log(f"pass rates {pass_rates([judge(video, clip) for video, clip in zip(videos, clips)])}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", choices=["full", "mini"])
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    train({"full": FULL, "mini": MINI}[arguments.size], arguments.out)


if __name__ == "__main__":
    main()
