#!/usr/bin/env bash
# Writes the public surface of the two libraries into their PublicAPI.Unshipped.txt, so that a change of it shows in review.
set -euo pipefail
cd "$(dirname "$0")/.."
for project in NexStream.Core NexStream.Driver; do
    echo '#nullable enable' > "$project/PublicAPI.Unshipped.txt"
    symbols=$(dotnet build "$project" -t:Rebuild 2>&1 | sed -n "s/.*warning RS0016: Symbol '\(.*\)' is not part of the declared public API.*/\1/p" | LC_ALL=C sort -u)
    { echo '#nullable enable'; [ -z "$symbols" ] || echo "$symbols"; } > "$project/PublicAPI.Unshipped.txt"
    echo "$project: $(($(wc -l < "$project/PublicAPI.Unshipped.txt") - 1)) symbols"
done
