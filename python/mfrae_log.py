"""Logs a run of any Python program as a journal that MfRae.Lab imports.

One file without dependencies, for Python 3.9 and later: copy it next to a script, or put its folder on PYTHONPATH.

    import mfrae_log

    run = mfrae_log.Run("my-gan", arm="wide", seed=0, config={"width": 256})
    for step in range(1, 1001):
        run.log(step, loss=loss, gradientNorm=norm)
    run.value("fid", 12.3, samples=10_000)
    run.image("samples.png", caption="after 1,000 steps")
    run.finish()

`dotnet run -- import runs` adds the runs below the folder `runs` to the lab: curves, values, images and options. It may be repeated, also
while the runs continue (`import runs --watch`). docs/external.md describes the files.

Each call appends one line of JSON to the journal and hands it to the system, so a program that crashes loses nothing that it has logged.
A `with` block or a program that fails ends the run as failed. A program that ends without `finish` ends it as completed, and one that is
killed leaves it without an end.

In a program that the lab itself starts (`sampling.external`), curves go to the journal of that stage instead of a new folder.
"""
import atexit
import datetime
import json
import math
import os
import re
import socket
import sys
import time
import uuid

__all__ = ["Run"]

_FORMAT = 1
_PNG = b"\x89PNG\r\n\x1a\n"
_NAME = re.compile(r"[A-Za-z0-9._-]{1,120}")
_ARM = re.compile(r"[\w.=,+-]{1,100}")


class Run:
    """A run of one arm of an experiment under one seed."""

    def __init__(self, name, arm="run", seed=0, config=None, folder="runs", question="", baseline=False):
        """Starts a run.

        name: the experiment; letters, digits and . _ -
        arm: the configuration that several seeds share
        seed: a whole number; runs of several arms with the same seed are paired
        config: the options of the arm: a dictionary of JSON values
        folder: the folder below which each run gets a folder of its own
        question: the question of the experiment, for its page
        baseline: whether other arms are compared with this one; without it, the arm that started first
        """
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a name of an experiment: letters, digits and . _ - are allowed")
        if not _ARM.fullmatch(arm):
            raise ValueError(f"{arm!r} is not a name of an arm: letters, digits and . _ = , + - are allowed")
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**31:
            raise ValueError(f"{seed!r} is not a seed: a whole number from 0 to {2**31 - 1} is needed")
        self._sequence = 0
        self._images = 0
        self._ended = False
        self._started = time.monotonic()
        inside = os.environ.get("MFRAE_LOG")
        if inside:
            self.folder = None
            self._file = open(inside, "a", encoding="utf-8")
            return
        stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%S")
        run_id = uuid.uuid4().hex
        plain = re.sub(r"[^A-Za-z0-9._-]", "_", arm)
        self.folder = os.path.join(folder, name, f"{plain}.{seed}.{stamp}.{run_id[:8]}")
        os.makedirs(self.folder)
        record = {
            "format": _FORMAT, "id": run_id, "experiment": name, "arm": arm, "seed": seed, "baseline": bool(baseline),
            "question": question, "started": _now(), "config": _plain(config or {}), "command": " ".join(sys.argv),
        }
        aside = os.path.join(self.folder, "run.json.aside")
        with open(aside, "w", encoding="utf-8") as file:
            json.dump(record, file, ensure_ascii=False, indent=1, allow_nan=False)
        self._file = open(os.path.join(self.folder, "journal.jsonl"), "a", encoding="utf-8")
        self._write({
            "type": "started", "attempt": 1, "host": socket.gethostname(), "pid": os.getpid(), "bootId": "", "device": "python",
            "threads": 1,
        })
        # The record is the last file of a new run, so a folder with a record has a journal.
        os.replace(aside, os.path.join(self.folder, "run.json"))
        atexit.register(self._exit)

    def log(self, step, **values):
        """Appends values of named series at a step. Values that are not finite become gaps of the curve."""
        self._write({"type": "metrics", "step": int(step), "values": {name: _number(value) for name, value in values.items()}})

    def value(self, name, value, samples=0, steps=0):
        """Records a final value, such as a metric computed by this program: of a number of samples, with network evaluations (steps) each."""
        self._write({"type": "measured", "measurement": {
            "metric": name, "value": _number(value), "low": None, "high": None, "samples": int(samples), "steps": int(steps), "guidance": 1,
            "labels": "", "extractor": "", "preprocessing": "", "reference": "", "higherIsBetter": None,
        }})

    def image(self, png, name="samples", caption=""):
        """Records a PNG image: a path, or the bytes of a file."""
        if isinstance(png, (str, os.PathLike)):
            with open(png, "rb") as file:
                png = file.read()
        if not bytes(png).startswith(_PNG):
            raise ValueError("the image is not a PNG file")
        if self.folder is None:
            return
        self._images += 1
        file_name = f"image.{self._images}.png"
        with open(os.path.join(self.folder, file_name), "wb") as file:
            file.write(png)
            file.flush()
            os.fsync(file.fileno())
        self._write({"type": "image", "name": name, "file": file_name, "caption": caption})

    def note(self, text):
        """Appends a message for people."""
        self._write({"type": "notice", "text": str(text)})

    def finish(self, error=None):
        """Ends the run: as completed, or with an error as failed. Further calls do nothing."""
        if self._ended:
            return
        self._ended = True
        if self.folder is not None:
            self._write({
                "type": "finished", "status": "failed" if error else "completed", "wallSeconds": time.monotonic() - self._started,
                "cpuSeconds": time.process_time(), "peakBytes": _peak_bytes(), "error": str(error) if error else None,
            })
        self._file.close()

    def _exit(self):
        # Python keeps an exception that nothing caught there.
        error = getattr(sys, "last_value", None)
        self.finish(f"{type(error).__name__}: {error}" if error is not None else None)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        self.finish(f"{kind.__name__}: {error}" if kind else None)

    def _write(self, event):
        if self._file.closed:
            raise ValueError("the run has ended")
        self._sequence += 1
        line = json.dumps({"seq": self._sequence, "at": _now(), "event": event}, ensure_ascii=False, allow_nan=False)
        self._file.write(line + "\n")
        self._file.flush()


def _now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat()


def _number(value):
    number = float(value)
    return number if math.isfinite(number) else None


def _plain(value):
    """The value as JSON can hold it: numbers, strings, lists and dictionaries; anything else as text."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return str(value)


def _peak_bytes():
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
