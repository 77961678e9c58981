"""Access to files, the gradebook, other submissions and networks of the host: a submission reaches none of them."""

from __future__ import annotations

from hostile.attack import Attack

TRIED = """
def tried(act):
    try:
        print("reached:", repr(act())[:80])
    except Exception as refusal:
        print("refused:", type(refusal).__name__)
"""


def reach(code: str, says: str = "refused:") -> Attack:
    """Return an attack that must reach nothing."""
    return Attack(TRIED + code, says=says, silent="reached:", right=None)


ATTACKS = {
    "reads the vault": reach("tried(lambda: open('<VAULT>/secret.txt').read())"),
    "writes to the vault": reach("tried(lambda: open('<VAULT>/made.txt', 'w').write('4.0'))"),
    "reaches the vault through parent directories": reach("tried(lambda: open('../' * 30 + '<VAULT>/made.txt', 'w'))"),
    "links to the vault": reach("import os\nos.symlink('<VAULT>', 'link')\ntried(lambda: open('link/made.txt', 'w'))"),
    "the shell writes": reach(
        "import os\ntried(lambda: 1 / os.system('echo 4.0 > <VAULT>/made.txt; exit 0') and None)", says=""
    ),
    "reads the seed": reach("tried(lambda: open('<COURSE>/.autograder/seed.json').read())"),
    "opens the gradebook": reach(
        "import sqlite3\ntried(lambda: sqlite3.connect('file:<COURSE>/gradebook.db?mode=rw', uri=True)"
        ".execute('update grade set auto_score = 4.0'))"
    ),
    "guesses where the gradebook is": reach(
        "import glob\n"
        "places = ['/', '/root/', '/home/*/', '/srv/*/', '/tmp/*/', '/var/*/', '/work/*/', '../', '../../', '../*/']\n"
        "found = [path for place in places for path in glob.glob(place + 'gradebook.db') + glob.glob(place + '*/gradebook.db')]\n"
        "print('reached:' if found else 'refused:', found)"
    ),
    "reads another submission": reach(
        "import glob\ntried(lambda: open(glob.glob('<COURSE>/submitted/an honest*/*/*.ipynb')[0]).read())"
    ),
    "writes another's feedback": reach("tried(lambda: open('<COURSE>/feedback/an honest student.html', 'w'))"),
    "writes to the system": reach(
        "for place in ('/usr/made', '/etc/made', '/edition/made.py', '/dev/made', '/proc/made', '/made', '/root/made'):\n"
        "    tried(lambda: open(place, 'w'))"
    ),
    "changes the edition": reach(
        "import os, course_lib\ntried(lambda: open(course_lib.__file__, 'a'))\ntried(lambda: os.remove(course_lib.__file__))\n"
        "tried(lambda: os.chmod(course_lib.__file__, 0o777))"
    ),
    "a server on the host's loopback": reach(
        "import socket\ntried(lambda: socket.create_connection(('127.0.0.1', <PORT>), timeout=3).recv(99))"
    ),
    "a server on the host's other loopback": reach(
        "import socket\ntried(lambda: socket.create_connection(('::1', <PORT>), timeout=3).recv(99))"
    ),
    "an abstract socket of the host": reach(
        "import socket\nunix = socket.socket(socket.AF_UNIX)\ntried(lambda: unix.connect('\\0<SOCKET>') or unix.recv(99))"
    ),
    "addresses outside": reach(
        "import socket\nfor host in ('1.1.1.1', '8.8.8.8', '169.254.169.254', '10.0.0.1', '192.168.0.1'):\n"
        "    tried(lambda: socket.create_connection((host, 80), timeout=3))"
    ),
    "a datagram outside": reach(
        "import socket\ntried(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'4.0', ('8.8.8.8', 53)))"
    ),
    "names outside": reach("import socket\ntried(lambda: socket.getaddrinfo('pypi.org', 443))"),
    "interfaces of the host by netlink": reach(
        "import socket\nothers = [name for _, name in socket.if_nameindex() if name != 'lo']\n"
        "print('reached:' if others else 'refused:', others)"
    ),
    "raw packets": reach(
        "import socket\ntried(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))\n"
        "tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))"
    ),
    "the package index": reach(
        "import subprocess, sys\n"
        "run = subprocess.run([sys.executable, '-m', 'pip', 'download', '--no-input', '--retries', '0', 'six'], capture_output=True)\n"
        "print('reached:' if run.returncode == 0 else 'refused:')"
    ),
    "mounts and namespaces": reach(
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "done = [libc.mount(b'none', b'/tmp', b'tmpfs', 0, None), libc.unshare(0x10000000), libc.unshare(0x20000),"
        " libc.chroot(b'/tmp'), libc.setns(3, 0), libc.ptrace(16, 1, 0, 0), libc.umount2(b'/proc', 2)]\n"
        "print('refused:' if set(done) == {-1} else 'reached:', done)"
    ),
    "becomes root": reach("import os\ntried(lambda: os.setuid(0) or os.setgid(0) or open('/etc/shadow').read())"),
}
