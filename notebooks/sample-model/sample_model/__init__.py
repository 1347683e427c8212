"""A tiny text-to-video model of the Wan2.1 family: its clips, networks, training and evaluation."""
