"""A small conditional GAN for Fashion-MNIST in PyTorch: an example of a generator that MfRae.Lab did not write.

The lab starts it once for each seed (gan.json) with its task in the environment (docs/external.md). It trains on the training images, logs its
losses, and makes one image from each row of the lab's noise, for the label of that row. An image takes one evaluation of the generator.
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

STEPS, BATCH, WIDTH, LATENT, CLASSES = 1200, 64, 24, 64, 10
AVERAGE_FROM, AVERAGE = 300, 0.99


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


class Generator(nn.Module):
    """Noise and a class → an image in [-1, 1]."""

    def __init__(self):
        super().__init__()
        self.classes = nn.Embedding(CLASSES, LATENT)
        self.first = nn.Linear(2 * LATENT, 4 * WIDTH * 7 * 7)
        self.layers = nn.Sequential(
            nn.BatchNorm2d(4 * WIDTH), nn.ReLU(),
            nn.ConvTranspose2d(4 * WIDTH, 2 * WIDTH, 4, stride=2, padding=1), nn.BatchNorm2d(2 * WIDTH), nn.ReLU(),
            nn.ConvTranspose2d(2 * WIDTH, 1, 4, stride=2, padding=1), nn.Tanh())

    def forward(self, noise, labels):
        start = self.first(torch.cat([noise, self.classes(labels)], 1))
        return self.layers(start.view(-1, 4 * WIDTH, 7, 7))


class Discriminator(nn.Module):
    """An image and a class → a score, which is high for real images of that class."""

    def __init__(self):
        super().__init__()
        norm = nn.utils.spectral_norm
        self.layers = nn.Sequential(
            norm(nn.Conv2d(1, WIDTH, 4, stride=2, padding=1)), nn.LeakyReLU(0.2),
            norm(nn.Conv2d(WIDTH, 2 * WIDTH, 4, stride=2, padding=1)), nn.LeakyReLU(0.2), nn.Flatten())
        self.score = norm(nn.Linear(2 * WIDTH * 7 * 7, 1))
        self.classes = nn.Embedding(CLASSES, 2 * WIDTH * 7 * 7)
        nn.init.zeros_(self.classes.weight)

    def forward(self, images, labels):
        features = self.layers(images)
        return self.score(features).squeeze(1) + (features * self.classes(labels)).mean(1)


def train(seed, run):
    """The generator with averaged weights."""
    images = torch.from_numpy(read_idx("train-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28).copy()).float() / 127.5 - 1
    labels = torch.from_numpy(read_idx("train-labels-idx1-ubyte.gz", 8).astype(np.int64))
    torch.manual_seed(seed)
    generator, averaged, discriminator = Generator(), Generator(), Discriminator()
    generator_steps = torch.optim.Adam(generator.parameters(), 2e-4, betas=(0.5, 0.999))
    discriminator_steps = torch.optim.Adam(discriminator.parameters(), 4e-4, betas=(0.5, 0.999))
    for step in range(1, STEPS + 1):
        rows = torch.randint(len(images), (BATCH,))
        classes = labels[rows]
        fake = generator(torch.randn(BATCH, LATENT), classes)

        real_score, fake_score = discriminator(images[rows], classes), discriminator(fake.detach(), classes)
        judged = F.relu(1 - real_score).mean() + F.relu(1 + fake_score).mean()
        discriminator_steps.zero_grad()
        judged.backward()
        discriminator_steps.step()

        fooled = -discriminator(fake, classes).mean()
        generator_steps.zero_grad()
        fooled.backward()
        generator_steps.step()

        keep = AVERAGE if step > AVERAGE_FROM else 0
        with torch.no_grad():
            for mine, new in zip(averaged.state_dict().values(), generator.state_dict().values()):
                mine.copy_(mine * keep + new * (1 - keep) if mine.is_floating_point() else new)
        if step % 10 == 0:
            run.log(step, generatorLoss=fooled.item(), discriminatorLoss=judged.item())
    return averaged.eval()


def main():
    task = os.environ
    seed = int(task["MFRAE_SEED"])
    torch.set_num_threads(int(task.get("OMP_NUM_THREADS", "1")))
    with mfrae_log.Run("gan", seed=seed, config={"steps": STEPS, "batch": BATCH, "width": WIDTH}) as run:
        generator = train(seed, run)
    # The lab's noise has the shape of its latents: the first numbers of each row are this generator's noise.
    noise = torch.from_numpy(read_noise(task["MFRAE_NOISE"])).flatten(1)[:, :LATENT]
    with open(task["MFRAE_LABELS"]) as file:
        labels = torch.tensor([int(line) for line in file])
    with torch.no_grad():
        parts = [generator(*part) for part in zip(noise.split(500), labels.split(500))]
    images = ((torch.cat(parts) + 1) * 127.5).round().clamp(0, 255).byte()
    # uint8 [N, H, W, C], as ADM writes samples.
    np.savez(os.path.join(task["MFRAE_OUTPUT"], "samples.npz"), images.permute(0, 2, 3, 1).numpy())


if __name__ == "__main__":
    main()
