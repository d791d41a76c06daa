#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Records the captures of this folder from a real redis-server in a network namespace of its own.
# Needs root, redis-server, redis-cli, tcpdump, iproute2.
set -u
here=$(cd "$(dirname "$0")" && pwd)
[ "${1:-}" = inside ] || exec unshare --net "$0" inside

scratch=$(mktemp -d)
ip link set lo up
redis-server --port 6379 --save '' --appendonly no --enable-debug-command yes --dir "$scratch" >"$scratch/log" &
server=$!
trap 'kill $server; rm -rf "$scratch"' EXIT
until redis-cli ping >/dev/null 2>&1; do sleep 0.1; done

open() { exec 3<>/dev/tcp/127.0.0.1/6379; }
close() { exec 3<&-; }
# All at once: bash itself writes line by line.
send() { printf '%s' "$1" | cat >&3; }
# The words as an array of bulk strings, and time for the reply.
ask() {
  local message word
  printf -v message '*%d\r\n' $#
  for word; do printf -v message '%s$%d\r\n%s\r\n' "$message" ${#word} "$word"; done
  send "$message"
  sleep 0.03
}

replies() {
  open
  ask SET greeting 'hello there'
  ask GET greeting
  ask get nothing
  ask INCR visits
  ask LPUSH tasks one two three
  ask LRANGE tasks 0 -1
  ask HSET user:1 name Ann age 40
  ask HGETALL user:1
  ask INCR greeting
  ask NONSENSE
  ask MULTI
  ask SET a 1
  ask INCR a
  ask EXEC
  ask XADD log 1-1 event start
  ask XRANGE log - +
  close
}

resp3() {
  open
  ask HELLO 3
  ask HSET user:2 name Bob
  ask HGETALL user:2
  ask ZADD scores 1.5 ann
  ask ZSCORE scores ann
  ask SADD fruits apple
  ask SMEMBERS fruits
  ask GET nothing
  for kind in true attrib bignum verbatim; do ask DEBUG PROTOCOL $kind; done
  ask SUBSCRIBE news
  redis-cli publish news 'it rains' >/dev/null
  ask PING
  close
}

pubsub() {
  open
  ask PING
  ask SUBSCRIBE news
  redis-cli publish news 'it rains' >/dev/null
  ask UNSUBSCRIBE news
  ask PING
  ask QUIT
  close
}

pipeline() {
  open
  send $'*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nvalue\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*1\r\n$4\r\nPING\r\n'
  sleep 0.1
  send $'client reply off\r\nset quiet "1 2"\r\nclient reply on\r\nget quiet\r\n'
  sleep 0.1
  send $'client reply skip\r\nping\r\nping\r\n'
  sleep 0.1
  close
}

for name in replies resp3 pubsub pipeline; do
  rm -f "$scratch/tcpdump"
  tcpdump -Z root -i lo --immediate-mode -U -s 0 -w "$here/$name.pcap" tcp port 6379 2>"$scratch/tcpdump" &
  dump=$!
  until grep -qs listening "$scratch/tcpdump"; do sleep 0.1; done
  $name
  sleep 0.3
  kill $dump
  wait $dump
done
