#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `quaywatch read` promises of any capture: the same records for any number of workers and from any kind
of file, what came before damage, and complete logs when it is stopped.

  read_test.py PROGRAM
"""
import gzip, json, os, random, shutil, signal, struct, subprocess, sys, tempfile, threading, time, unittest

from packets import ACK, FIN, SYN, capture, conversation, ethernet, ipv4, tcp, udp, udp_body

PROGRAM = os.path.abspath(sys.argv.pop(1))


def host(number):
    return bytes((10, 1, number // 256, number % 256))


def dns(ident, name, answer=None):
    labels = b''.join(bytes([len(label)]) + label.encode() for label in name.split('.')) + b'\0'
    head = struct.pack('>HHHHHH', ident, 0x8180 if answer else 0x0100, 1, 1 if answer else 0, 0, 0)
    body = labels + struct.pack('>HH', 1, 1)
    return head + body + (b'\xc0\x0c' + struct.pack('>HHIH', 1, 1, 60, 4) + answer if answer else b'')


def web(sport, client, server, size):
    page = b'<html>' + b'x' * size + b'</html>'
    answer = b'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n' % len(page) + page
    return conversation(sport, 80, [('>', b'GET /%d HTTP/1.1\r\nHost: shop.test\r\n\r\n' % size), ('<', answer)], client, server)


def traffic(seed=1):
    """A few hundred connections of many hosts at the same time, some of them odd."""
    dice = random.Random(seed)
    flows = []
    for i in range(120):
        client, server = host(dice.randrange(1, 40)), host(dice.randrange(600, 620))
        packets = web(20000 + i, client, server, dice.randrange(10, 5000))
        if i % 5 == 0:  # reordered
            at = dice.randrange(3, len(packets) - 1)
            packets[at], packets[at - 1] = packets[at - 1], packets[at]
        if i % 7 == 0:  # lost
            del packets[dice.randrange(3, len(packets))]
        if i % 11 == 0:  # wrong checksums, more often than weird.log tells
            packets += [tcp(20000 + i, 80, ACK, 1, 1, b'x', client, server, bad=True)] * 3
        flows.append(packets)
        question, name = dns(i, f'name{i}.test'), dns(i, f'name{i}.test', server)
        flows.append([udp(30000 + i, 53, question, client, host(700)), udp(53, 30000 + i, name, host(700), client)])
    for i in range(10):
        client = host(dice.randrange(1, 40))
        flows.append([ipv4(1, b'\x08\x00' + struct.pack('>HHH', 0xf7ff - i - 1, i, 1), client, host(800 + i))])
        whole = udp_body(40000 + i, 514, b'<86>' + b'y' * 60)
        flows.append([ipv4(17, whole[:32], client, host(810), 7 + i, 0x2000), ipv4(17, whole[32:], client, host(810), 7 + i, 4)])
        inner = udp(50000 + i, 514, b'<86>inside', host(1), host(2))
        flows.append([udp(60000 + i, 4789, b'\x08\0\0\0\0\0\x07\0' + inner, client, host(820))])
        flows.append([tcp(1000 + i, 2000, SYN | FIN, 1, 0, b'', client, host(830)), ethernet(b'\x45' + bytes(5))])
    mixed = []
    while flows:
        packets = dice.choice(flows[:40])
        mixed.append(packets.pop(0))
        if not packets:
            flows.remove(packets)
    return mixed


class ReadTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.runs = 0

    def made(self, content, name='x.pcap'):
        path = os.path.join(self.folder, name)
        with open(path, 'wb') as file:
            file.write(content)
        return path

    def read(self, *args, code=0, stdin=None):
        """The logs, by name: their lines, in any order."""
        self.runs += 1
        logs = os.path.join(self.folder, f'logs{self.runs}')
        p = subprocess.run([PROGRAM, 'read', *args, '--log-dir', logs], stdin=stdin, capture_output=True, text=True, timeout=120)
        self.assertEqual(p.returncode, code, p.stderr)
        return self.logs(logs)

    def logs(self, folder):
        logs = {}
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), encoding='utf-8') as file:
                lines = file.read().splitlines()
            self.assertTrue(lines[-1].startswith('#close'), name)
            logs[name] = sorted(line for line in lines if not line.startswith(('#open', '#close')))
        return logs

    def same(self, logs, expected):
        self.assertEqual(sorted(logs), sorted(expected))
        for name in expected:
            self.assertEqual(logs[name], expected[name], name)

    def test_the_number_of_workers_changes_nothing(self):
        path = self.made(capture(traffic(), interval=0.01))
        alone = self.read(path)
        for log, least in (('conn.log', 250), ('http.log', 90), ('dns.log', 120), ('files.log', 90), ('weird.log', 10),
                           ('syslog.log', 20), ('tunnel.log', 10)):
            self.assertGreater(len(alone[log]), least, log)
        self.same(self.read(path), alone)
        for workers in ('2', '3', '4'):
            self.same(self.read(path, '--workers', workers), alone)

    def test_long_silences_end_connections_alike(self):
        path = self.made(capture(traffic(2), interval=3))
        self.same(self.read(path, '--workers', '4'), self.read(path))

    def test_packed_and_piped(self):
        content = capture(traffic(3), interval=0.01)
        path = self.made(content)
        plain = self.read(path)
        self.same(self.read(self.made(gzip.compress(content), 'x.pcap.gz')), plain)
        with open(path, 'rb') as file:
            self.same(self.read('-', stdin=file), plain)
        with open(os.path.join(self.folder, 'x.pcap.gz'), 'rb') as file:
            self.same(self.read('-', '--workers', '2', stdin=file), plain)
        if shutil.which('zstd'):
            subprocess.run(['zstd', '-q', path, '-o', path + '.zst'], check=True)
            self.same(self.read(path + '.zst'), plain)
        else:
            self.assertNotIn('CI', os.environ, 'zstd is not installed')

    def test_cut_files(self):
        packets = traffic(4)[:60]
        content = capture(packets)
        ends = [len(capture(packets[:i])) for i in range(len(packets) + 1)]
        for workers in ('1', '2'):
            for size in random.Random(5).sample(range(24, len(content)), 12) + [ends[30]]:
                whole = max(i for i, end in enumerate(ends) if end <= size)
                expected = self.read(self.made(capture(packets[:whole]), 'whole.pcap')) if whole > 0 else {}
                cut = self.read(self.made(content[:size], 'cut.pcap'), '--workers', workers, code=0 if size in ends else 2)
                self.same(cut, expected)

    STATE = {
        'quaywatch_state': 1, 'saved': '2023-11-15T00:00:00Z', 'node': 'node-1', 'host_addresses': ['10.0.0.9'],
        'claims': [
            {'source': 'kubernetes', 'id': 'u1', 'kind': 'pod', 'namespace': 'shop', 'pod': 'web-1', 'workload': 'web',
             'workload_kind': 'Deployment', 'node': 'node-1', 'image': 'shop/web:1', 'addresses': ['10.0.0.1'],
             'pod_uid': 'u1', 'since': '2023-11-14T00:00:00Z', 'until': '2023-11-14T22:13:30Z'},
            {'source': 'kubernetes', 'id': 'u2', 'kind': 'pod', 'namespace': 'shop', 'pod': 'web-2',
             'addresses': ['10.0.0.1'], 'pod_uid': 'u2', 'since': '2023-11-14T22:13:30Z'}],
        'services': [{'namespace': 'shop', 'name': 'db', 'addresses': ['10.0.0.2'],
                      'ports': [{'port': 5000, 'transport': 'udp'}], 'endpoints': []}],
        'interfaces': [{'index': 4, 'name': 'veth4'}, {'index': 5, 'name': 'br0'}]}

    def named(self, interfaces, datagrams, interval):
        """conn records of a cooked capture: a packet each `interval` seconds, each datagram on all interfaces"""
        state = self.made(json.dumps(self.STATE).encode(), 'state.json')
        packets = [struct.pack('>HHIHBB8s', 0x0800, 0, interface, 1, 0, 6, bytes(8)) + udp(4000 + i, 5000, b'hello')[14:]
                   for i in range(datagrams) for interface in interfaces]
        capture_file = self.made(capture(packets, link=276, interval=interval))
        p = subprocess.run([PROGRAM, 'read', capture_file, '--cluster-state', state, '--logs', 'conn', '-o', 'json'],
                           capture_output=True, text=True, timeout=60)
        self.assertEqual((p.returncode, p.stderr), (0, ''))
        return sorted((json.loads(line) for line in p.stdout.splitlines()), key=lambda record: record['ts'])

    def test_names_of_a_saved_state(self):
        first, second = self.named([4], 2, 20)
        self.assertEqual((first['orig.pod'], first['orig.workload'], first['orig.node']), ('web-1', 'web', 'node-1'))
        self.assertEqual(second['orig.pod'], 'web-2', 'who held the address then')
        self.assertEqual((first['resp.kind'], first['via_service']), ('service', 'shop/db'))
        self.assertNotIn('notes', first)

    def test_a_packet_on_two_interfaces_counts_once(self):
        for record in self.named([4, 5], 10, 0.00001):
            self.assertEqual((record['orig_pkts'], record['sightings'], sorted(record['interfaces'])),
                             (1, 2, ['br0', 'veth4']))

    def test_without_a_state_there_are_no_names(self):
        p = subprocess.run([PROGRAM, 'read', self.made(capture([udp(4000, 5000, b'x')])), '-o', 'json'],
                           capture_output=True, text=True, timeout=60)
        self.assertNotIn('orig.', p.stdout)
        self.assertNotIn('sightings', p.stdout)

    def test_a_broken_state(self):
        for content, word in ((b'{', 'JSON'), (b'{}', 'quaywatch_state'), (b'[]', '')):
            state = self.made(content, 'state.json')
            p = subprocess.run([PROGRAM, 'read', self.made(capture()), '--cluster-state', state],
                               capture_output=True, text=True, timeout=60)
            self.assertEqual(p.returncode, 1)
            self.assertEqual(p.stderr.count('\n'), 1, p.stderr)
            self.assertIn(state, p.stderr)
            self.assertIn(word, p.stderr)

    def test_a_cut_archive(self):
        packed = gzip.compress(capture(traffic(6)))
        self.assertTrue(self.read(self.made(packed[:len(packed) // 2], 'cut.pcap.gz'), code=2)['conn.log'])

    def test_stopped_while_packets_come(self):
        content = capture(traffic(7), interval=0.01)
        for workers in ('1', '3'):
            logs = os.path.join(self.folder, 'stopped' + workers)
            p = subprocess.Popen([PROGRAM, 'read', '-', '--log-dir', logs, '--workers', workers], stdin=subprocess.PIPE,
                                 stderr=subprocess.PIPE)

            def feed():
                try:
                    p.stdin.write(content[:24])
                    while True:
                        p.stdin.write(content[24:])
                except BrokenPipeError:
                    pass
            feeding = threading.Thread(target=feed)
            feeding.start()
            limit = time.monotonic() + 30
            while not os.path.exists(logs + '/conn.log') and time.monotonic() < limit:
                time.sleep(0.05)
            p.send_signal(signal.SIGTERM)
            error = p.stderr.read().decode()
            self.assertEqual(p.wait(30), 0, error)
            feeding.join(30)
            p.stderr.close()
            try:
                p.stdin.close()
            except BrokenPipeError:
                pass
            self.assertIn('interrupted', error)
            self.assertGreater(len(self.logs(logs)['conn.log']), 100)


if __name__ == '__main__':
    unittest.main()
