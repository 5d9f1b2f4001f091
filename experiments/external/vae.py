"""A small conditional VAE for Fashion-MNIST in PyTorch: an example of a generator that MfRae.Lab did not write.

The lab starts it once for each seed (vae.json) with its task in the environment (docs/external.md). It trains on the training images, logs its
losses, and makes one image from each row of the lab's noise, for the label of that row. An image takes one evaluation of the decoder.
"""
import gzip
import json
import os
import struct
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, "python")
import mfrae_log  # noqa: E402

STEPS, BATCH, WIDTH, LATENT, CLASSES, RATE = 2000, 64, 24, 16, 10, 2e-3


def read_idx(name, header):
    """The bytes of a gzipped IDX file after its header."""
    with gzip.open(f"data/fashion-mnist/{name}") as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


def read_noise(path):
    """`noise` [N, C, H, W] of a safetensors file: the length of a JSON header, the header, and the numbers."""
    with open(path, "rb") as file:
        length, = struct.unpack("<Q", file.read(8))
        entry = json.loads(file.read(length))["noise"]
        begin, end = entry["data_offsets"]
        file.seek(8 + length + begin)
        return np.frombuffer(file.read(end - begin), np.float32).reshape(entry["shape"]).copy()


class Encoder(nn.Module):
    """An image and its class → mean and log variance of its latent."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, WIDTH, 4, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(WIDTH, 2 * WIDTH, 4, stride=2, padding=1), nn.ReLU(), nn.Flatten())
        self.last = nn.Linear(2 * WIDTH * 7 * 7 + CLASSES, 2 * LATENT)

    def forward(self, images, classes):
        return self.last(torch.cat([self.layers(images), classes], 1)).chunk(2, 1)


class Decoder(nn.Module):
    """A latent and a class → the logits of an image."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(LATENT + CLASSES, 2 * WIDTH * 7 * 7)
        self.layers = nn.Sequential(
            nn.ReLU(), nn.ConvTranspose2d(2 * WIDTH, WIDTH, 4, stride=2, padding=1),
            nn.ReLU(), nn.ConvTranspose2d(WIDTH, 1, 4, stride=2, padding=1))

    def forward(self, latents, classes):
        return self.layers(self.first(torch.cat([latents, classes], 1)).view(-1, 2 * WIDTH, 7, 7))


def train(seed, run):
    """The decoder, trained with its encoder by the evidence lower bound."""
    images = torch.from_numpy(read_idx("train-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28).copy()).float() / 255
    labels = torch.from_numpy(read_idx("train-labels-idx1-ubyte.gz", 8).astype(np.int64))
    torch.manual_seed(seed)
    encoder, decoder = Encoder(), Decoder()
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for step in range(1, STEPS + 1):
        rows = torch.randint(len(images), (BATCH,))
        pixels, classes = images[rows], F.one_hot(labels[rows], CLASSES).float()
        mean, log_variance = encoder(pixels, classes)
        latents = mean + (log_variance / 2).exp() * torch.randn_like(mean)
        distortion = F.binary_cross_entropy_with_logits(decoder(latents, classes), pixels, reduction="sum") / BATCH
        divergence = (mean.square() + log_variance.exp() - 1 - log_variance).sum() / 2 / BATCH
        optimizer.zero_grad()
        (distortion + divergence).backward()
        optimizer.step()
        schedule.step()
        if step % 10 == 0:
            run.log(step, loss=(distortion + divergence).item(), distortion=distortion.item(), divergence=divergence.item())
    return decoder


def main():
    task = os.environ
    seed = int(task["MFRAE_SEED"])
    torch.set_num_threads(int(task.get("OMP_NUM_THREADS", "1")))
    with mfrae_log.Run("vae", seed=seed, config={"steps": STEPS, "batch": BATCH, "width": WIDTH}) as run:
        decoder = train(seed, run)
    # The lab's noise has the shape of its latents: the first numbers of each row are this decoder's latent.
    noise = torch.from_numpy(read_noise(task["MFRAE_NOISE"])).flatten(1)[:, :LATENT]
    with open(task["MFRAE_LABELS"]) as file:
        labels = F.one_hot(torch.tensor([int(line) for line in file]), CLASSES).float()
    with torch.no_grad():
        parts = [decoder(*part).sigmoid() for part in zip(noise.split(500), labels.split(500))]
    images = (torch.cat(parts) * 255).round().byte()
    # uint8 [N, H, W, C], as ADM writes samples.
    np.savez(os.path.join(task["MFRAE_OUTPUT"], "samples.npz"), images.permute(0, 2, 3, 1).numpy())


if __name__ == "__main__":
    main()
