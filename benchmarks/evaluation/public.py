"""
Runs the public implementations, whose checkouts it is told of: pytorch-fid for FID, torch-fidelity for everything. Threads of the BLAS
library are set by OPENBLAS_NUM_THREADS before this starts, those of PyTorch by --threads.

`turns` answers the lines that `benchmarks evaluation-turns` answers; `metrics` prints a line of JSON; `weights` makes the
file that both sides read.
"""
import argparse
import json
import pathlib
import sys
import time

import numpy as np
import torch

import inputs


# Of KID, as far as there are so many images.
SUBSET = 1000


def pytorch_fid(arguments):
    """pytorch-fid, reading its weights from a file instead of the network."""
    sys.path.insert(0, str(pathlib.Path(arguments.pytorch_fid) / "src"))
    import pytorch_fid.fid_score
    import pytorch_fid.inception
    pytorch_fid.inception.load_state_dict_from_url = lambda *_, **__: torch.load(arguments.weights)
    return pytorch_fid


def torch_fidelity(arguments):
    sys.path.insert(0, arguments.torch_fidelity)
    import torch_fidelity
    import torch_fidelity.utils
    return torch_fidelity


def weights(arguments):
    """Weights made of random numbers and of the images in two folders."""
    package = pytorch_fid(arguments)
    # The network loads weights when it is made, which are not there yet.
    package.inception.load_state_dict_from_url = lambda *_, **__: {}
    load, torch.nn.Module.load_state_dict = torch.nn.Module.load_state_dict, lambda *_, **__: None
    network = package.inception.fid_inception_v3()
    torch.nn.Module.load_state_dict = load
    from PIL import Image
    batches = []
    for folder in arguments.folders:
        files = sorted(pathlib.Path(folder).glob("*.png"))[:inputs.CALIBRATION_IMAGES]
        images = torch.from_numpy(np.stack([np.asarray(Image.open(file)) for file in files])).permute(0, 3, 1, 2) / 127.5 - 1
        batches.append(torch.nn.functional.interpolate(images, size=(299, 299), mode="bilinear", align_corners=False))
    images = torch.stack(batches, 1).flatten(0, 1)
    inputs.weights(network, images, arguments.weights)


def metrics_of_pytorch_fid(arguments):
    """FID by pytorch-fid from beginning to end; the rest by torch-fidelity's functions from the same features, which pytorch-fid lacks."""
    package = pytorch_fid(arguments)
    package.fid_score.tqdm = iter
    extract, seen = package.fid_score.get_activations, []

    def remember(*positional, **named):
        seen.append(extract(*positional, **named))
        return seen[-1]

    package.fid_score.get_activations = remember
    fid = package.fid_score.calculate_fid_given_paths(
        [arguments.samples, arguments.reference], arguments.batch, torch.device("cpu"), 2048, num_workers=0)
    samples, reference = (torch.from_numpy(features) for features in seen)
    classifier = torch.load(arguments.weights)["fc.weight"]
    from_features = metrics_of_features(arguments, samples, reference, samples.float() @ classifier.T)
    return {"fid": float(fid), "fid (torch-fidelity)": from_features.pop("fid"), **from_features}


def metrics_of_torch_fidelity(arguments):
    """All by torch-fidelity from beginning to end, and once more from its features in float64, since its KID in float32 is rough."""
    package = torch_fidelity(arguments)
    extract, seen = package.utils.get_featuresdict_from_dataset, []

    def remember(*positional, **named):
        seen.append(extract(*positional, **named))
        return seen[-1]

    package.utils.get_featuresdict_from_dataset = remember
    shipped = package.calculate_metrics(
        input1=arguments.samples, input2=arguments.reference, cuda=False, isc=True, fid=True, kid=True, prc=True,
        feature_extractor="inception-v3-compat", feature_extractor_weights_path=arguments.weights, batch_size=arguments.batch,
        kid_subset_size=subset_size(arguments), cache=False, save_cpu_ram=True, verbose=False)
    wide = metrics_of_features(arguments, seen[0]["2048"].double(), seen[1]["2048"].double(), seen[0]["logits_unbiased"])
    return {
        "fid": shipped["frechet_inception_distance"],
        "is": shipped["inception_score_mean"],
        "kid": wide["kid"],
        "kid (float32)": shipped["kernel_inception_distance_mean"],
        "precision": shipped["precision"],
        "recall": shipped["recall"],
    }


def subset_size(arguments):
    return min(SUBSET, *(len(list(pathlib.Path(folder).glob("*.png"))) for folder in (arguments.samples, arguments.reference)))


def metrics_of_features(arguments, samples, reference, logits):
    """torch-fidelity's definitions of features that are there."""
    torch_fidelity(arguments)
    from torch_fidelity import metric_fid, metric_isc, metric_kid, metric_prc
    statistics = [metric_fid.fid_features_to_statistics(features) for features in (samples, reference)]
    manifold = metric_prc.prc_features_to_metric(samples, reference, verbose=False)
    return {
        "fid": metric_fid.fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"],
        "is": metric_isc.isc_features_to_metric(logits)["inception_score_mean"],
        "kid": metric_kid.kid_features_to_metric(samples, reference, kid_subset_size=subset_size(arguments), verbose=False)[
            "kernel_inception_distance_mean"],
        "precision": manifold["precision"],
        "recall": manifold["recall"],
    }


def turns(arguments):
    package = pytorch_fid(arguments)
    network = package.inception.InceptionV3().eval()
    known = {}

    def statistics(path):
        if path not in known:
            with np.load(path) as file:
                known[path] = file["mu"], file["sigma"]
        return known[path]

    def inception(count, batch, side):
        images = torch.randint(0, 256, (batch, 3, side, side), dtype=torch.uint8)
        begin = time.perf_counter()
        with torch.no_grad():
            for done in range(0, count, batch):
                network(images[:min(batch, count - done)].float() / 255)[0].sum().item()
        return {"seconds": time.perf_counter() - begin}

    def frechet(first, second):
        moments = (*statistics(first), *statistics(second))
        begin = time.perf_counter()
        value = package.fid_score.calculate_frechet_distance(*moments)
        return {"seconds": time.perf_counter() - begin, "value": float(value)}

    for line in sys.stdin:
        name, *words = line.split()
        print(json.dumps(inception(*map(int, words)) if name == "inception" else frechet(*words)), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["weights", "metrics", "turns"])
    parser.add_argument("--folders", nargs="*")
    for name in ("pytorch-fid", "torch-fidelity", "weights", "samples", "reference", "network"):
        parser.add_argument("--" + name)
    for name, otherwise in (("threads", 1), ("batch", 16)):
        parser.add_argument("--" + name, type=int, default=otherwise)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.what == "weights":
        weights(arguments)
    elif arguments.what == "turns":
        turns(arguments)
    else:
        metrics = metrics_of_pytorch_fid if arguments.network == "pytorch-fid" else metrics_of_torch_fidelity
        print(json.dumps(metrics(arguments)))


if __name__ == "__main__":
    main()
