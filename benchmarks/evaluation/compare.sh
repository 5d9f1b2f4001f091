#!/usr/bin/env bash
# Builds the lab's side and runs compare.py, whose options it takes:
#   benchmarks/evaluation/compare.sh --pytorch-fid DIR --torch-fidelity DIR
# Needs Python (PYTHON says which) with torch, torchvision, scipy, PIL and tqdm; on Debian also libopenblas0-pthread, without which
# scipy's roots take much longer.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
dotnet build "$root/MfRae.Lab.csproj" --nologo -v quiet >&2
dotnet build "$root/benchmarks" --nologo -v quiet >&2
built=$root/.artifacts/bin
exec "${PYTHON:-python3}" "$root/benchmarks/evaluation/compare.py" --lab "$built/MfRae.Lab/debug/MfRae.Lab" \
  --benchmarks "$built/MfRae.Lab.Benchmarks/debug/MfRae.Lab.Benchmarks" "$@"
