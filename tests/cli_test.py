#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The program as a person at a shell meets it: wrong use, help, schema.

  cli_test.py PROGRAM
"""
import json, os, signal, subprocess, sys, tempfile, time, unittest

from packets import capture, udp

PROGRAM = os.path.abspath(sys.argv.pop(1))


def run(*args, stdin=b''):
    p = subprocess.run([PROGRAM, *args], input=stdin, capture_output=True, timeout=60)
    return p.returncode, p.stdout.decode(), p.stderr.decode()


MESSAGES = [udp(40000 + i, 514, b'<86>message %d' % i) for i in range(3)]


class WrongUse(unittest.TestCase):
    def refused(self, args, *words, code=1):
        """one line on standard error that contains the words, nothing on standard output"""
        got, out, err = run(*args)
        self.assertEqual((got, out), (code, ''), err)
        self.assertEqual(err.count('\n'), 1, err)
        self.assertTrue(err.startswith('quaywatch: '), err)
        for word in words:
            self.assertIn(word, err)

    def test_commands(self):
        self.refused([], 'no command', 'quaywatch read trace.pcap')
        self.refused(['frobnicate'], "'frobnicate'", 'quaywatch --help')
        self.refused(['raed', 'x.pcap'], "'raed'", 'did you mean read?')
        self.refused(['x.pcap'], 'quaywatch read x.pcap')
        self.refused(['version', 'extra'], "'extra'")
        self.refused(['help', 'frobnicate'], "'frobnicate'")
        self.refused(['completion', 'tcsh'], "'tcsh'", 'bash')

    def test_options(self):
        self.refused(['read', '--no-such-option', 'x'], '--no-such-option', 'quaywatch read --help')
        self.refused(['read', '--logdir=y', 'x'], 'unknown option --logdir:', 'did you mean --log-dir?')
        self.refused(['--log-dir', 'y', 'read', 'x'], '--log-dir stands after the command')
        self.refused(['read', 'x', '--log-dir'], '--log-dir')
        self.refused(['read', '-o', 'xml', 'x'], '--output', 'xml')
        self.refused(['read', '--workers', 'many', 'x'], '--workers', 'many')
        self.refused(['read', '--workers', '0', 'x'], '--workers')
        self.refused(['read', '--interim', '-3', 'x'], '--interim', "'-3'")
        self.refused(['read', '--log-format', 'json', 'x'], '--log-format requires --log-dir')
        self.refused(['read', '--local-nets', '10.0.0.0/33', 'x'], "'10.0.0.0/33'", '10.0.0.0/8')
        self.refused(['read', '--logs', 'conn,no_such_log', 'x'], "'no_such_log'", 'quaywatch schema')
        self.refused(['schema', 'no_such_log'], "'no_such_log'")

    def test_no_sensor(self):
        with tempfile.TemporaryDirectory() as folder:
            for command in (['status'], ['endpoints', '--ended'], ['state', 'save', os.path.join(folder, 'state')]):
                self.refused([*command, '--socket', folder + '/none'], 'no sensor is running here', 'quaywatch live')
            self.refused(['state'], 'quaywatch state save')
            self.refused(['state', 'load', 'x'], 'quaywatch state save')
            self.refused(['status', '-o', 'xml'], '--output', 'xml')

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            def made(name, content):
                path = os.path.join(folder, name)
                with open(path, 'wb') as f:
                    f.write(content)
                return path
            good = made('good.pcap', capture())
            self.refused(['read'], 'capture file')
            self.refused(['read', folder], folder)
            self.refused(['read', made('notes.txt', b'no capture\n' * 9)], 'notes.txt', 'not a capture')
            self.refused(['read', made('empty.pcap', b'')], 'empty.pcap')
            self.refused(['read', made('odd.pcap', capture([b'abcd'], link=147))], '147')
            self.refused(['read', os.path.join(folder, 'nowhere.pcap')], 'nowhere.pcap')
            self.refused(['read', good, os.path.join(folder, 'nowhere.pcap')], 'nowhere.pcap')
            self.refused(['read', '--filter', 'nonsense and', good], 'nonsense and')
            self.refused(['read', '--log-dir', good, good], good)
            code, out, err = run('read', good)
            self.assertEqual((code, err), (0, ''))


class Read(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def made(self, packets, name='x.pcap', cut=0):
        path = os.path.join(self.folder, name)
        content = capture(packets)
        with open(path, 'wb') as f:
            f.write(content[:len(content) - cut])
        return path

    def lines(self, log):
        with open(os.path.join(self.folder, 'logs', log + '.log'), encoding='utf-8') as f:
            return f.read().splitlines()

    def test_files_as_zeek_writes_them(self):
        code, out, err = run('read', self.made(MESSAGES), '--log-dir', self.folder + '/logs')
        self.assertEqual((code, out, err), (0, '', ''))
        lines = self.lines('syslog')
        self.assertEqual(lines[4], '#path\tsyslog')
        self.assertEqual(lines[5], '#open\t2023-11-14-22-13-22')
        self.assertEqual(lines[8].split('\t')[2:], ['10.0.0.1', '40000', '10.0.0.2', '514', 'udp', 'AUTHPRIV', 'INFO', 'message 0'])
        self.assertEqual(lines[-1], '#close\t2023-11-14-22-13-22')
        self.assertEqual(len(self.lines('conn')), 8 + 3 + 1)

    def test_json_files_and_selection(self):
        path = self.made(MESSAGES)
        code, _, err = run('read', path, '--log-dir', self.folder + '/logs', '--log-format', 'zeek-json', '--logs', 'conn')
        self.assertEqual((code, err), (0, ''))
        self.assertEqual(os.listdir(self.folder + '/logs'), ['conn.log'])
        conn = json.loads(self.lines('conn')[0])
        self.assertEqual((conn['ts'], conn['id.orig_h'], conn['id.resp_p']), (1700000000.0, '10.0.0.1', 514))
        self.assertNotIn('community_id', conn)

    def test_standard_output(self):
        path = self.made(MESSAGES)
        code, out, err = run('read', path, '-o', 'json', '--logs', 'conn,syslog')
        self.assertEqual((code, err), (0, ''))
        records = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(sorted(r['log'] for r in records), ['conn'] * 3 + ['syslog'] * 3)
        for r in records:
            self.assertTrue(r['ts'].startswith('2023-11-14T22:13:2') and r['ts'].endswith('.000000000Z'), r)
            self.assertEqual('community_id' in r, r['log'] == 'conn')
        code, out, err = run('read', path)
        self.assertEqual((code, err), (0, ''))
        self.assertTrue(out.startswith('TIME (UTC)'))
        self.assertIn('10.0.0.1:40000 → 10.0.0.2:514', out)
        self.assertNotIn('\x1b', out)

    def test_several_files_and_standard_input(self):
        first, second = self.made(MESSAGES[:1], 'a.pcap'), self.made(MESSAGES[1:], 'b.pcap')
        code, out, _ = run('read', first, second, '-o', 'json', '--logs', 'syslog')
        self.assertEqual((code, out.count('\n')), (0, 3))
        with open(first, 'rb') as f:
            code, out, _ = run('read', '-', '-o', 'json', '--logs', 'syslog', stdin=f.read())
        self.assertEqual((code, out.count('\n')), (0, 1))

    def test_damage_is_named_and_what_came_before_is_delivered(self):
        code, out, err = run('read', self.made(MESSAGES, cut=5), '-o', 'json', '--logs', 'syslog')
        self.assertEqual((code, out.count('\n'), err.count('\n')), (2, 2, 1))
        self.assertIn('x.pcap is damaged at packet 3', err)

    def test_what_was_not_looked_into_is_told(self):
        path = self.made([udp(40000, 514, b'<86>x', bad=True)])
        code, out, err = run('read', path, '-o', 'json')
        self.assertEqual(code, 0)
        self.assertIn('1 packet not looked into: wrong checksums', err)
        code, out, err = run('read', path, '-o', 'json', '-C', '--logs', 'syslog')
        self.assertEqual((code, out.count('\n'), err), (0, 1, ''))

    def test_filter(self):
        code, out, err = run('read', self.made(MESSAGES), '-o', 'json', '--logs', 'syslog', '--filter', 'src port 40001')
        self.assertEqual((code, out.count('\n')), (0, 1))

    @unittest.skipUnless(os.path.exists('/dev/full'), 'needs /dev/full')
    def test_full_disk(self):
        path = self.made(MESSAGES)
        os.mkdir(self.folder + '/logs')
        os.symlink('/dev/full', self.folder + '/logs/syslog.log')
        code, out, err = run('read', path, '--log-dir', self.folder + '/logs')
        self.assertEqual((code, err.count('\n')), (1, 1))
        self.assertIn(f'{self.folder}/logs/syslog.log: No space left on device', err)
        self.assertEqual(len(self.lines('conn')), 8 + 3 + 1)
        with open('/dev/full', 'w') as full:
            p = subprocess.run([PROGRAM, 'read', path], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(p.returncode, 1)
        self.assertIn('standard output: No space left', p.stderr)

    def test_interrupt_completes_the_logs(self):
        for sign in (signal.SIGTERM, signal.SIGINT):
            p = subprocess.Popen([PROGRAM, 'read', '-', '--log-dir', self.folder + '/logs'], stdin=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=False)
            p.stdin.write(capture(MESSAGES))
            p.stdin.flush()
            time.sleep(0.5)
            p.send_signal(sign)
            err = p.stderr.read().decode()
            self.assertEqual(p.wait(20), 0, err)
            p.stdin.close()
            p.stderr.close()
            self.assertIn('interrupted', err)
            lines = self.lines('syslog')
            self.assertEqual(len(lines), 8 + 3 + 1)
            self.assertTrue(lines[-1].startswith('#close'))


class Help(unittest.TestCase):
    def test_every_command_has_examples_and_exit_codes(self):
        code, out, err = run('--help')
        self.assertEqual((code, err), (0, ''))
        commands = [l.split()[0] for l in out.split('Commands:\n')[1].split('\n\n')[0].splitlines()]
        self.assertEqual(commands[:2], ['read', 'live'])
        for command in commands:
            code, out, err = run(command, '--help')
            self.assertEqual((code, err), (0, ''))
            self.assertEqual(run('help', command)[1], out)
            self.assertIn('Exit codes:', out)
            self.assertTrue(all(len(l) <= 110 for l in out.splitlines()), out)
            if command in ('read', 'live', 'schema'):
                self.assertIn('.pcap', out)

    def test_version(self):
        for args in (['version'], ['--version'], ['-V']):
            code, out, _ = run(*args)
            self.assertEqual(code, 0)
            self.assertRegex(out, r'^quaywatch \d+\.\d+\.\d+\n$')

    def test_completion_and_manual(self):
        for shell in ('bash', 'zsh', 'fish'):
            code, out, _ = run('completion', shell)
            self.assertEqual(code, 0)
            self.assertIn('log-dir', out)
        self.assertEqual(subprocess.run(['bash', '-n'], input=run('completion', 'bash')[1].encode()).returncode, 0)
        page = run('man')[1]
        self.assertTrue(page.startswith('.TH QUAYWATCH 1'))
        self.assertIn('\\-\\-log\\-dir', page)

    def test_bash_completion_offers_what_fits(self):
        script = run('completion', 'bash')[1]

        def offered(*words):
            line = ' '.join(f"'{w}'" for w in words)
            text = f'{script}\nCOMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _quaywatch; printf "%s\\n" "${{COMPREPLY[@]}}"'
            return subprocess.run(['bash', '-c', text], capture_output=True, text=True).stdout.split()
        self.assertEqual(offered('quaywatch', 're'), ['read'])
        self.assertEqual(offered('quaywatch', 'read', '--log-f'), ['--log-format'])
        self.assertEqual(offered('quaywatch', 'read', '--log-format', 'zeek-j'), ['zeek-json'])
        self.assertEqual(offered('quaywatch', 'completion', ''), ['bash', 'zsh', 'fish'])


class Schema(unittest.TestCase):
    def test_formats_agree(self):
        logs = json.loads(run('schema', '-o', 'json')[1])
        table, markdown = run('schema')[1], run('schema', '-o', 'markdown')[1]
        self.assertIn('syslog', [log['name'] for log in logs])
        self.assertEqual(sorted(log['name'] for log in logs), [log['name'] for log in logs])
        for log in logs:
            self.assertIn(f"\n{log['name']}: ", '\n' + table)
            self.assertIn(f"\n## {log['name']}\n", markdown)
            for column in log['columns']:
                self.assertTrue(column['help'], (log['name'], column['name']))
                self.assertIn(f"| `{column['name']}` | {column['type']} |", markdown)

    def test_one_log(self):
        out = run('schema', 'syslog')[1]
        self.assertTrue(out.startswith('syslog: '))
        self.assertEqual(len(json.loads(run('schema', 'syslog', '-o', 'json')[1])), 1)


if __name__ == '__main__':
    unittest.main()
