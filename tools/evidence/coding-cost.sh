#!/usr/bin/env bash
# What a message with repairs (PR, 2 for 10) costs, as a part of what it may: 1.5 times one without (BE) plus what ISA-L takes to make the same repairs.
# Medians of ROUNDS runs of each, in turn.
#   tools/evidence/coding-cost.sh PROGRAM ISAL      ISAL: a program of tools/peers/native
set -euo pipefail
ROUNDS=5

[ $# -eq 2 ] || { sed -n '2,4p' "${BASH_SOURCE[0]}"; exit 2; }
[ -x "$2" ] || { echo "$2 is not there: it needs ISA-L (apt-get install libisal-dev)"; exit 1; }

median() { sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

figure() { sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p"; }

pr="" be="" isal=""
for _ in $(seq $ROUNDS); do
    pr="$pr$("$1" perf --json --mode pr --fec-group 10 --fec-repairs 2 | figure ns_per_data_frame)
"
    isal="$isal$("$2" 10,2 --size 1200 | figure ns_per_packet)
"
    be="$be$("$1" perf --json --mode be | figure ns_per_data_frame)
"
done
awk -v p="$(median <<<"${pr%?}")" -v b="$(median <<<"${be%?}")" -v i="$(median <<<"${isal%?}")" \
    'BEGIN { printf "PR %.1f ns, BE %.1f ns, ISA-L %.1f ns: %.3f of what it may cost\n", p, b, i, p / (1.5 * b + i) }'
