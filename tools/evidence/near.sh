#!/usr/bin/env bash
# Runs a measurement between two cores until the host has kept them near each other all the time: a cache line's round trip below NEAR_NS before and after.
# Prints the result that counts. Exit code 1: the host kept them apart TRIES times; the last result is printed, and counts for nothing.
#   tools/evidence/near.sh PROGRAM perf --link shm --json ...
set -euo pipefail
NEAR_NS=120
TRIES=15

[ $# -gt 1 ] || { sed -n '2,4p' "${BASH_SOURCE[0]}"; exit 2; }
for _ in $(seq $TRIES); do
    result=$("$@")
    trips=$(sed -n 's/.*"cacheline_rtt_ns":\([0-9.]*\),"cacheline_rtt_ns_after":\([0-9.]*\).*/\1 \2/p' <<<"$result")
    if awk -v near=$NEAR_NS '{ exit !($1 > 0 && $1 <= near && $2 <= near) }' <<<"$trips"; then
        echo "$result"
        exit 0
    fi
done
echo "$result"
echo "the two cores were never near each other in $TRIES tries"
exit 1
