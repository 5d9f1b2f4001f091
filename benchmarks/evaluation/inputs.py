"""What both sides of the comparison read: folders of images, a file of weights, and statistics of features."""
import gzip
import pathlib

import numpy as np
from PIL import Image, ImageFilter

SEED = 11
CALIBRATION_IMAGES = 64
# Makes the classes of a random classifier about as sure of themselves as trained ones are, or every Inception score would be one.
LOGIT_SCALE = 12.0


def fashion(data, count):
    """uint8 [count, 28, 28]: the first images of the test split."""
    with gzip.open(pathlib.Path(data) / "t10k-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(16 + count * 784), np.uint8, offset=16)
    return pixels.reshape(count, 28, 28)


def image_folders(data, root, count):
    """Two pairs of folders, reference and samples: grey images of 28 pixels, coloured ones of 64. Samples are other images, worn."""
    grey = [Image.fromarray(image).convert("RGB") for image in fashion(data, 2 * count)]
    colour = [Image.merge("RGB", [grey[(i + k) % len(grey)].getchannel(0) for k in (0, 7, 31)]).resize((64, 64), Image.BICUBIC)
              for i in range(len(grey))]
    for name, images in (("grey-28", grey), ("colour-64", colour)):
        for i, image in enumerate(images):
            folder = pathlib.Path(root) / name / ("reference" if i < count else "samples")
            folder.mkdir(parents=True, exist_ok=True)
            (image if i < count else worn(image, i)).save(folder / f"{i % count:05d}.png")


def worn(image, seed):
    """A little of what generated images lack and have too much of: detail and noise."""
    pixels = np.asarray(image.filter(ImageFilter.GaussianBlur(0.7)), np.float64)
    noise = np.random.RandomState(seed).normal(0, 10, pixels.shape)
    return Image.fromarray(np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8))


def uniform(key, shape, low, high):
    """float32 numbers in [low, high) by SplitMix64, the same everywhere."""
    count = int(np.prod(shape))
    with np.errstate(over="ignore"):
        z = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z += np.uint64((SEED * 0x100000001B3 + key * 0x1000003) % 2**64)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return (low + (high - low) * ((z >> np.uint64(40)) / 2**24)).astype(np.float32).reshape(shape)


def weights(network, images, path):
    """
    Gives pytorch-fid's network random weights, and its batch normalisations the statistics of `images` float [N, 3, 299, 299] in
    [-1, 1]: with those of an untrained network all images would have about the same features, and any two implementations
    the same distance.
    """
    import torch

    state = network.state_dict()
    for key, name in enumerate(sorted(state)):
        shape = tuple(state[name].shape)
        if name.endswith("conv.weight"):
            bound = (6 / np.prod(shape[1:])) ** 0.5
            low, high = -bound, bound
        elif name == "fc.weight":
            low, high = -LOGIT_SCALE * (3 / 2048) ** 0.5, LOGIT_SCALE * (3 / 2048) ** 0.5
        elif name.endswith("bn.weight"):
            low, high = 0.5, 1.5
        elif name.endswith("bias"):
            low, high = -0.2, 0.2
        else:
            continue
        state[name].copy_(torch.from_numpy(uniform(key, shape, low, high)))
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None
    network.train()
    with torch.no_grad():
        for batch in images.split(16):
            network(batch)
    torch.save(network.state_dict(), path)


def statistics(path, seed, count, width=2048):
    """Mean and covariance of features that are correlated, unequal in size and not about zero, as those of a network."""
    random = np.random.RandomState(seed)
    mixing = np.random.RandomState(0).standard_normal((width, width)) / width**0.5
    features = (random.standard_normal((count, width)) * np.geomspace(2, 0.02, width)) @ mixing
    features = np.maximum(features + 0.3 + 0.1 * random.standard_normal(width), 0)
    np.savez(path, mu=features.mean(axis=0), sigma=np.cov(features, rowvar=False))
