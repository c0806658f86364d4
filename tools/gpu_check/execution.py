"""Running the project's programs: with limits of time, and without leaving processes behind."""

import os
import pathlib
import signal
import subprocess
import tempfile
import time

KEPT_OUTPUT = 6000  # characters of a program's last words


class Unusable(Exception):
    """What ends the command, in one sentence."""

    def __init__(self, sentence, exit_code=1):
        super().__init__(sentence)
        self.exit_code = exit_code


class Interrupted(BaseException):
    """SIGINT or SIGTERM; no handler of ordinary errors may take it for one."""


class Finished:
    """How a program ended. `code` is None where its time ran out, negative after a signal."""

    def __init__(self, code, output, seconds):
        self.code = code
        self.output = output
        self.seconds = seconds

    def last_words(self):
        return self.output[-KEPT_OUTPUT:]

    def why(self):
        """A clause about an end that is none of the program's own."""
        if self.code is None:
            return "took longer than its limit"
        if self.code < 0:
            return f"was ended by {signal.Signals(-self.code).name}"
        return f"ended with exit code {self.code}"


def end_group(process):
    """The program and all that it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def run(command, limit, environment=None):
    """Runs it to its end, or for `limit` seconds. Both streams in one text."""
    begin = time.monotonic()
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True,
                env={**os.environ, **(environment or {})})
        except OSError as error:
            raise Unusable(f"cannot run {command[0]}: {error.strerror}") from error
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            end_group(process)
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
    return Finished(code, text, time.monotonic() - begin)


class Programs:
    """Where the programs are, and how they are started."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        self._loader = None

    def command(self, name, *arguments):
        return [*self.loader(), self.folder / name, *arguments]

    def loader(self):
        """Nothing; in a bundle on a machine whose C library is too old: the bundle's own."""
        if self._loader is None:
            self._loader = []
            own = self.folder.parent / "lib"
            own_loader = own / "glibc/ld-linux-x86-64.so.2"
            if own_loader.exists():
                probe = run([self.folder / "allconv", "recipes"], 60)
                if probe.code != 0:
                    # In place of LD_LIBRARY_PATH, by which cuDNN and cuBLASLt are found.
                    given = os.environ.get("LD_LIBRARY_PATH", "")
                    folders = f"{own}/glibc:{own}" + (f":{given}" if given else "")
                    self._loader = [own_loader, "--library-path", folders]
        return self._loader
