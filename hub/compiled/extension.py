"""`python -m hub.compiled.extension FOLDER FILE…`: mypyc's part of `hub compile`, in a process and a folder of its own."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import setuptools
from mypyc.build import mypycify

__all__ = ["main"]


def main(folder: str, files: Sequence[str]) -> None:
    """Compile the files, named as their modules from the current folder, into `folder`."""
    extensions = mypycify(
        ["--config-file=mypy.ini", "--no-incremental", *files], opt_level="2", debug_level="0", multi_file=True, group_name="hub"
    )
    setuptools.setup(
        name="hub-compiled", packages=[], py_modules=[], ext_modules=extensions,
        script_args=["--quiet", "build_ext", "--build-lib", folder, "--build-temp", f"{folder}-temp", "--parallel", "4"],
    )  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
