"""Where the demonstration happens: a folder of its own, real commands, a real hub."""

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from openweir.desk.clock import today
from openweir.desk.demo.trials import TRIALS
from openweir.errors import UsageError

__all__ = ["Stage"]

_HUB_START_SECONDS = 60
_FRESH_DAYS = 60
_MARK = ".openweir-demo"
_MADE = ("model", "case", "home", "hf-home", "anonymous", "granted")


class Stage:
    """Runs commands in the demonstration's folder and tells what they said.

    Args:
        root: the folder; nothing outside it is written, not even the user's own keys.
        tell: takes each line of the story.
    """

    def __init__(self, root: Path, tell: Callable[[str], object]) -> None:
        """Take over `root` and remove what an earlier demonstration left in it.

        Raises:
            UsageError: the folder holds something else.
        """
        self.root = root
        self._tell = tell
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HF_")},
            "OPENWEIR_HOME": str(root / "home"),
            "HF_HOME": str(root / "hf-home"),
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "NO_COLOR": "1",
        }
        # The shipped logs go stale; from then on the demonstration replays its last fresh day.
        last = min(trial.ran_on for trial in TRIALS) + timedelta(days=_FRESH_DAYS)
        self.as_of = () if today() <= last else ("--as-of", last.isoformat())
        self._take_over()

    def openweir(
        self,
        *words: str,
        shown: tuple[str, ...] | None = None,
        quiet: bool = False,
        expect: int = 0,
    ) -> str:
        """Run one of our own commands and tell it with what it says; return its output.

        Args:
            words: after `openweir`.
            shown: the words to tell instead, where the real ones are long or secret.
            quiet: tell nothing.
            expect: the exit code it must end with.
        """
        if not quiet:
            self._tell(f"  $ {shlex.join(('openweir', *(shown or words)))}")
        done = self._run((sys.executable, "-m", "openweir", *words), self._environment, expect)
        if not quiet:
            for line in (done.stdout + done.stderr).splitlines():
                self._tell(f"    {line}")
        return done.stdout

    def download(self, url: str, name: str, folder: str, *, token: str | None) -> str:
        """Run the stock `hf download` client; return the line in which it was refused, or "".

        Raises:
            UsageError: served without a token, or refused with one.
        """
        words = ("download", name, "--local-dir", folder)
        self._tell(f"  $ {'' if token is None else 'HF_TOKEN=$TOKEN '}hf {shlex.join(words)}")
        environment = {**self._environment, "HF_ENDPOINT": url}
        if token is not None:
            environment["HF_TOKEN"] = token
        client = str(Path(sys.executable).with_name("hf"))
        done = self._run((client, *words), environment, 1 if token is None else 0)
        weights = list((self.root / folder).rglob("*.safetensors"))
        if bool(weights) == (token is None):
            raise UsageError("the hub did not enforce the decision", code="demo-enforcement")
        if token is not None:
            self._tell(f"    served: {sum(path.stat().st_size for path in weights):,} bytes")
            return ""
        lines = (done.stdout + done.stderr).splitlines()
        refusal = next((line for line in lines if "Access denied" in line), lines[-1]).strip()
        self._tell(f"    refused: {refusal}")
        return refusal

    @contextlib.contextmanager
    def hub(self, port: int) -> Iterator[str]:
        """Start the hub as a user would, yield its address, and stop it at the end."""
        ready = self.root / "hub.url"
        words = ("serve", "--port", str(port), *self.as_of)
        self._tell(f"  $ {shlex.join(('openweir', *words))} &")
        with (self.root / "hub.log").open("wb") as log:
            server = subprocess.Popen(  # noqa: S603 - our own program
                (sys.executable, "-m", "openweir", *words, "--ready-file", str(ready)),
                stdout=log,
                stderr=log,
                env=self._environment,
                cwd=self.root,
            )
            try:
                yield self._address(server, ready)
            finally:
                server.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    server.wait(timeout=15)
                server.kill()

    def _address(self, server: "subprocess.Popen[bytes]", ready: Path) -> str:
        deadline = time.monotonic() + _HUB_START_SECONDS
        while not ready.exists():
            if server.poll() is not None or time.monotonic() > deadline:
                log = self.root / "hub.log"
                raise UsageError(
                    f"the hub did not start: {log.read_text(errors='replace')[-500:]}",
                    code="demo-hub",
                    where=str(log),
                )
            time.sleep(0.05)
        return ready.read_text(encoding="utf-8").strip()

    def _run(
        self, command: tuple[str, ...], environment: dict[str, str], expect: int
    ) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(  # noqa: S603 - our own program and the stock client
            command, env=environment, cwd=self.root, capture_output=True, text=True, check=False
        )
        if done.returncode != expect:
            raise UsageError(
                f"`{shlex.join(command)}` ended with {done.returncode} instead of {expect}:"
                f" {(done.stdout + done.stderr)[-800:]}",
                code="demo-step",
            )
        return done

    def _take_over(self) -> None:
        if self.root.exists() and any(self.root.iterdir()) and not (self.root / _MARK).exists():
            raise UsageError(
                f"`{self.root}` is not empty and was not made by the demonstration",
                code="demo-folder",
                hint="choose another folder with --dir",
            )
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / _MARK).touch()
        for name in _MADE:
            shutil.rmtree(self.root / name, ignore_errors=True)
        (self.root / "hub.url").unlink(missing_ok=True)
