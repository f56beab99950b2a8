#!/usr/bin/env bash
# Sends a file of 1 GiB from one process to another over shared memory.
#   tools/evidence/shm-file.sh NEXSTREAM whole      and compares SHA-256
#   tools/evidence/shm-file.sh NEXSTREAM killed     kills the receiver half-way: says when the sender ended and with what, and sends to a new receiver of that name
set -euo pipefail
MIB=1024
# Longer than an idle connection lives.
PATIENCE=90

[ $# -eq 2 ] || { sed -n '2,4p' "${BASH_SOURCE[0]}"; exit 2; }
nexstream=$1
name=evidence-$$
receiver=""
work=$(mktemp -d)
trap '[ -z "$receiver" ] || kill -9 "$receiver" 2>/dev/null || true; rm -rf "$work"' EXIT

# receive DIR: starts a receiver, and waits until it listens.
receive() {
    local try
    "$nexstream" receive --listen "shm:$name" --out "$work/$1" --once --json >"$work/$1.said" 2>&1 &
    receiver=$!
    for try in $(seq 100); do
        ! grep -q "$name" /proc/net/unix || return 0
        sleep 0.1
    done
    echo "nobody listens"
    cat "$work/$1.said"
    return 1
}

# written PROCESS: bytes that a process has written to files.
written() { awk '/^wchar/ { print $2 }' "/proc/$1/io"; }

same() { [ "$(sha256sum <"$1")" = "$(sha256sum <"$2")" ] || { echo "SHA-256 differs"; exit 1; }; }

head -c ${MIB}M /dev/urandom >"$work/big"
case $2 in
    whole)
        receive out
        timeout $PATIENCE "$nexstream" send "$work/big" --to "shm:$name" --json
        wait "$receiver"
        receiver=""
        same "$work/big" "$work/out/big"
        echo "$MIB MiB, SHA-256 equal"
        ;;
    killed)
        receive lost
        timeout $PATIENCE "$nexstream" send "$work/big" --to "shm:$name" >"$work/sent" 2>&1 &
        sender=$!
        until [ "$(written "$receiver")" -ge $((MIB * 1048576 / 2)) ]; do sleep 0.01; done
        kill -9 "$receiver"
        killed=$(date +%s.%N)
        status=0
        wait "$sender" || status=$?
        awk -v from="$killed" -v to="$(date +%s.%N)" 'BEGIN { printf "the sender ended %.2f s after the kill\n", to - from }'
        wait "$receiver" 2>/dev/null || true
        receiver=""
        # 4: the other process ended before everything was done (docs/cli.md).
        grep -q "ended" "$work/sent" && [ $status -eq 4 ] || { echo "exit code $status: $(cat "$work/sent")"; exit 1; }
        head -c 8M "$work/big" >"$work/next"
        receive out
        timeout $PATIENCE "$nexstream" send "$work/next" --to "shm:$name" --json
        wait "$receiver"
        receiver=""
        same "$work/next" "$work/out/next"
        echo "a new receiver of the same name has the next file"
        ;;
    *) echo "whole or killed?"; exit 2 ;;
esac
