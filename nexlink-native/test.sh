#!/bin/sh
# test.sh - builds and runs the tests plain, under AddressSanitizer with UndefinedBehaviorSanitizer, and under ThreadSanitizer; then the same plain
# library as build.sh makes it. The last line is the sum: "N passed, N failed".
set -u
here=$(cd "$(dirname "$0")" && pwd)
passed=0
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

count() { # count FILE: adds up the lines that the test programs end with
    passed=$((passed + $(sed -n 's/^\([0-9][0-9]*\) passed, [0-9][0-9]* failed$/\1/p' "$1" | awk '{ n += $1 } END { print n + 0 }')))
    failed=$((failed + $(sed -n 's/^[0-9][0-9]* passed, \([0-9][0-9]*\) failed$/\1/p' "$1" | awk '{ n += $1 } END { print n + 0 }')))
}

# A program that a sanitizer stopped, or that never came to its last line, is one failure.
run() { # run NAME COMMAND...
    name=$1
    shift
    "$@" >"$log" 2>&1
    status=$?
    count "$log"
    if [ $status -ne 0 ] || ! grep -q '^[0-9][0-9]* passed, [0-9][0-9]* failed$' "$log"; then
        grep -q '^[0-9][0-9]* passed, [1-9][0-9]* failed$' "$log" || failed=$((failed + 1))
        sed "s/^/[$name] /" "$log" >&2
    fi
}

for sanitizer in none address thread; do
    build="$here/build-test-$sanitizer"
    option=$sanitizer
    [ "$sanitizer" = none ] && option=
    if ! { cmake -S "$here" -B "$build" -DNEXLINK_SANITIZE="$option" && cmake --build "$build" -j 2; } >"$log" 2>&1; then
        grep -v "^\[ *[0-9]*%\]\|^-- " "$log" >&2 # without the lines that tell of progress
        failed=$((failed + 1))
        continue
    fi
    before=$passed
    # ThreadSanitizer of older compilers cannot place its shadow where the kernel randomizes addresses widely.
    fixed=
    [ "$sanitizer" = thread ] && setarch "$(uname -m)" -R true 2>/dev/null && fixed="setarch $(uname -m) -R"
    for program in "$build"/tests/test_*; do
        case $program in
            */test_library) run "$sanitizer library" $fixed timeout 120 "$program" "$build/libnexlink.so" ;;
            *) [ -x "$program" ] && [ -f "$program" ] && run "$sanitizer ${program##*/test_}" $fixed timeout 120 "$program" ;;
        esac
    done
    # Long enough for ThreadSanitizer to see both ends at every pace; for minutes: soak_rings SECONDS.
    [ "$sanitizer" = thread ] && run "thread soak" $fixed timeout 120 "$build/tests/soak_rings" 4
    echo "$sanitizer: $((passed - before)) passed"
done

plain="$here/build-test-plain"
if "$here/build.sh" "$plain"; then
    run "build.sh library" timeout 120 "$here/build-test-none/tests/test_library" "$plain/libnexlink.so"
else
    failed=$((failed + 1))
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
