#!/usr/bin/env bash
# Builds the lab and runs check.py with a checkout of the public code:
#   benchmarks/released/check.sh CHECKOUT
# Needs Python (PYTHON says which) with torch and numpy.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
dotnet build "$root/MfRae.Lab.csproj" -c Release --nologo -v quiet >&2
exec "${PYTHON:-python3}" "$root/benchmarks/released/check.py" --mf-rae "$1" --lab "$root/.artifacts/bin/MfRae.Lab/release/MfRae.Lab" "${@:2}"
