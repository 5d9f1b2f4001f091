"""
Stand-ins of full size for the files of experiments/paper/imagenet256-released.json or …512-released.json, in the published formats, made
from the random weights that `benchmarks released-files folder=DIR` wrote.

usage: standins.py DIR DATA [--size 256|512] [--images 8]

DATA receives the files under the paths that the experiment names, without its leading `data/`.
"""
import argparse
import json
import pathlib
import shutil
import struct

import numpy as np
import torch


def read_safetensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    values = np.memmap(path, dtype=np.uint8, mode="r", offset=8 + length)
    kinds = {"F32": np.float32, "I64": np.int64}
    return {
        name: torch.from_numpy(np.frombuffer(values[slice(*entry["data_offsets"])].tobytes(), kinds[entry["dtype"]]).reshape(entry["shape"]).copy())
        for name, entry in header.items() if name != "__metadata__"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--images", type=int, default=8)
    arguments = parser.parse_args()
    large = arguments.size == 512
    side = arguments.size // 16
    rae = arguments.data / "rae"

    def place(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    generator = read_safetensors(arguments.weights / "generator.safetensors")
    torch.save({"ema": generator, "train_steps": 1}, place(arguments.data / "mf-rae" / f"imagenet{arguments.size}.pt"))
    del generator
    decoder = "ViTXL_n08_i512" if large else "ViTXL_n08"
    torch.save(read_safetensors(arguments.weights / "decoder.safetensors"), place(rae / "decoders" / "dinov2" / "wReg_base" / decoder / "model.pt"))
    statistics = "imagenet1k_512" if large else "imagenet1k"
    torch.save({"mean": torch.zeros(768, side, side), "var": torch.ones(768, side, side)},
               place(rae / "stats" / "dinov2" / "wReg_base" / statistics / "stat.pt"))
    torch.save(read_safetensors(arguments.weights / "inception.safetensors"),
               place(arguments.data / "inception" / "pt_inception-2015-12-05-6726825d.pth"))
    shutil.copy(arguments.weights / "encoder.safetensors", place(arguments.data / "dinov2-with-registers-base" / "model.safetensors"))
    name = "VIRTUAL_imagenet512.npz" if large else "VIRTUAL_imagenet256_labeled.npz"
    random = np.random.RandomState(0)
    np.savez(place(arguments.data / "adm" / name),
             arr_0=random.randint(0, 256, (arguments.images, arguments.size, arguments.size, 3), dtype=np.uint8),
             mu=np.full(2048, 0.4), sigma=np.eye(2048) * 0.1, mu_s=np.full(2023, 0.1), sigma_s=np.eye(2023) * 0.1)


if __name__ == "__main__":
    main()
