"""
Compares the lab's evaluation with the public implementations: the same numbers from the same images and weights, and how long the
costly parts take. Prints Markdown; exits 1 where a number disagrees or a part is slower than it must be.
"""
import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

import inputs

HERE = pathlib.Path(__file__).parent
# Threads of PyTorch and of its BLAS library: whatever is best for the public implementations is what the lab is compared with.
THREADS = [(2, 1), (1, 2), (2, 2)]
BATCHES = [16, 50]
LAB_BATCH = 16
# What the lab gives its workers: threads that wait for each other do not keep the cores from whatever else runs. For both sides.
ENVIRONMENT = {"GOMP_SPINCOUNT": "3000"}
IMAGES = 48
SIDE = 64
# Relative, except where a metric is a share of so many images: those must be the same.
BOUNDS = {"fid": 1e-3, "is": 1e-4, "kid": 1e-4, "precision": 0, "recall": 0}
TARGETS = {"inception": 1.0, "frechet": 3.0}


class Side:
    """A program that takes turns."""

    def __init__(self, command, environment=None):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **ENVIRONMENT, **(environment or {})})

    def turn(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"a side ended without an answer to {words}")
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def public(arguments, what, threads, *extra):
    command = [sys.executable, str(HERE / "public.py"), what, "--pytorch-fid", arguments.pytorch_fid, "--torch-fidelity",
               arguments.torch_fidelity, "--weights", arguments.weights, "--threads", str(threads[0]), *extra]
    return command, {"OPENBLAS_NUM_THREADS": str(threads[1])}


def answer_of(command, environment=None):
    done = subprocess.run(command, env={**os.environ, **ENVIRONMENT, **(environment or {})}, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout) if done.stdout else None


def prepare(arguments, work, threads):
    """Makes what both parts read: folders of images (samples and reference, by kind), and the weights where none are given."""
    inputs.image_folders(arguments.data, work, arguments.count)
    folders = {name: [str(work / name / part) for part in ("samples", "reference")] for name in ("grey-28", "colour-64")}
    if not arguments.weights:
        arguments.weights = str(work / "weights.pth")
        answer_of(*public(arguments, "weights", threads, "--folders", folders["grey-28"][1], folders["colour-64"][1]))
    return folders


def compare_numbers(arguments, folders, threads):
    print(f"\n{arguments.count} samples against {arguments.count} images of each kind.\n")
    print("| images | public implementation | metric | public | lab | difference | at most | |\n|---|---|---|---|---|---|---|---|")
    agreed = True
    for images, network, resizing in (("grey-28", "pytorch-fid", "pytorchFid"), ("colour-64", "torch-fidelity", "tensorFlow")):
        samples, reference = folders[images]
        folders_of = ["--samples", samples, "--reference", reference]
        theirs = answer_of(*public(arguments, "metrics", threads, "--network", network, *folders_of))
        evaluation = answer_of([arguments.lab, "evaluate", *folders_of, "--features", "inception", "--weights", arguments.weights,
                                "--resizing", resizing, "--metrics", "fid,is,kid,prdc", "--is-form", "torchFidelity",
                                "--no-cache", "--json"])
        ours = {metric["metric"].split(".")[0]: metric["value"] for metric in evaluation["spaces"][0]["metrics"]}
        for name, value in theirs.items():
            metric = name.split(" ")[0]
            bound = BOUNDS[metric] if name == metric else None
            difference = abs(ours[metric] - value) / abs(value) if BOUNDS[metric] else abs(ours[metric] - value)
            # A share that passed through float32 is the nearest count over the number of images.
            good = bound is None or (difference <= bound if bound else round(difference * arguments.count) == 0)
            agreed &= good
            verdict = "" if bound is None else "yes" if good else "**no**"
            limit = "" if bound is None else f"{bound:g}" if bound else "same count"
            print(f"| {images} | {network} | {name} | {value:.9g} | {ours[metric]:.9g} | {difference:.1e} | {limit} | {verdict} |",
                  flush=True)
    return agreed


def best_of_theirs(arguments, files):
    """The threads and the batch with which the public implementations are fastest, each part for itself."""
    inception, frechet = {}, {}
    for threads in THREADS:
        side = Side(*public(arguments, "turns", threads))
        for batch in BATCHES:
            side.turn("inception", batch, batch, SIDE)
            inception[threads, batch] = side.turn("inception", IMAGES, batch, SIDE)["seconds"] / IMAGES
        frechet[threads] = side.turn("frechet", *files["full rank"])["seconds"]
        side.close()
    print("\nThe public implementations with the threads of PyTorch and of its BLAS library, and the batch:\n")
    print("| threads, BLAS threads | " + " | ".join(f"images/s, batch {batch}" for batch in BATCHES) + " | Fréchet distance, s |")
    print("|---|" + "---|" * (len(BATCHES) + 1))
    for threads in THREADS:
        rates = " | ".join(f"{1 / inception[threads, batch]:.1f}" for batch in BATCHES)
        print(f"| {threads[0]}, {threads[1]} | {rates} | {frechet[threads]:.1f} |", flush=True)
    return min(inception, key=inception.get), min(frechet, key=frechet.get)


def compare_speed(arguments, work):
    files = {"full rank": [], "rank-deficient": []}
    for name, count in (("full rank", 4096), ("rank-deficient", 1000)):
        for seed in (1, 2):
            files[name].append(str(work / f"{count}-{seed}.npz"))
            inputs.statistics(files[name][-1], seed, count)
    (network_threads, batch), root_threads = best_of_theirs(arguments, files)
    network = Side(*public(arguments, "turns", network_threads))
    roots = network if root_threads == network_threads else Side(*public(arguments, "turns", root_threads))
    lab = Side([arguments.benchmarks, "evaluation-turns", f"weights={arguments.weights}", "threads=2"])
    times, values = {}, {}

    def turn(part, side, who, divisor, *words):
        answer = side.turn(*words)
        times.setdefault((part, who), []).append(answer["seconds"] / divisor)
        if "value" in answer:
            values[part, who] = answer["value"]

    network.turn("inception", batch, batch, SIDE)
    lab.turn("inception", LAB_BATCH, LAB_BATCH, SIDE)
    for _ in range(arguments.turns):
        turn("inception", network, "public", IMAGES, "inception", IMAGES, batch, SIDE)
        turn("inception", lab, "lab", IMAGES, "inception", IMAGES, LAB_BATCH, SIDE)
        for name, pair in files.items():
            turn("frechet, " + name, roots, "public", 1, "frechet", *pair)
            turn("frechet, " + name, lab, "lab", 1, "frechet", *pair)
    for side in {network, roots, lab}:
        side.close()
    return report_speed(arguments, times, values)


def report_speed(arguments, times, values):
    titles = {"inception": f"Inception features from {SIDE} x {SIDE} pixels, s an image",
              "frechet, full rank": "Fréchet distance, 2048 features, s", "frechet, rank-deficient": "the same, from 1,000 images, s"}
    print(f"\n{arguments.turns} turns each, taken alternately:\n")
    print("| | public, median | best | lab, median | best | ratio of medians | of bests | at least | | values differ by |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    fast = True
    for part, title in titles.items():
        theirs, ours = times[part, "public"], times[part, "lab"]
        ratios = statistics.median(theirs) / statistics.median(ours), min(theirs) / min(ours)
        target = TARGETS[part.split(",")[0]]
        good = min(ratios) >= target
        fast &= good
        differ = ""
        if (part, "lab") in values:
            value = values[part, "public"]
            differ = f"{abs(values[part, 'lab'] - value) / abs(value):.1e}"
        print(f"| {title} | {statistics.median(theirs):.3f} | {min(theirs):.3f} | {statistics.median(ours):.3f} | {min(ours):.3f} "
              f"| {ratios[0]:.2f}x | {ratios[1]:.2f}x | {target:.1f}x | {'yes' if good else '**no**'} | {differ} |")
    return fast


def versions():
    import numpy
    import scipy
    import torch
    blas = {line.split("/")[-1].strip() for line in open("/proc/self/maps") if "blas" in line}
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    return (f"{model}, {os.cpu_count()} cores; Python {platform.python_version()}, PyTorch {torch.__version__}, NumPy {numpy.__version__}, "
            f"SciPy {scipy.__version__}, {', '.join(sorted(blas))}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pytorch-fid", required=True, help="a checkout of mseitzer/pytorch-fid")
    parser.add_argument("--torch-fidelity", required=True, help="a checkout of toshas/torch-fidelity")
    parser.add_argument("--lab", required=True, help="the lab's executable")
    parser.add_argument("--benchmarks", required=True, help="that of its benchmarks")
    parser.add_argument("--data", default=str(HERE.parents[1] / "data" / "fashion-mnist"))
    parser.add_argument("--weights", help="weights under the names of pytorch-fid's; made of random numbers otherwise")
    parser.add_argument("--count", type=int, default=250, help="images of a side")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--only", choices=["numbers", "speed"])
    arguments = parser.parse_args()
    for name in ("pytorch_fid", "torch_fidelity", "lab", "benchmarks", "data", "weights"):
        path = getattr(arguments, name)
        if path and not os.path.exists(path):
            parser.error(f"--{name.replace('_', '-')} {path}: not found")
    print(versions())
    with tempfile.TemporaryDirectory() as work:
        folders = prepare(arguments, pathlib.Path(work), THREADS[0])
        good = arguments.only == "speed" or compare_numbers(arguments, folders, THREADS[0])
        fast = arguments.only == "numbers" or compare_speed(arguments, pathlib.Path(work))
    raise SystemExit(0 if good and fast else 1)


if __name__ == "__main__":
    main()
