#!/usr/bin/env bash
# Counts the instructions that a data frame costs, both ends together, and holds them against docs/evidence/instructions.txt: more or fewer by three
# parts in a hundred is a failure, because then the record is no longer true. Instructions repeat where time does not.
#
#   tools/count-instructions.sh PROGRAM            compares
#   tools/count-instructions.sh PROGRAM --record   writes the record
#
# PROGRAM is the nexstream command, compiled ahead of time (dotnet publish tools/nexstream -c Release -r linux-x64).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
record=docs/evidence/instructions.txt
tolerance_percent=3

# The difference of two runs is the frames alone: starting and connecting cost the same in both, but for a million instructions more or less, which has to be little
# beside it.
few=12800
many=256000

workloads=(
    "--mode ro --frame 1200"
    "--mode ro --frame 1200 --arena-frame 18000"
    "--mode ro --frame 1200 --streams 100"
    "--mode ro --frame 8192"
    "--mode ru --frame 1200"
    "--mode ru --frame 1200 --arena-frame 6000 --call 6000"
    "--mode be --frame 1200"
    "--mode pr --frame 1200"
    "--mode pr --frame 1200 --fec-group 10 --fec-repairs 2"
    "--mode ro --frame 1200 --zero-copy"
    "--mode ro --frame 1200 --zero-copy --call 8400"
    "--mode ro --frame 1200 --zero-copy --call 18000"
    "--mode ro --frame 1200 --zero-copy --call 18000 --congestion cubic"
)

[ $# -ge 1 ] || { sed -n '2,9p' "${BASH_SOURCE[0]}"; exit 2; }
[ "$(uname -m)" = x86_64 ] || { echo "Instructions are recorded for x86-64; this is $(uname -m): not counted."; exit 0; }
command -v valgrind >/dev/null || { echo "valgrind is not here (apt-get install valgrind): instructions are not counted."; exit 0; }

# Alone in a directory: valgrind reads debug information that lies beside a program, and gives up on that of .NET.
alone=$(mktemp -d)
trap 'rm -rf "$alone"' EXIT
cp "$1" "$alone/nexstream"
# What a build that kept its debug information carries inside is no better for valgrind than what lies beside.
if command -v strip >/dev/null; then strip --strip-debug "$alone/nexstream"; fi
[ ! -e "$(dirname "$1")/libnexlink.so" ] || cp "$(dirname "$1")/libnexlink.so" "$alone/"

count() {
    valgrind --tool=callgrind --callgrind-out-file="$alone/out" "$alone/nexstream" perf "$@" >/dev/null 2>"$alone/log" || { cat "$alone/log" >&2; return 1; }
    awk '/^(summary|totals):/ { print $2; exit }' "$alone/out"
}

per_frame() {
    local first second
    first=$(count "$@" --count $few) || return 1
    second=$(count "$@" --count $many) || return 1
    echo $(((second - first + (many - few) / 2) / (many - few)))
}

if [ "${2:-}" = --record ]; then
    { echo "# Instructions for a data frame, both ends together: nexstream perf under valgrind --tool=callgrind, written by tools/count-instructions.sh."
      for workload in "${workloads[@]}"; do
          # shellcheck disable=SC2086
          frame=$(per_frame $workload) || exit 1
          printf '%6d  %s\n' "$frame" "$workload"
      done; } >"$alone/record"
    cp "$alone/record" "$record"
    cat "$record"
    exit 0
fi

status=0
for workload in "${workloads[@]}"; do
    was=$(awk -v w="$workload" '{ n = $1; sub(/^ *[0-9]+ +/, ""); if ($0 == w) print n }' "$record")
    [ -n "$was" ] || { echo "$record has no line for \"$workload\": run with --record."; status=1; continue; }
    # shellcheck disable=SC2086
    now=$(per_frame $workload) || { echo "\"$workload\" was not counted."; exit 1; }
    printf '%6d instructions a frame, recorded %6d  %s\n' "$now" "$was" "$workload"
    if [ $(((now > was ? now - was : was - now) * 100)) -gt $((was * tolerance_percent)) ]; then
        echo "That differs by more than $tolerance_percent %: mend what made it slower, or record what made it faster (--record)."
        status=1
    fi
done
exit $status
