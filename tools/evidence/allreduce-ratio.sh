#!/usr/bin/env bash
# How long the all-reduce of tools/examples takes over NexStream, divided by its time over kernel TCP in the same run: of each the slowest process.
#   tools/evidence/allreduce-ratio.sh PROCESSES MIB
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ $# -eq 2 ] || { sed -n '2,3p' "${BASH_SOURCE[0]}"; exit 2; }
said=$(dotnet run -c Release --project tools/examples/allreduce -- "$1" "$2")
echo "$said"
# nexstream process 0: 67108864 bytes summed over 4 processes in 2.615 s, all right
awk '{ for (i = 1; i < NF; i++) if ($i == "in" && $(i + 1) > slowest[$1]) slowest[$1] = $(i + 1) }
    END { printf "ratio %.2f: %.3f s to %.3f s\n", slowest["nexstream"] / slowest["tcp"], slowest["nexstream"], slowest["tcp"] }' <<<"$said"
