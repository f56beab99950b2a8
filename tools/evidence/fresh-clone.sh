#!/usr/bin/env bash
# Clones the repository as it is committed, and does there what somebody does who has just cloned it.
#   tools/evidence/fresh-clone.sh readme TEXT        runs README's two commands; what they print has to contain TEXT
#   tools/evidence/fresh-clone.sh readme-sdk TEXT    the same with no C compiler on the path, and CC not set
#   tools/evidence/fresh-clone.sh ci                 runs .ci/run
# Says how long it took; the exit code is that of what was run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ $# -ge 1 ] || { sed -n '2,6p' "${BASH_SOURCE[0]}"; exit 2; }
kind=$1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git clone --quiet . "$work/clone"
path=$PATH

# Everything that is on the path, but for compilers, assemblers and linkers.
hide_compilers() {
    local program
    mkdir "$work/bin"
    while IFS= read -r program; do
        case ${program##*/} in
            cc | c89* | c99* | cpp* | c++* | gcc* | g++* | clang* | ld | ld.* | lld* | as | tcc | *-gcc* | *-g++* | *-cpp* | *-clang* | *-ld | *-ld.* | *-as) ;;
            *) [ -e "$work/bin/${program##*/}" ] || ln -s "$program" "$work/bin/" ;;
        esac
    done < <(tr ':' '\n' <<<"$PATH" | while IFS= read -r folder; do find "$folder" -maxdepth 1 \( -type f -o -type l \) -executable 2>/dev/null || true; done)
    path=$work/bin
}

# The first fenced block of README.md that says "sh".
quick_start() { awk '/^```sh$/ { in_block = 1; next } /^```/ { if (in_block) exit } in_block && NF' README.md; }

readme() {
    quick_start >"$work/commands"
    [ "$(wc -l <"$work/commands")" -eq 2 ] || { echo "README's quick start does not have two commands."; return 1; }
    env -u CC PATH="$path" bash -euo pipefail "$work/commands" 2>&1 | tee "$work/said" || return 1
    grep -q -- "$1" "$work/said" || { echo "Nothing says \"$1\"."; return 1; }
}

[ "$kind" != readme-sdk ] || hide_compilers
cd "$work/clone"
start=$SECONDS
status=0
case $kind in
    readme | readme-sdk) readme "${2:-}" || status=$? ;;
    ci) bash .ci/run || status=$? ;;
    *) echo "readme, readme-sdk or ci?"; status=2 ;;
esac
echo "took $((SECONDS - start)) s"
exit $status
