"""Performs a Dockerfile's stages without Docker: each stage a folder, its commands under
bubblewrap as root with the capabilities that Docker leaves a container, in namespaces of
its own and with what else of / is covered. It knows what README's example uses."""
import os
import re
import shlex
import shutil
import subprocess

import debian_host
import xt

# Docker's default (its manual, engine security).
CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID",
                "SETUID", "SETFCAP", "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL",
                "AUDIT_WRITE"]


def instructions(text):
    """(word, rest) of each, continued lines joined."""
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        if line.strip() and not line.startswith("#"):
            yield tuple(line.split(None, 1))


class Stage:
    def __init__(self, root, arguments):
        self.root, self.env, self.cwd = root, {}, "/"
        self.arguments = arguments  # what the builder would set, where ARG asks for it

    def put_argument(self, names):
        for name in names.split():
            if name in self.arguments:
                self.env[name] = self.arguments[name]

    def put_env(self, text):
        for pair in shlex.split(text):
            name, value = pair.split("=", 1)
            self.env[name] = value

    def copy(self, source, dest):
        to = self.root + dest
        if os.path.isdir(source):
            shutil.copytree(source, to, symlinks=True, dirs_exist_ok=True)
        else:
            os.makedirs(os.path.dirname(to), exist_ok=True)
            shutil.copy2(source, to)

    def run(self, text, mounts):
        """stdout of RUN; mounts: target of a cache mount -> folder."""
        network, command = True, text
        binds = []
        while command.startswith("--"):
            option, command = command.split(None, 1)
            if option == "--network=none":
                network = False
            else:
                target = re.fullmatch(r"--mount=type=cache,target=(/\S+)", option)
                xt.check(target, f"unknown option {option}")
                os.makedirs(mounts, exist_ok=True)
                os.makedirs(self.root + target[1], exist_ok=True)
                binds += ["--bind", mounts, target[1]]
        env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
               "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive",
               **debian_host.network_settings(), **self.env}
        args = ["bwrap", "--bind", self.root, "/", "--dev", "/dev", "--proc", "/proc",
                "--tmpfs", "/tmp", *binds, "--unshare-pid", "--unshare-ipc", "--unshare-uts",
                "--die-with-parent", "--chdir", self.cwd, "--clearenv", "--cap-drop", "ALL"]
        for name in CAPABILITIES:
            args += ["--cap-add", "CAP_" + name]
        if not network:
            args += ["--unshare-net"]
        for name, value in env.items():
            args += ["--setenv", name, value]
        p = subprocess.run([*args, "--", "sh", "-c", command], stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, timeout=1500)
        xt.check(p.returncode == 0, f"RUN {text}: exit {p.returncode}", p.stdout[-3000:],
                 p.stderr[-5000:])
        return p.stdout, p.stderr


def perform(text, home, context, arguments, images):
    """Stages by name, the last as "". images: what FROM names -> call(folder) that fills
    it. Stage.said has (command, stdout, stderr) of its RUNs."""
    stages, stage = {}, None
    for word, rest in instructions(text):
        if word == "FROM":
            parts = rest.split()
            image = [p for p in parts if not p.startswith("--")][0]
            name = parts[-1] if "AS" in parts else ""
            root = os.path.join(home, "stage-" + (name or "last"))
            images[image](root)
            stage = stages[name] = Stage(root, arguments)
            stage.said = []
        elif word == "ARG":
            stage.put_argument(rest)
        elif word == "ENV":
            stage.put_env(rest)
        elif word == "WORKDIR":
            stage.cwd = rest
            os.makedirs(stage.root + rest, exist_ok=True)
        elif word == "COPY":
            parts = rest.split()
            if parts[0].startswith("--from="):
                stage.copy(stages[parts[0][7:]].root + parts[1], parts[2])
            else:
                stage.copy(os.path.join(context, parts[0]), parts[1])
        elif word == "RUN":
            stage.said.append((rest, *stage.run(rest, os.path.join(home, "cache-mount"))))
        else:
            raise AssertionError(f"what is {word}?")
    return stages
