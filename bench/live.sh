#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Does live capture keep up? Sends packets of 64 to 1500 bytes at a given rate from one network namespace to
# another and compares what was sent with what `quaywatch live` took in there with one worker.
#
#   bench/live.sh [PACKETS_PER_SECOND] [SECONDS]        default 500000 10; needs root
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
rate=${1:-500000}
seconds=${2:-10}
program=build/release/quaywatch
[[ $(id -u) -eq 0 ]] || { echo 'bench/live.sh needs root for its network namespaces' >&2; exit 1; }
[[ -x $program ]] || { echo "$program is not there; run ./dev build" >&2; exit 1; }

name=qwbench$$
work=$(mktemp -d)
cleanup() {
  ip netns pids "$name-a" 2>/dev/null | xargs -r kill 2>/dev/null || true
  ip netns pids "$name-b" 2>/dev/null | xargs -r kill 2>/dev/null || true
  ip netns del "$name-a" 2>/dev/null || true
  ip netns del "$name-b" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

ip netns add "$name-a"
ip netns add "$name-b"
ip -n "$name-a" link add eth0 type veth peer name eth0 netns "$name-b"
for end in a b; do
  ip netns exec "$name-$end" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
  ip -n "$name-$end" link set eth0 up
done

# 20,000 frames of 500 flows; sizes evenly from 64 to 1500 bytes.
python3 - "$work/frames.pcap" <<'PY'
import random, struct, sys
rnd = random.Random(1)
with open(sys.argv[1], 'wb') as out:
    out.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
    for i in range(20000):
        size = rnd.randrange(64, 1501)
        flow = rnd.randrange(500)
        payload = bytes(rnd.randrange(256) for _ in range(8)) * (size // 8 + 1)
        udp_length = size - 34
        header = struct.pack('>BBHHHBBH4s4s', 0x45, 0, size - 14, i & 0xffff, 0, 64, 17, 0,
                             bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]))
        total = sum(struct.unpack('>10H', header))
        total = (total & 0xffff) + (total >> 16)
        header = header[:10] + struct.pack('>H', 0xffff - ((total & 0xffff) + (total >> 16))) + header[12:]
        frame = bytes.fromhex('0200000000020200000000010800') + header + \
            struct.pack('>HHHH', 20000 + flow, 9999, udp_length, 0) + payload[:udp_length - 8]
        out.write(struct.pack('<IIII', i // 1000000, i % 1000000, len(frame), len(frame)) + frame)
PY

ip netns exec "$name-b" "$program" live -i eth0 --log-dir "$work/logs" 2>"$work/sensor" &
sensor=$!
sleep 1
ip netns exec "$name-a" tcpreplay --preload-pcap --quiet --intf1=eth0 --pps="$rate" \
  --loop=$((rate * seconds / 20000)) "$work/frames.pcap" >"$work/sender" 2>&1
sleep 1
kill -TERM "$sensor"
wait "$sensor"
grep -E '^Actual|^Rated' "$work/sender"
cat "$work/sensor"
sent=$(sed -nE 's/^Actual: ([0-9]+) packets.*/\1/p' "$work/sender")
lost=$(awk -F'\t' '/^#fields/{for(i=2;i<=NF;i++)c[$i]=i-1} !/^#/{d+=$c["dropped"]; r+=$c["received"]} END{print d, r}' "$work/logs/capture_loss.log")
echo "sent $sent, dropped and received: $lost"
