"""
Compares the lab with the public code of MF-RAE: a small checkpoint in the public layout, sampled in one and two steps by the public script
and by the lab, from the same noise and labels.

usage: check.py --mf-rae CHECKOUT --lab PROGRAM [--folder DIR] [--tolerance 1e-5]

CHECKOUT is a working tree of https://github.com/sony/mf-rae; PROGRAM the built lab. Needs torch and numpy.
"""
import argparse
import json
import pathlib
import platform
import struct
import subprocess
import sys
import tempfile

import numpy as np
import torch

import public

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES, BATCH, CLASSES, SEED = 40, 20, 10, 3
# Latents of the small encoder of the reference vectors at 168 pixels. They are large enough for a time shift above 1.
CHANNELS, SIDE = 48, 12
PUBLIC = dict(
    input_size=SIDE, patch_size=1, in_channels=CHANNELS, hidden_size=[48, 64], depth=[3, 2], num_heads=[4, 4], mlp_ratio=4.0,
    class_dropout_prob=0.1, num_classes=CLASSES)
LAB = dict(trunkWidth=48, trunkDepth=3, trunkHeads=4, headWidth=64, headDepth=2, headHeads=4, mlpRatio=4)


def read_safetensors(path):
    content = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    kinds = {"F32": np.float32, "I64": np.int64, "U8": np.uint8}
    tensors = {}
    for name, entry in json.loads(content[8:8 + length]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            values = np.frombuffer(content[8 + length + begin:8 + length + end], kinds[entry["dtype"]])
            tensors[name] = torch.from_numpy(values.reshape(entry["shape"]).copy())
    return tensors


def write_safetensors(path, tensors):
    kinds = {torch.float32: "F32", torch.int64: "I64"}
    header, values, offset = {}, b"", 0
    for name, tensor in tensors.items():
        data = tensor.contiguous().numpy().tobytes()
        header[name] = {"dtype": kinds[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, offset + len(data)]}
        values, offset = values + data, offset + len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + values)


def experiment(folder, reference, labels):
    """An arm of which every network is from a file. Two kinds of labels: those of the file with the noise, and the lab's own."""
    vectors = ROOT / "tests" / "Golden" / "reference"
    sampling = {
        "samples": SAMPLES, "steps": [1, 2], "batchSize": BATCH, "keptLatents": SAMPLES, "seed": SEED, "grid": {"kind": "uniform"},
        "bytes": "truncate", **labels,
    }
    sizes = reference["decoder_hyper"]
    encoder = reference["encoder_hyper"]
    return {
        "version": 1, "question": "Do the lab and the public code agree?", "expectation": "Latents agree to rounding.",
        "base": {
            "dataset": {"kind": "none", "size": sizes["image_size"], "classes": CLASSES},
            "encoder": {
                "kind": "dinov2", "weights": str(vectors / "dinov2reg.state.safetensors"),
                "network": {
                    "hiddenSize": encoder["hidden_size"], "layers": encoder["num_hidden_layers"], "heads": encoder["num_attention_heads"],
                    "imageSize": encoder["image_size"], "patchSize": encoder["patch_size"], "registerTokens": encoder["num_register_tokens"],
                    "inputSize": SIDE * encoder["patch_size"],
                },
            },
            "decoder": {
                "kind": "pretrained", "weights": str(vectors / "rae_decoder.state.safetensors"),
                "network": {
                    "kind": "mae", "hiddenSize": sizes["decoder_hidden_size"], "layers": sizes["decoder_num_hidden_layers"],
                    "heads": sizes["decoder_num_attention_heads"], "intermediateSize": sizes["decoder_intermediate_size"],
                    "patchSize": sizes["patch_size"], "imageSize": sizes["image_size"],
                },
            },
            "latents": {"kind": "pretrained", "weights": str(folder / "stat.pt"), "cache": "none"},
            "teacher": {"kind": "none"}, "cmt": {"kind": "none"},
            "meanflow": {"kind": "pretrained", "weights": f"{folder / 'mf.pt'}::ema", "network": LAB},
            "sampling": sampling,
        },
        "evaluation": {
            "features": {"kind": "randomConvolution", "width": 4, "layers": 1},
            "metrics": [{"kind": "fid"}], "references": ["statistics"], "statistics": {"path": str(folder / "statistics.npz")},
            "bootstrapDraws": 0,
        },
        "arms": {"released": {}}, "baseline": "released", "seeds": [0],
    }


def run(lab, folder, name, content):
    """The samples of the lab: evaluations → tensors."""
    (folder / f"{name}.json").write_text(json.dumps(content))
    store = folder / f"store-{name}"
    subprocess.run(
        [lab, "run", str(folder / f"{name}.json"), "--store", str(store), "--db", str(folder / f"{name}.db"), "--reports", str(folder / "reports")],
        check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    found = {path.name.split(".")[1]: read_safetensors(path) for path in store.glob("*/samples.*.safetensors")}
    return {int(steps): tensors for steps, tensors in found.items()}


def compare(lab, checkout, folder, tolerance):
    torch.set_num_threads(1)
    replaced = public.prepare(checkout)
    torch.manual_seed(0)
    generator = public.network(PUBLIC, seed=1)
    torch.save({"model": generator.state_dict(), "ema": generator.state_dict(), "train_steps": 7}, folder / "mf.pt")
    torch.save({"mean": torch.randn(CHANNELS, SIDE, SIDE), "var": torch.rand(CHANNELS, SIDE, SIDE) + 0.5}, folder / "stat.pt")
    np.savez(folder / "statistics.npz", mu=np.zeros(8), sigma=np.eye(8))
    latents = {}
    for steps in (1, 2):
        noise, labels, latents[steps] = public.sample(generator, [CHANNELS, SIDE, SIDE], CLASSES, SAMPLES, BATCH, steps, SEED, folder)
    write_safetensors(folder / "noise.safetensors", {"noise": noise, "labels": labels})

    reference = json.loads((ROOT / "tests" / "Golden" / "reference" / "rae.json").read_text())
    given = run(lab, folder, "given", experiment(folder, reference, {"noise": "file", "noiseFile": str(folder / "noise.safetensors")}))
    drawn = run(lab, folder, "drawn", experiment(folder, reference, {"noise": "fixed", "labels": "permuted"}))

    print(f"torch {torch.__version__}, {platform.machine()}, float32, one thread in Python. Replaced: {', '.join(replaced) or 'nothing'}.")
    print(f"Latents [{CHANNELS}, {SIDE}, {SIDE}], {SAMPLES} samples in batches of {BATCH}, {sum(p.numel() for p in generator.parameters()):,} parameters.\n")
    print("| steps | largest latent | largest difference | relative to it | labels |")
    print("|---|---|---|---|---|")
    fine = True
    for steps, expected in latents.items():
        apart = (given[steps]["latents"] - expected).abs().max().item()
        largest = expected.abs().max().item()
        same = bool((given[steps]["labels"] == labels).all())
        fine &= same and apart <= tolerance
        print(f"| {steps} | {largest:.3f} | {apart:.1e} | {apart / largest:.1e} | {'equal' if same else 'DIFFERENT'} |")
    own = bool((drawn[1]["labels"] == labels).all())
    moved = (latents[1] - noise).abs().max().item()
    print(f"\nLabels of `permuted` with the seed {SEED} and those of the public script: {'equal' if own else 'DIFFERENT'}.")
    print(f"The network moves the noise by up to {moved:.2f}; two steps differ from one by up to {(latents[1] - latents[2]).abs().max().item():.2f}.")
    return fine and own and moved > 0.1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mf-rae", required=True)
    parser.add_argument("--lab", required=True)
    parser.add_argument("--folder")
    parser.add_argument("--tolerance", type=float, default=1e-5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(arguments.folder or temporary).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        fine = compare(arguments.lab, arguments.mf_rae, folder, arguments.tolerance)
    print("agreed" if fine else f"NOT agreed to {arguments.tolerance}")
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
