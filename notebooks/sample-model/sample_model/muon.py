"""The Muon optimiser for the matrices of a network."""

import torch
from torch import Tensor, nn

# Coefficients of the quintic Newton-Schulz iteration that drives all singular values towards one.
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
NEWTON_SCHULZ_STEPS = 5
# Makes the size of an update that of AdamW, so that both take the same learning rate.
UPDATE_SCALE = 0.2


def orthogonalise(matrices: Tensor) -> Tensor:
    """Nearly orthogonal matrices along `matrices` [matrix, row, column]; bf16 on a GPU."""
    a, b, c = NEWTON_SCHULZ
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.to(torch.bfloat16 if matrices.is_cuda else torch.float32)
    x = x.mT if tall else x
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(NEWTON_SCHULZ_STEPS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.mT if tall else x).float()


class Muon(torch.optim.Optimizer):
    """Orthogonalised momentum with decoupled weight decay; matrices of one shape are handled in one batch."""

    def __init__(self, matrices: list[nn.Parameter], learning_rate: float, momentum: float = 0.95, decay: float = 0.01):
        super().__init__(matrices, {"lr": learning_rate, "momentum": momentum, "decay": decay})
        self.same_shape: dict[tuple[int, ...], list[nn.Parameter]] = {}
        for matrix in matrices:
            self.same_shape.setdefault(tuple(matrix.shape), []).append(matrix)
        self.average = {
            shape: torch.zeros(len(group), *shape, device=group[0].device) for shape, group in self.same_shape.items()
        }

    @torch.no_grad()
    def step(self) -> None:
        settings = self.param_groups[0]
        momentum, rate = settings["momentum"], settings["lr"]
        for shape, group in self.same_shape.items():
            gradient = torch.stack([matrix.grad for matrix in group])
            average = self.average[shape].lerp_(gradient, 1 - momentum)
            update = orthogonalise(gradient.lerp(average, momentum))
            torch._foreach_mul_(group, 1 - rate * settings["decay"])
            torch._foreach_add_(group, list(update.unbind(0)), alpha=-rate * UPDATE_SCALE * max(shape) ** 0.5)
