#!/usr/bin/env python3
"""Reads .safetensors files by the published format, independently of the lab's own code.

usage: read_safetensors.py FILE
           prints for each tensor: name, dtype, shape, SHA-256 of its bytes
       read_safetensors.py FILE --equals OTHER [--prefix PREFIX]
           compares all tensors of FILE with those of OTHER in dtype, shape and bytes. OTHER is a .safetensors file, an .npz file
           (needs numpy) or a PyTorch checkpoint (needs torch). With a prefix, the tensor NAME of FILE is PREFIX + NAME of OTHER.

The format (https://github.com/huggingface/safetensors): eight bytes with the length N of the header, little-endian; N bytes of JSON,
{"NAME": {"dtype": …, "shape": […], "data_offsets": [BEGIN, END]}, …, "__metadata__": {…}}; the values, row-major and little-endian,
without gaps.

exit code: 0 if the file is valid (and equal), 1 if not, 77 if a library that OTHER needs is missing.
"""
import argparse
import hashlib
import json
import struct
import sys

SIZES = {"BOOL": 1, "U8": 1, "I8": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2, "I32": 4, "U32": 4, "F32": 4, "F64": 8, "I64": 8, "U64": 8}
SKIPPED = 77


def count(shape):
    product = 1
    for size in shape:
        product *= size
    return product


def read_safetensors(path):
    """Returns {name: (dtype, shape, bytes)}; raises ValueError for a file that does not follow the format."""
    with open(path, "rb") as file:
        content = file.read()
    if len(content) < 8:
        raise ValueError("the file has no header length")
    (length,) = struct.unpack("<Q", content[:8])
    if length > len(content) - 8:
        raise ValueError(f"the header length {length} exceeds the file")
    header = json.loads(content[8:8 + length].decode("utf-8"))
    metadata = header.pop("__metadata__", {})
    if not all(isinstance(value, str) for value in metadata.values()):
        raise ValueError("__metadata__ has values that are not strings")
    data = content[8 + length:]
    tensors, end = {}, 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, stop = entry["data_offsets"]
        size = count(entry["shape"]) * SIZES[entry["dtype"]]
        if begin != end or stop - begin != size:
            raise ValueError(f"{name}: bytes {begin} to {stop}, expected {end} to {end + size}")
        tensors[name] = (entry["dtype"], list(entry["shape"]), data[begin:stop])
        end = stop
    if end != len(data):
        raise ValueError(f"the tensors end at {end}, the data at {len(data)}")
    return tensors


def read_npz(path):
    import numpy

    names = {"float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8",
             "uint8": "U8", "bool": "BOOL"}
    with numpy.load(path, allow_pickle=False) as arrays:
        return {
            name: (names[value.dtype.newbyteorder("=").name], list(value.shape),
                   numpy.ascontiguousarray(value).astype(value.dtype.newbyteorder("<")).tobytes())
            for name, value in arrays.items()
        }


def read_checkpoint(path):
    import torch

    names = {torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
             torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL"}
    tensors = {}

    def visit(name, value):
        if isinstance(value, torch.Tensor):
            dense = value.detach().contiguous()
            raw = dense.view(torch.int16) if value.dtype == torch.bfloat16 else dense
            tensors[name] = (names[value.dtype], list(value.shape), raw.numpy().tobytes())
        elif isinstance(value, (dict, list, tuple)):
            for key, item in value.items() if isinstance(value, dict) else enumerate(value):
                visit(f"{name}.{key}" if name else str(key), item)

    # The checkpoints of the tests are trusted; torch before 2.0 has no weights_only.
    visit("", torch.load(path, map_location="cpu"))
    return tensors


def read(path):
    if path.endswith(".safetensors"):
        return read_safetensors(path)
    return read_npz(path) if path.endswith(".npz") else read_checkpoint(path)


def differences(tensors, expected, prefix):
    for name, (dtype, shape, values) in tensors.items():
        other = expected.get(prefix + name)
        if other is None:
            yield f"{prefix + name}: missing"
        elif other[:2] != (dtype, shape):
            yield f"{name}: {dtype} {shape}, expected {other[0]} {other[1]}"
        elif other[2] != values:
            yield f"{name}: other bytes"
    for name in expected:
        if name.startswith(prefix) and name[len(prefix):] not in tensors:
            yield f"{name[len(prefix):]}: missing in the file"


def main():
    parser = argparse.ArgumentParser(description="Reads .safetensors files by the published format.")
    parser.add_argument("file")
    parser.add_argument("--equals", metavar="OTHER")
    parser.add_argument("--prefix", default="")
    arguments = parser.parse_args()
    try:
        tensors = read_safetensors(arguments.file)
    except (ValueError, KeyError, TypeError) as error:
        print(f"{arguments.file}: not valid safetensors: {error}", file=sys.stderr)
        return 1
    if arguments.equals is None:
        for name, (dtype, shape, values) in tensors.items():
            print(name, dtype, json.dumps(shape), hashlib.sha256(values).hexdigest())
        return 0
    try:
        expected = read(arguments.equals)
    except ImportError as error:
        print(f"skipped: {arguments.equals} needs a library that is not installed ({error})", file=sys.stderr)
        return SKIPPED
    found = list(differences(tensors, expected, arguments.prefix))
    for line in found:
        print(f"{arguments.file}: {line}", file=sys.stderr)
    print(f"{arguments.file}: {len(tensors)} tensors compared with {arguments.equals}, {len(found)} differences")
    return 1 if found or not tensors else 0


if __name__ == "__main__":
    sys.exit(main())
