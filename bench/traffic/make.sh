#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes a trace for benchmarks: real servers and clients in two network namespaces joined by a veth pair,
# all loads at the same time, captured with tcpdump at the servers' end. Frames are as on a wire: at most
# 1514 bytes, checksums right. Stops when the trace is as large as asked for and cleans up.
set -euo pipefail

megabytes=500
out=build/bench/servers.pcap

usage() {
  cat <<EOF
usage: bench/traffic/make.sh [--size MEGABYTES] [--out FILE]
  --size   of the trace (default $megabytes)
  --out    where to write it (default $out)
Needs root and: ip, tcpdump, python3, nginx, wrk, openssl, curl, redis-server, redis-benchmark, dnsmasq,
and dnsperf or dig.
EOF
}

while [ $# -gt 0 ]; do
  case $1 in
    --size) megabytes=${2:?--size needs a number}; shift 2 ;;
    --out) out=${2:?--out needs a file}; shift 2 ;;
    -h|--help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done

[ "$(id -u)" = 0 ] || { echo "make.sh: run as root: it makes network namespaces" >&2; exit 1; }
PATH=$PATH:/usr/sbin:/sbin
missing=
for tool in ip tcpdump python3 nginx wrk openssl curl redis-server redis-benchmark dnsmasq; do
  command -v $tool > /dev/null || missing="$missing $tool"
done
command -v dnsperf > /dev/null || command -v dig > /dev/null || missing="$missing dnsperf"
[ -z "$missing" ] || { echo "make.sh: please install:$missing" >&2; exit 1; }

servers=qw-bench-servers-$$ clients=qw-bench-clients-$$
work=$(mktemp -d)
pids=()
at_servers() { ip netns exec "$servers" "$@"; }
at_clients() { ip netns exec "$clients" "$@"; }

clean_up() {
  trap - EXIT INT TERM
  for pid in "${pids[@]}"; do kill "$pid" 2> /dev/null || true; done
  # Whatever else was started here lives in the two namespaces and nowhere else.
  for ns in "$servers" "$clients"; do
    ip netns pids "$ns" 2> /dev/null | xargs -r kill 2> /dev/null || true
    ip netns del "$ns" 2> /dev/null || true
  done
  wait 2> /dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# --- the network: 10.50.0.1 and fd50::1 serve, .2 and ::2 ask -----------------------------------------

# Segmentation and checksums are left to nobody (the ETHTOOL_S... ioctls; ethtool need not be installed).
offloads_off() {
  "$1" python3 -c '
import ctypes, fcntl, socket, struct, sys
control = socket.socket()
for command in (0x17, 0x19, 0x1f, 0x24, 0x2c):  # transmit checksums, scatter-gather, TSO, GSO, GRO
    value = ctypes.create_string_buffer(struct.pack("II", command, 0))
    fcntl.ioctl(control, 0x8946, struct.pack("16sP16x", sys.argv[1].encode(), ctypes.addressof(value)))
' "$2"
}

ip netns add "$servers"
ip netns add "$clients"
ip -n "$servers" link add eth0 type veth peer name eth0 netns "$clients"
for side in servers clients; do
  ns=${!side} host=$([ $side = servers ] && echo 1 || echo 2)
  ip -n "$ns" link set lo up
  ip -n "$ns" link set eth0 up
  ip -n "$ns" addr add "10.50.0.$host/24" dev eth0
  ip -n "$ns" addr add "fd50::$host/64" dev eth0 nodad 2> /dev/null || true
  offloads_off at_$side eth0
  # Closed connections hold their ports for a minute, and churn needs many.
  at_$side sysctl -qw net.ipv4.tcp_tw_reuse=1 net.ipv4.ip_local_port_range="10000 65000" || true
done

# --- the servers ---------------------------------------------------------------------------------------

mkdir "$work/www" "$work/redis"
for kilobytes in 1 8 64; do head -c ${kilobytes}k /dev/urandom | base64 -w 76 > "$work/www/${kilobytes}k.txt"; done
head -c 64M /dev/urandom > "$work/www/elephant.bin"
openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=bench.test -addext subjectAltName=DNS:bench.test \
  -keyout "$work/key.pem" -out "$work/cert.pem" 2> /dev/null
chmod -R a+rX "$work"
cat > "$work/nginx.conf" <<EOF
worker_processes 1;
daemon off;
pid $work/nginx.pid;
error_log $work/nginx.err;
events { worker_connections 4096; }
http {
  access_log off;
  types { text/plain txt; }
  keepalive_requests 100000;
  client_body_temp_path $work/body; proxy_temp_path $work/proxy; fastcgi_temp_path $work/fcgi;
  uwsgi_temp_path $work/uwsgi; scgi_temp_path $work/scgi;
  server {
    listen 80; listen [::]:80; listen 443 ssl; listen [::]:443 ssl;
    server_name bench.test;
    ssl_certificate $work/cert.pem; ssl_certificate_key $work/key.pem;
    root $work/www;
  }
}
EOF
# Without a function in between: what is started is the process itself, to be killed and waited for.
start() { ip netns exec "$servers" "$@" > /dev/null 2>> "$work/errors" & pids+=($!); }
start nginx -c "$work/nginx.conf"
start redis-server --bind 10.50.0.1 --protected-mode no --save "" --dir "$work/redis"
start dnsmasq -k -C /dev/null -R -h -i eth0 --bind-interfaces -A /bench.test/10.50.0.1 -a 10.50.0.1 \
  --txt-record=text.bench.test,hello --local=/bench.test/
for i in $(seq 200); do
  for kind in A AAAA TXT; do echo "name$i.bench.test $kind"; done
done > "$work/queries"

ready() {
  for _ in $(seq 50); do
    if "$@" > /dev/null 2>&1; then return; fi
    sleep 0.1
  done
  echo "make.sh: a server did not start:" >&2
  cat "$work/errors" "$work/nginx.err" >&2 || true
  exit 1
}
ready at_clients curl -sf http://10.50.0.1/1k.txt
ready at_clients redis-cli -h 10.50.0.1 ping

# --- the capture and the loads -------------------------------------------------------------------------

mkdir -p "$(dirname "$out")"
rm -f "$out"
start tcpdump -i eth0 -s 0 -B 65536 -U -Z root -w "$out"
for _ in $(seq 50); do [ -s "$out" ] && break; sleep 0.1; done

# Repeats a client until the trace is large enough.
again_and_again() {
  while [ ! -e "$work/enough" ]; do at_clients "$@" > /dev/null 2>&1 || sleep 0.2; done
}
ask_names() {
  if command -v dnsperf > /dev/null; then
    again_and_again dnsperf -s 10.50.0.1 -d "$work/queries" -l 2 -Q 3000
  else
    again_and_again dig @10.50.0.1 -f "$work/queries" +noall
  fi
}
loads=()
load() { "$@" & loads+=($!); }
load again_and_again wrk -t 1 -c 8 -d 2 http://10.50.0.1/8k.txt
load again_and_again wrk -t 1 -c 4 -d 2 "http://[fd50::1]/1k.txt"
load again_and_again wrk -t 1 -c 8 -d 2 -H "Connection: close" http://10.50.0.1/1k.txt
load again_and_again wrk -t 1 -c 4 -d 2 -H "Host: bench.test" https://10.50.0.1/8k.txt
load again_and_again wrk -t 1 -c 4 -d 2 -H "Host: bench.test" -H "Connection: close" https://10.50.0.1/1k.txt
load again_and_again redis-benchmark -h 10.50.0.1 -c 10 -n 5000 -d 64 -t set,get,incr,lpush,rpop,hset,mset -q
load ask_names
load again_and_again curl -s --limit-rate 8M -o /dev/null http://10.50.0.1/elephant.bin

wanted=$((megabytes * 1000000))
while size=$(stat -c %s "$out"); [ "$size" -lt "$wanted" ]; do
  [ ! -t 2 ] || printf '\r%d of %d MB ' $((size / 1000000)) "$megabytes" >&2
  sleep 0.5
done
touch "$work/enough"
ip netns pids "$clients" | xargs -r kill 2> /dev/null || true
wait "${loads[@]}" 2> /dev/null || true
# Not INT, which shells let their background processes ignore. tcpdump writes out what it holds.
kill "${pids[-1]}" 2> /dev/null || true
wait "${pids[-1]}" 2> /dev/null || true
[ ! -t 2 ] || printf '\r' >&2
grep -E "packets (captured|dropped)" "$work/errors" >&2 || true
echo "$out: $(stat -c %s "$out") bytes"
