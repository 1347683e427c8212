"""Sizes of the networks and the plan of their training.

The fields of the three network records carry the names of the `config.json` files in diffusers layout.
"""

from dataclasses import dataclass, fields, replace


class NetworkConfiguration:
    """Reads the known fields of a `config.json`."""

    @classmethod
    def from_json(cls, values: dict):
        names = {field.name for field in fields(cls)}
        return cls(**{key: tuple(v) if isinstance(v, list) else v for key, v in values.items() if key in names})


@dataclass(frozen=True)
class VaeConfiguration(NetworkConfiguration):
    base_dim: int = 16
    z_dim: int = 16
    dim_mult: tuple[int, ...] = (1, 2, 4, 4)
    num_res_blocks: int = 1
    temperal_downsample: tuple[bool, ...] = (False, True, True)


@dataclass(frozen=True)
class TransformerConfiguration(NetworkConfiguration):
    patch_size: tuple[int, int, int] = (1, 1, 1)
    num_attention_heads: int = 4
    attention_head_dim: int = 64
    ffn_dim: int = 1024
    num_layers: int = 8
    in_channels: int = 16
    out_channels: int = 16
    text_dim: int = 128
    freq_dim: int = 256

    @property
    def width(self) -> int:
        return self.num_attention_heads * self.attention_head_dim


@dataclass(frozen=True)
class TextEncoderConfiguration(NetworkConfiguration):
    d_model: int = 128
    d_kv: int = 32
    num_heads: int = 4
    d_ff: int = 256
    num_layers: int = 2
    vocab_size: int = 72


@dataclass(frozen=True)
class VaeStage:
    """Steps on random windows of `frames` x `side` x `side`, drawn from a pool of `clips`, for `seconds`.

    The stages of one cycle share a warm-up and a cosine decay of the learning rate.
    """

    frames: int
    side: int
    batch: int
    clips: int
    seconds: float
    cycle: int


@dataclass(frozen=True)
class TransformerStage:
    """Steps on the first `latent_frames` of the clips for `share` of the training time."""

    latent_frames: int
    batch: int
    share: float


@dataclass(frozen=True)
class Configuration:
    """One training run. `side` and `frames` are those of a clip; latents have 1/8 of the side, 1 + (frames - 1) / 4
    frames."""

    side: int
    frames: int
    text_length: int
    vae: VaeConfiguration
    transformer: TransformerConfiguration
    text_encoder: TextEncoderConfiguration
    vae_stages: tuple[VaeStage, ...]
    vae_learning_rates: tuple[float, ...]
    kl_weight: float
    clips: int
    encode_batch: int
    transformer_stages: tuple[TransformerStage, ...]
    transformer_seconds: float
    learning_rate: float
    decay_share: float
    flow_shift: float

    @property
    def latent_frames(self) -> int:
        return 1 + (self.frames - 1) // 4

    @property
    def latent_side(self) -> int:
        return self.side // 8


# 128 x 128, 65 frames: latents 16 x 17 x 16 x 16, 4,352 tokens.
FULL = Configuration(
    side=128,
    frames=65,
    text_length=24,
    vae=VaeConfiguration(),
    transformer=TransformerConfiguration(),
    text_encoder=TextEncoderConfiguration(),
    vae_stages=(
        VaeStage(frames=9, side=64, batch=32, clips=8192, seconds=97, cycle=0),
        VaeStage(frames=33, side=128, batch=4, clips=1024, seconds=53, cycle=0),
        VaeStage(frames=65, side=128, batch=2, clips=768, seconds=70, cycle=1),
    ),
    vae_learning_rates=(1.5e-3, 6e-4),
    kl_weight=1e-5,
    clips=8192,
    encode_batch=16,
    transformer_stages=(
        TransformerStage(latent_frames=5, batch=128, share=0.185),
        TransformerStage(latent_frames=17, batch=32, share=0.815),
    ),
    transformer_seconds=660,
    learning_rate=1e-3,
    decay_share=0.4,
    flow_shift=3.0,
)

# The same steps in miniature, to check on a CPU that the training runs.
MINI = replace(
    FULL,
    side=32,
    frames=9,
    vae=VaeConfiguration(base_dim=8, z_dim=8),
    transformer=TransformerConfiguration(
        num_attention_heads=2, num_layers=3, ffn_dim=256, in_channels=8, out_channels=8, text_dim=64
    ),
    text_encoder=TextEncoderConfiguration(d_model=64),
    vae_stages=(
        VaeStage(frames=5, side=32, batch=8, clips=256, seconds=15, cycle=0),
        VaeStage(frames=9, side=32, batch=4, clips=128, seconds=10, cycle=1),
    ),
    clips=256,
    transformer_stages=(
        TransformerStage(latent_frames=2, batch=16, share=0.3),
        TransformerStage(latent_frames=3, batch=16, share=0.7),
    ),
    transformer_seconds=40,
)
