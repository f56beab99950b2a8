#!/usr/bin/env bash
# Takes the guards of guards.txt out of the core, one at a time, and runs the tests of the attack that each is there for: one of them has to fail.
#   tools/guards/remove.sh            all of them
#   tools/guards/remove.sh 5 SEED     five, drawn with a seed (shuf)
#   tools/guards/remove.sh row 26 27  those of some rows
# Works on a copy: the working tree stays as it is. Exit code 1: a guard went and no test noticed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1 LC_ALL=C
# Longer than any of the tests takes; without its guard one may run for ever.
TEST_SECONDS=180

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree
mkdir "$tree"
git ls-files -- NexStream.Core 'Directory.*' global.json .editorconfig | xargs cp --parents -t "$tree"
dotnet build NexStream.Tests -c Release -v q --nologo >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
cp -r NexStream.Tests/bin/Release/net10.0 "$work/tests"

# Numbers of the blocks to take, one a line.
count=$(grep -c '^[0-9]' tools/guards/guards.txt)
if [ "${1:-}" = row ]; then
    shift
    awk -v rows=" $* " '/^[0-9]/ { n++; if (index(rows, " " $1 " ")) print n }' tools/guards/guards.txt >"$work/chosen"
elif [ $# -ge 2 ]; then
    seq "$count" | shuf --random-source=<(yes "$2") -n "$1" | sort -n >"$work/chosen"
else
    seq "$count" >"$work/chosen"
fi

# take_out FILE OLD NEW: puts NEW in the place of every OLD, as text. Fails where there is none.
take_out() {
    OLD=$2 NEW=$3 awk '
        { rest = $0; line = ""
          while ((at = index(rest, ENVIRON["OLD"])) > 0) { found++; line = line substr(rest, 1, at - 1) ENVIRON["NEW"]; rest = substr(rest, at + length(ENVIRON["OLD"])) }
          print line rest }
        END { exit found == 0 }' "$1" >"$work/changed"
    cp "$work/changed" "$1"
}

build_core() {
    dotnet build "$tree/NexStream.Core" -c Release -v q --nologo -p:TreatWarningsAsErrors=false -p:RunAnalyzers=false -p:NoWarn=CS0162%3BCS9113 >"$work/log" 2>&1 ||
        { grep -m 5 'error' "$work/log"; return 1; }
    cp "$tree/NexStream.Core/bin/Release/net10.0/NexStream.Core.dll" "$work/tests/"
}

# Prints how many failed of how many; nothing when the run did not come to an end.
run_tests() {
    timeout -k 5 "$TEST_SECONDS" dotnet test "$work/tests/NexStream.Tests.dll" --filter "$1" >"$work/log" 2>&1 || true
    sed -n 's/^\(Passed\|Failed\)! *- Failed: *\([0-9]*\).*Total: *\([0-9]*\),.*/\2 of \3/p' "$work/log"
}

missed=0
while read -r number; do
    block=$(awk -v n="$number" '/^[0-9]/ { k++ } k == n && /^[-+0-9]/' tools/guards/guards.txt)
    read -r row file method <<<"$(head -n 1 <<<"$block")"
    old=$(sed -n 's/^- //p' <<<"$block")
    new=$(sed -n 's/^+ //p' <<<"$block")
    cp "$tree/$file" "$work/kept"
    result=""
    if ! take_out "$tree/$file" "$old" "$new"; then
        result="NOT FOUND: the text of the guard has changed"
    elif ! build_core; then
        result="NOT BUILT: see above"
    else
        failed=$(run_tests "TestCategory=Attack$row")
        case $failed in
            "0 of"*) result="MISSED: all ${failed#0 of } tests pass without it" ;;
            "") result="noticed: the tests came to no end" ;;
            *) result="noticed: $failed tests fail" ;;
        esac
    fi
    cp "$work/kept" "$tree/$file"
    [[ $result == noticed* ]] || missed=$((missed + 1))
    printf 'row %2d  %-58s %s\n' "$row" "$(basename "$file" .cs).$method" "$result"
done <"$work/chosen"

# The same tests with every guard in its place: what failed above failed for want of one. The table's own tests read the repository, which is elsewhere.
build_core
failed=$(run_tests "FullyQualifiedName~Attacks&FullyQualifiedName!~AttackTableTests")
echo "with all guards: ${failed:-no end} tests fail"
[[ $failed == "0 of"* ]] || exit 1
[ "$missed" -eq 0 ] || { echo "$missed guards went without a test that noticed."; exit 1; }
