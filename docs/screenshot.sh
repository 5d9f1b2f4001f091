#!/usr/bin/env bash
# Renders docs/report.png, the picture of a report in README.md, from a published page: docs/screenshot.sh
# Needs only chromium, or the browser in the variable CHROMIUM. The page loads nothing from the network.
set -euo pipefail
cd "$(dirname "$0")/.."

browser=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome)} || {
  echo 'docs/screenshot.sh: chromium is not installed. Set CHROMIUM to the path of a browser' >&2
  exit 4
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The picture contains only the verdict, the first table and the training curves. Style and script stay unchanged, because the
# page's policy lists them by hash.
awk '
  /<section id="/ { results = /"results"/; if (!/"(verdicts|results|curves)"/) drop = 1 }
  /<h3>Quality by arm/ { drop = 1 }
  /<h3>Training/ { drop = 0 }
  !drop { print }
  results && /<\/table>/ { print "</section>"; drop = 1; results = 0 }
  /<\/section>/ { drop = 0 }
' reports/published/ablation-lambda.html > "$work/page.html"

# Always use the light colour scheme.
"$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
  --disable-component-update --disable-sync --hide-scrollbars --blink-settings=preferredColorScheme=1 \
  --user-data-dir="$work/profile" --window-size=1200,2125 --screenshot="$PWD/docs/report.png" "file://$work/page.html" 2>/dev/null
echo docs/report.png
