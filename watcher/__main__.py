"""The command `watcher`: python -m watcher."""

import gc
import os
import sys

import watcher

_COLLECT_AFTER = 250_000
"""Objects made before the collector looks at them: more than a command that reads makes, whose imported modules stay
anyway. Python's 700 spends a tenth of its time on them; what keeps running sets a lower number (`cli.state`)."""

_OVERWRITTEN = (
    "watcher: another distribution has written over the package `watcher` of news-watcher ({place}); install it in an "
    "environment of its own: pipx install news-watcher\n"
)


def main() -> None:
    """Run the command line and end the process with its exit code."""
    # PyPI's `watcher` and `python-watcher` bring a package of the same name: pip lets the last one win.
    if getattr(watcher, "DISTRIBUTION", None) != "news-watcher":
        sys.exit(_report_overwritten())
    if sys.argv[1:] == ["--version"]:
        # Scripts ask it before anything else; the command line's libraries take six times as long to import.
        sys.stdout.write(f"news-watcher {watcher.__version__}\n")
        return
    gc.set_threshold(_COLLECT_AFTER)
    # Looking for plugins of pydantic, of which none is used here, reads the metadata of every installed distribution.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # Read when numpy is imported. Its threads wait for each other by spinning: on two busy cores a fit of 0.15 s of CPU
    # took 0.9 s.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from watcher.cli.main import run
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "watcher":
            raise
        sys.exit(_report_overwritten())

    exit_code = run(sys.argv[1:])
    # Python would look through all objects once more as it ends: a fifth of the time of a command that reads.
    gc.disable()
    gc.freeze()
    sys.exit(exit_code)


def _report_overwritten() -> int:
    sys.stderr.write(_OVERWRITTEN.format(place=", ".join(getattr(watcher, "__path__", ["?"]))))
    return 1


if __name__ == "__main__":
    main()
