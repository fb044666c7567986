"""A new Debian of some suite as a machine of its own: made once by debootstrap, copied
for each use, entered as root in its own mount and process namespaces."""
import os
import shutil
import subprocess

import target_root
import xt

# $1 the root, $2 the command. The root becomes / by pivot_root, so that what runs in it
# may make namespaces of its own, which it could not in a chroot.
ENTER = """
mount --bind "$1" "$1"
mount --rbind /dev "$1/dev"
mount -t proc proc "$1/proc"
mount -t tmpfs tmpfs "$1/tmp"
cd "$1"
mkdir -p .outside
pivot_root . .outside
umount -l /.outside
cd /root
exec sh -ec "$2"
"""


def base(suite):
    """Folder of the smallest Debian `suite`, in the cache."""
    def make(folder):
        mirrors = target_root.mirrors()
        xt.check(mirrors, "apt of this machine names no Debian mirror")
        p = subprocess.run(["debootstrap", "--variant=minbase", suite, folder, mirrors[0]],
                           capture_output=True, text=True)
        if p.returncode:
            raise xt.Skip(f"debootstrap {suite}: {p.stdout[-500:]}{p.stderr[-500:]}")
    return target_root.prepared(f"hosts/{suite}", make)


CERTIFICATES = "/root/certificates.pem"


def network_settings():
    """Variables by which a host reaches what this machine reaches."""
    own = {k: v for k, v in os.environ.items()
           if k.endswith(("_proxy", "_PROXY")) or
           k in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX")}
    return {**own, "SSL_CERT_FILE": CERTIFICATES, "PIP_CERT": CERTIFICATES}


def copy_of(suite, root):
    """A copy of base(suite) that knows the network and certificates of this machine."""
    subprocess.run(["cp", "-a", base(suite), root], check=True)
    network(root)


def network(root):
    """What a root needs to know of this machine's network."""
    for path in ("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf"):
        if os.path.exists(path):
            shutil.copyfile(path, root + path)
    shutil.copyfile("/etc/ssl/certs/ca-certificates.crt", root + CERTIFICATES)


class Host:
    """A copy below `parent`."""

    def __init__(self, suite, parent, name="host"):
        self.root = os.path.join(parent, name)
        copy_of(suite, self.root)

    def run(self, command, timeout=1500, code=0):
        """stdout of a shell command in it."""
        env = {"HOME": "/root", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
               "/sbin:/bin", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive",
               **network_settings()}
        p = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh",
                            "-ec", ENTER, "sh", self.root, command], env=env,
                           stdin=subprocess.DEVNULL, capture_output=True, text=True,
                           timeout=timeout)
        xt.check(p.returncode == code, f"{command}: exit {p.returncode}", p.stdout[-3000:],
                 p.stderr[-5000:])
        return p.stdout
