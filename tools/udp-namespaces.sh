#!/usr/bin/env bash
# udp-namespaces.sh NEXSTREAM - sends files over udp between network namespaces that it makes and takes away again:
#   both ways, over IPv4 and IPv6, in every mode; each file's SHA-256 is compared;
#   over a link of 100 Mbit/s (tc tbf), beside kernel TCP (iperf3) in turn: prints the ratio of what both got, which must reach RATIO_MIN;
#   with a client whose address changes, and one behind a NAT that gives it another address (nftables), in mid-transfer.
# Exit code 77, with the reason: this machine or user cannot make namespaces. What only lacks a tool is left out, and said so.
set -euo pipefail

RATIO_MIN=0.93  # of what TCP gets: headers leave NexStream 0.96 at most (1392 of 1514 bytes of a frame are content, TCP has 1448)
RATE=100mbit
BURST=32kb      # what tbf lets through at once: about twenty frames
LATENCY=50ms    # the longest queue
FILE_MIB=8      # for the modes
MOVED_MIB=32    # three seconds at the rate, in the first of which the address changes
LONG_MIB=96     # eight seconds, so that starting a process does not count
ROUNDS=2        # of TCP and NexStream in turn; the better of each counts, because others may use the machine
PATIENCE=60     # seconds for any one transfer, after which it has failed

[ $# -eq 1 ] || { echo "usage: udp-namespaces.sh NEXSTREAM" >&2; exit 2; }
nexstream=$(realpath "$1")

skip() { echo "skipped: $1"; exit 77; }
[ "$(uname -s)" = Linux ] || skip "network namespaces are Linux's"
[ "$(id -u)" -eq 0 ] || skip "making network namespaces takes root"
command -v ip >/dev/null && command -v tc >/dev/null || skip "ip and tc are not there (Debian: iproute2)"

id=nxs$$
a=$id-a b=$id-b c=$id-c
work=$(mktemp -d)
cleanup() {
    local namespace process
    for namespace in "$a" "$b" "$c"; do
        for process in $(ip netns pids "$namespace" 2>/dev/null); do kill "$process" 2>/dev/null || true; done
        ip netns del "$namespace" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap cleanup EXIT
ip netns add "$a" 2>"$work/why" || skip "no network namespace can be made here: $(cat "$work/why")"
ip netns add "$b"
ip netns add "$c"
ip -n "$a" link add outside type veth peer name outside netns "$b" 2>"$work/why" || skip "no veth pair can be made here: $(cat "$work/why")"
ip -n "$a" link add inside type veth peer name inside netns "$c"
for namespace in "$a" "$b" "$c"; do ip -n "$namespace" link set lo up; done
ip -n "$a" addr add 192.0.2.1/24 dev outside
ip -n "$b" addr add 192.0.2.2/24 dev outside
ip -n "$a" addr add 2001:db8::1/64 dev outside nodad
ip -n "$b" addr add 2001:db8::2/64 dev outside nodad
ip -n "$a" addr add 198.51.100.1/24 dev inside
ip -n "$c" addr add 198.51.100.2/24 dev inside
ip -n "$a" link set outside up
ip -n "$b" link set outside up
ip -n "$a" link set inside up
ip -n "$c" link set inside up
ip -n "$c" route add default via 198.51.100.1

head -c $((FILE_MIB * 1048576)) /dev/urandom >"$work/small"
head -c $((MOVED_MIB * 1048576)) /dev/urandom >"$work/moved"
head -c $((LONG_MIB * 1048576)) /dev/urandom >"$work/long"
failed=0
port=4433

# listens NAMESPACE KIND PORT: waits until somebody does, because a call that nobody takes is repeated after a second only. KIND: tcp or udp.
listens() {
    local try
    for try in $(seq 100); do
        ip netns exec "$1" ss --no-header --listening --numeric "--$2" | grep -q ":$3 " && return 0
        sleep 0.1
    done
    echo "nobody listens at $2 port $3"
    return 1
}

# transfer FROM TO ADDRESS MODE FILE [COMMAND...]: sends a file, runs the command a second after that began, and compares. Sets goodput.
transfer() {
    local from=$1 to=$2 address=$3 mode=$4 file=$5 receiver sender status=0
    shift 5
    port=$((port + 1))
    rm -rf "$work/out"
    ip netns exec "$to" timeout "$PATIENCE" "$nexstream" receive --listen "udp::$port" --out "$work/out" --once --json >"$work/received" &
    receiver=$!
    listens "$to" udp "$port" || { failed=1; return 0; }
    ip netns exec "$from" timeout "$PATIENCE" "$nexstream" send "$work/$file" --to "udp:$address:$port" --mode "$mode" --json >"$work/sent" &
    sender=$!
    [ $# -eq 0 ] || { sleep 1; "$@"; }
    wait "$sender" || status=$?
    wait "$receiver" || status=$?
    goodput=$(sed -n 's/.*"goodput_mbps":\([0-9.]*\).*/\1/p' "$work/sent")
    if [ $status -ne 0 ] || [ "$(sha256sum <"$work/$file")" != "$(sha256sum 2>/dev/null <"$work/out/$file")" ]; then
        echo "FAILED (exit code $status)"
        cat "$work/sent" "$work/received"
        failed=1
        return 0
    fi
    printf 'SHA-256 equal, %.1f Mbit/s\n' "$goodput"
}

for mode in ro ru be pr; do
    printf '%s over IPv4, a to b: ' $mode; transfer "$a" "$b" 192.0.2.2 $mode small
    printf '%s over IPv6, b to a: ' $mode; transfer "$b" "$a" '[2001:db8::1]' $mode small
done

for namespace in "$a" "$b"; do ip netns exec "$namespace" tc qdisc add dev outside root tbf rate $RATE burst $BURST latency $LATENCY; done

if command -v iperf3 >/dev/null; then
    best_tcp=0 best_udp=0
    for round in $(seq $ROUNDS); do
        ip netns exec "$b" timeout "$PATIENCE" iperf3 --server --one-off >/dev/null &
        server=$!
        listens "$b" tcp 5201
        ip netns exec "$a" timeout "$PATIENCE" iperf3 --client 192.0.2.2 --bytes "${LONG_MIB}M" --json >"$work/tcp"
        wait $server
        tcp=$(awk '/"sum_received"/ { found = 1 } found && /"bits_per_second"/ { gsub(/[^0-9.e+]/, "", $2); print $2 / 1e6; exit }' "$work/tcp")
        printf 'round %d of %d: TCP %.1f Mbit/s, NexStream: ' "$round" $ROUNDS "$tcp"
        transfer "$a" "$b" 192.0.2.2 ro long
        best_tcp=$(awk "BEGIN { print ($tcp > $best_tcp) ? $tcp : $best_tcp }")
        best_udp=$(awk "BEGIN { print (${goodput:-0} > $best_udp) ? ${goodput:-0} : $best_udp }")
    done
    awk -v u="$best_udp" -v t="$best_tcp" -v min=$RATIO_MIN 'BEGIN { printf "ratio to TCP at '$RATE': %.3f (at least %.2f)\n", u / t, min; exit (u / t < min) }' || failed=1
else
    echo "left out: the comparison with TCP, because iperf3 is not there"
fi

printf 'be over the shaped link, which drops some of it: '
transfer "$b" "$a" 192.0.2.1 be small

# The new address comes when the old one is gone: the first of a network takes those added later with it.
move() {
    ip -n "$a" addr del 192.0.2.1/24 dev outside
    ip -n "$a" addr add 192.0.2.11/24 dev outside
}
printf 'client whose address changes: '
transfer "$a" "$b" 192.0.2.2 ro moved move

# When an address goes, masquerading forgets what went out from it: the next packet leaves from the new one, with another port.
rebind() {
    ip -n "$a" addr del 192.0.2.11/24 dev outside
    ip -n "$a" addr add 192.0.2.12/24 dev outside
}
if ip netns exec "$a" nft 'add table ip nat; add chain ip nat post { type nat hook postrouting priority 100; }; add rule ip nat post oifname outside masquerade fully-random' 2>"$work/why" \
    && ip netns exec "$a" sysctl -q -w net.ipv4.ip_forward=1; then
    printf 'client behind a NAT that rebinds: '
    transfer "$c" "$b" 192.0.2.2 ro moved rebind
else
    echo "left out: the NAT, because nftables cannot be used here: $(head -n 1 "$work/why")"
fi
[ $failed -eq 0 ] && echo "all transfers complete"
exit $failed
