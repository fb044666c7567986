"""A terminal that somebody looks at: a program in a pane of tmux, which draws what it is
sent as a terminal does, and frames of it."""
import os
import shlex
import subprocess
import time

import xt


class Screen:
    """One pane that runs `sh`, `columns` by `lines`."""

    def __init__(self, home, columns=80, lines=24, **env):
        self.socket = os.path.join(home, "tmux")
        self.raw = os.path.join(home, "raw")
        shell = ["env", "-i", *[f"{k}={v}" for k, v in {
            **xt.environment(home, **env), "TERM": "screen-256color", "PS1": "$ ",
            "XORCH": xt.XORCH}.items()], "sh"]
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y",
                  str(lines), "-c", home, shlex.join(shell))
        self.tmux("set", "-g", "history-limit", "5000")
        self.tmux("pipe-pane", f"cat >> {shlex.quote(self.raw)}")
        self.wait_for(lambda text: text.startswith("$"))

    def tmux(self, *args):
        p = subprocess.run(["tmux", "-u", "-S", self.socket, *args], capture_output=True,
                           text=True, timeout=30)
        xt.equal(p.returncode, 0, args, p.stderr)
        return p.stdout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tmux("kill-server")

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def key(self, name):
        self.tmux("send-keys", name)

    def resize(self, columns, lines):
        self.tmux("resize-window", "-x", str(columns), "-y", str(lines))

    def frame(self):
        """What is seen now, without blanks at the ends."""
        return self.tmux("capture-pane", "-p").rstrip("\n")

    def scrolled(self):
        """All lines, those that have scrolled away too; what was wrapped is joined."""
        lines = self.tmux("capture-pane", "-p", "-J", "-S", "-").split("\n")
        return "\n".join(line.rstrip(" ") for line in lines).rstrip("\n")

    def cursor(self):
        """(shown, column, line)."""
        return tuple(int(n) for n in self.tmux(
            "display-message", "-p", "#{cursor_flag} #{cursor_x} #{cursor_y}").split())

    def wait_for(self, is_there, seconds=60):
        """Frames until one is as wanted; that one is the last."""
        frames, end = [], time.monotonic() + seconds
        while True:
            text = self.frame()
            if not frames or frames[-1] != text:
                frames.append(text)
            if is_there(text):
                return frames
            xt.check(time.monotonic() < end, "never seen; last frame:", text)
            time.sleep(0.05)
