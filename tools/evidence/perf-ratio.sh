#!/usr/bin/env bash
# What a data frame costs with some options of nexstream perf, divided by what it costs with others: medians of ROUNDS runs of each, in turn.
#   tools/evidence/perf-ratio.sh PROGRAM "OPTIONS" "OPTIONS"
set -euo pipefail
ROUNDS=5

[ $# -eq 3 ] || { sed -n '2,3p' "${BASH_SOURCE[0]}"; exit 2; }
program=$1

# cost OPTIONS: nanoseconds for a data frame.
cost() {
    local result
    # shellcheck disable=SC2086
    result=$("$program" perf --json $1)
    sed -n 's/.*"ns_per_data_frame":\([0-9.]*\).*/\1/p' <<<"$result"
}

median() { sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

upper="" lower=""
for _ in $(seq $ROUNDS); do
    upper="$upper$(cost "$2")
"
    lower="$lower$(cost "$3")
"
done
awk -v u="$(median <<<"${upper%?}")" -v l="$(median <<<"${lower%?}")" 'BEGIN { printf "ratio %.3f: %.1f ns to %.1f ns\n", u / l, u, l }'
