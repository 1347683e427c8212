"""Training of the diffusion transformer and the text encoder by flow matching.

Look and words are learnt on few latent frames first, motion on whole clips after that.
"""

import copy

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from sample_model.configuration import Configuration, TransformerStage
from sample_model.latents import CaptionedLatents
from sample_model.muon import Muon
from sample_model.text_encoder import Umt5Encoder
from sample_model.tokenizer import encode_texts
from sample_model.training import LOG_EVERY, Run, TrainingClock, set_learning_rate, update_average, warm_up
from sample_model.transformer import WanTransformer

# Share of the clips trained without their caption, for classifier-free guidance.
UNCAPTIONED = 0.1
# Share of the clips whose noise level is drawn evenly; the others lean towards much noise.
EVEN_NOISE = 0.3
MUON_RATE = 1.5
SMALLEST_RATE = 1e-6


class CaptionedTransformer(nn.Module):
    """The two networks that are trained together."""

    def __init__(self, configuration: Configuration):
        super().__init__()
        self.transformer = WanTransformer(configuration.transformer)
        self.text_encoder = Umt5Encoder(configuration.text_encoder)

    def forward(self, latents: Tensor, timesteps: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        # The other kernels of PyTorch do not take the mask and bias of the text encoder.
        with sdpa_kernel([SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]):
            text = self.text_encoder(ids, mask)
        return self.transformer(latents, timesteps, text)


def initialise(networks: CaptionedTransformer) -> None:
    """Starts the transformer as a plain pre-norm one: gates at one, output projections near zero, no other
    modulation."""
    nn.init.normal_(networks.text_encoder.shared.weight)
    transformer, embedder = networks.transformer, networks.transformer.condition_embedder
    nn.init.zeros_(transformer.proj_out.weight)
    nn.init.zeros_(transformer.proj_out.bias)
    nn.init.zeros_(transformer.scale_shift_table)
    nn.init.normal_(embedder.time_proj.weight, 0, 0.01)
    nn.init.zeros_(embedder.time_proj.bias)
    for two in (embedder.time_embedder, embedder.text_embedder):
        for linear in (two.linear_1, two.linear_2):
            nn.init.xavier_normal_(linear.weight)
            nn.init.zeros_(linear.bias)
    for block in transformer.blocks:
        nn.init.zeros_(block.scale_shift_table)
        with torch.no_grad():
            block.scale_shift_table[:, [2, 5]] = 1
        outputs = {block.attn1.to_out[0], block.attn2.to_out[0], block.ffn.net[2]}
        for linear in (module for module in block.modules() if isinstance(module, nn.Linear)):
            nn.init.zeros_(linear.bias)
            if linear in outputs:
                nn.init.normal_(linear.weight, 0, 0.01)
            else:
                nn.init.xavier_normal_(linear.weight)


class Optimizers:
    """Muon for the matrices of the blocks, AdamW for all other parameters."""

    def __init__(self, networks: CaptionedTransformer, rate: float, run: Run):
        matrices = [p for p in networks.transformer.blocks.parameters() if p.ndim == 2]
        chosen = {id(matrix) for matrix in matrices}
        others = [p for p in networks.parameters() if id(p) not in chosen]
        self.muon = Muon(matrices, rate)
        self.adam = torch.optim.AdamW(others, rate, betas=(0.9, 0.98), weight_decay=0.01, fused=run.on_gpu)

    def step(self, loss: Tensor, networks: CaptionedTransformer, rate: float) -> None:
        set_learning_rate(self.muon, MUON_RATE * rate)
        set_learning_rate(self.adam, rate)
        self.muon.zero_grad()
        self.adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(networks.parameters(), 1.0)
        self.muon.step()
        self.adam.step()


class LatentBatches:
    """Random batches of the captioned latents."""

    def __init__(self, data: CaptionedLatents, tokenizer: Tokenizer, length: int, run: Run):
        self.data = data
        self.run = run
        self.ids, self.mask = encode_texts(tokenizer, data.captions, length, run.device)
        self.empty_ids, self.empty_mask = encode_texts(tokenizer, [""], length, run.device)

    def draw(self, stage: TransformerStage) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Latents, weight of each latent pixel in the loss (3 on the object, else 1), token numbers and their mask."""
        device = self.run.device
        chosen = torch.randint(0, len(self.ids), (stage.batch,), device=device)
        latents = self.data.latents[chosen, :, : stage.latent_frames].float()
        weight = 1 + 2.0 * self.data.objects[chosen, :, : stage.latent_frames].float()
        uncaptioned = (torch.rand(stage.batch, device=device) < UNCAPTIONED)[:, None]
        ids = torch.where(uncaptioned, self.empty_ids, self.ids[chosen])
        mask = torch.where(uncaptioned, self.empty_mask, self.mask[chosen])
        return latents, weight, ids, mask


def flow_loss(
    networks: CaptionedTransformer, latents: Tensor, weight: Tensor, ids: Tensor, mask: Tensor, shift: float, run: Run
) -> tuple[Tensor, Tensor]:
    """Weighted and plain mean square error of the velocity from latents to noise."""
    count = len(latents)
    noise = torch.randn_like(latents)
    even = torch.rand(count, device=run.device)
    shifts = torch.where(torch.rand(count, device=run.device) < EVEN_NOISE, 1.0, shift + 1.0)
    sigma = shifts * even / (1 + (shifts - 1) * even)
    level = sigma.view(-1, 1, 1, 1, 1)
    with run.autocast():
        velocity = networks((1 - level) * latents + level * noise, sigma * 1000, ids, mask)
    square_error = (velocity.float() - (noise - latents)).square()
    weighted = (square_error.mean(1, keepdim=True) * weight).mean() / weight.mean()
    return weighted, square_error.detach().mean()


def stage_at(stages: tuple[TransformerStage, ...], share: float) -> TransformerStage:
    """The stage at a share, 0 .. 1, of the training time."""
    end = 0.0
    for stage in stages:
        end += stage.share
        if share < end:
            return stage
    return stages[-1]


def train_transformer(
    configuration: Configuration, tokenizer: Tokenizer, data: CaptionedLatents, run: Run
) -> CaptionedTransformer:
    """Trains for the configured seconds and returns the moving average of the parameters."""
    torch.manual_seed(0)
    networks = CaptionedTransformer(configuration)
    initialise(networks)
    networks.to(run.device)
    average = copy.deepcopy(networks).requires_grad_(False).eval()
    optimizers = Optimizers(networks, configuration.learning_rate, run)
    batches = LatentBatches(data, tokenizer, configuration.text_length, run)
    if run.on_gpu:
        for block in networks.transformer.blocks:  # one compilation serves all blocks
            block.compile(dynamic=False)
    for name, network in networks.named_children():
        run.log(f"{name} of {sum(p.numel() for p in network.parameters()):,} parameters")

    step, stage, clock = 0, None, TrainingClock(run)
    error_sum = torch.zeros((), device=run.device)
    while clock.seconds < configuration.transformer_seconds:
        share = clock.seconds / configuration.transformer_seconds
        decay = min(1.0, (1 - share) / configuration.decay_share)
        rate = configuration.learning_rate * warm_up(step) * decay + SMALLEST_RATE
        stage_before, stage = stage, stage_at(configuration.transformer_stages, share)
        loss, error = flow_loss(networks, *batches.draw(stage), configuration.flow_shift, run)
        optimizers.step(loss, networks, rate)
        step += 1
        update_average(average, networks, step)
        error_sum += error
        if stage is stage_before:
            clock.after_step(step)
        else:
            clock.restart()  # the first step of a stage may compile
            run.log(f"stage of {stage.latent_frames} latent frames, batch {stage.batch}: first step done")
        if step % LOG_EVERY == 0:
            run.log(
                f"transformer step {step}: loss {error_sum.item() / LOG_EVERY:.4f}, rate {rate:.1e}, "
                f"trained {clock.seconds:.0f} s"
            )
            error_sum.zero_()
    run.log(f"transformer after {step} steps and {clock.seconds:.0f} s")
    return average
