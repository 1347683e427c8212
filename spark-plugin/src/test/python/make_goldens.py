"""Makes all golden files of the plugin's tests."""

import torch

import goldens_schedule
import goldens_text
import goldens_vae
import goldens_wan


def main() -> None:
    # The order in which threads add would change the last bits.
    torch.set_num_threads(1)
    for module in (goldens_text, goldens_schedule, goldens_vae, goldens_wan):
        module.main()


if __name__ == "__main__":
    main()
