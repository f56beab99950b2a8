#!/usr/bin/env bash
# Writes the public surface of the two libraries into their PublicAPI.Unshipped.txt, so that a change of it shows in review.
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_UI_LANGUAGE=en
work=$(mktemp -d)
emptied=""
# A file that was emptied comes back, whatever happens.
trap '[ -z "$emptied" ] || cp "$work/declared" "$emptied"; rm -rf "$work"' EXIT

# In CI a gap is an error, where a warning is looked for.
build() { env -u CI dotnet build "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }; }

for project in NexStream.Core NexStream.Driver; do
    declared=$project/PublicAPI.Unshipped.txt
    # What does not compile has no surface.
    build "$project"
    cp "$declared" "$work/declared"
    emptied=$declared
    echo '#nullable enable' >"$declared"
    build "$project" -t:Rebuild
    symbols=$(sed -n "s/.*warning RS0016: Symbol '\(.*\)' is not part of the declared public API.*/\1/p" "$work/log" | LC_ALL=C sort -u)
    [ -n "$symbols" ] || { echo "$project: the build named no symbol." >&2; exit 1; }
    { echo '#nullable enable'; echo "$symbols"; } >"$declared.new"
    mv "$declared.new" "$declared"
    emptied=""
    echo "$project: $(wc -l <<<"$symbols") symbols"
done
