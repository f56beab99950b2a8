#!/usr/bin/env bash
# Changes the core in small ways, one at a time, and sees whether a test fails (Stryker.NET, of .config/dotnet-tools.json); writes docs/evidence/mutation.md.
#   tools/mutation/run.sh                                  what stryker-config.json names: recovery, flow control, codec
#   tools/mutation/run.sh --mutate 'Fec/**/*.cs' ...       other options of Stryker; nothing is written then
# Exit code 1: fewer than 85 % were noticed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
output=$(mktemp -d)
trap 'rm -rf "$output"' EXIT
dotnet tool restore >/dev/null
status=0
(cd NexStream.Tests && nice -n 15 dotnet stryker --config-file ../tools/mutation/stryker-config.json --output "$output" --skip-version-check "$@") || status=$?
report=$(find "$output" -name mutation-report.json)
[ -n "$report" ] || { echo "Stryker left no report."; exit 1; }
if [ $# -eq 0 ]; then
    dotnet run -c Release --project tools/evidence -- mutation "$report" tools/mutation/survivors.txt >"$output/mutation.md"
    cp "$output/mutation.md" docs/evidence/mutation.md
else
    dotnet run -c Release --project tools/evidence -- mutation "$report" tools/mutation/survivors.txt
fi
exit $status
