#!/usr/bin/env bash
# Takes docs/report.png, the picture of a report in README.md, from a shipped page: docs/screenshot.sh
# Needs chromium (or the browser that CHROMIUM names) and nothing else; the page asks nothing of any network.
set -euo pipefail
cd "$(dirname "$0")/.."

browser=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome)} || {
  echo 'docs/screenshot.sh: no chromium is installed here; CHROMIUM may name a browser' >&2
  exit 4
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A picture is no page: of the sections it has the verdict, the first table and curves of training. What is left out changes neither
# style nor script, which the page's policy knows by their hashes.
awk '
  /<section id="/ { results = /"results"/; if (!/"(verdicts|results|curves)"/) drop = 1 }
  /<h3>Quality by arm/ { drop = 1 }
  /<h3>Training/ { drop = 0 }
  !drop { print }
  results && /<\/table>/ { print "</section>"; drop = 1; results = 0 }
  /<\/section>/ { drop = 0 }
' reports/published/ablation-lambda-8.html > "$work/page.html"

# A system may prefer dark; the picture does not.
"$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
  --disable-component-update --disable-sync --hide-scrollbars --blink-settings=preferredColorScheme=1 \
  --user-data-dir="$work/profile" --window-size=1200,2125 --screenshot="$PWD/docs/report.png" "file://$work/page.html" 2>/dev/null
echo docs/report.png
