#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The program as a person at a shell meets it: wrong use, help, schema.

  cli_test.py PROGRAM
"""
import json, os, struct, subprocess, sys, tempfile, unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))


def run(*args, stdin=b''):
    p = subprocess.run([PROGRAM, *args], input=stdin, capture_output=True, timeout=60)
    return p.returncode, p.stdout.decode(), p.stderr.decode()


def capture(packets=(), link=1):
    head = struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, link)
    return head + b''.join(struct.pack('<IIII', 1700000000 + i, 0, len(p), len(p)) + p for i, p in enumerate(packets))


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
        self.refused(['read', '--log-dir', 'y', '-o', 'json', 'x'], '--log-dir excludes --output')
        self.refused(['read', '--local-nets', '10.0.0.0/33', 'x'], "'10.0.0.0/33'", '10.0.0.0/8')
        self.refused(['read', '--logs', 'conn,no_such_log', 'x'], "'no_such_log'", 'quaywatch schema')
        self.refused(['schema', 'no_such_log'], "'no_such_log'")

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
