"""Which conda packages are Python packages, and what they are called on PyPI, where a list does not say it itself."""

from __future__ import annotations

import re

PYPI = {
    "brotli-python": "brotli",
    "faiss-cpu": "faiss-cpu",
    "importlib_metadata": "importlib-metadata",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "py-opencv": "opencv-python",
    "py-xgboost": "xgboost",
    "python-xxhash": "xxhash",
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
    "pytables": "tables",
    "ruamel_yaml": "ruamel.yaml",
    "sentencepiece-python": "sentencepiece",
    "seaborn-base": "seaborn",
    "uvloop": "uvloop",
}
"""Where the names differ and no other package of PyPI has the conda name."""

BUILD = re.compile(r"(?:^|_)(?:py|cp|pypy)(?:h[0-9a-f]|_|3|2)")
"""A build string of a Python package: py311h5eee18b_0, pyhd8ed1ab_0, py_0, py3.11_cuda12.1_0."""

SYSTEM = re.compile(
    r"_.*|python|python_abi|python-abi.*|pip|(?:ba|da|c|z|fi)sh|blas|bzip2|ca-certificates|cairo|cuda.*|cudnn|curl|expat"
    r"|ffmpeg|fontconfig|freetype|gcc.*|gettext|gfortran.*|git|glib|gmp|gnutls|gxx.*|harfbuzz|icu|intel-openmp|jpeg"
    r"|krb5|lame|lcms2|ld_impl_.*|lerc|lib.*|lz4-c|make|mkl|mkl-service|mpc|mpfr|nccl|ncurses|nettle|nodejs|nvidia.*"
    r"|openblas|openh264|openjpeg|openmpi|openssl|pcre2?|pixman|pkg-config|pytorch-cuda|pytorch-mutex|r-.*"
    r"|readline|re2|snappy|sqlite|sysroot_.*|tbb|tk|tzdata|xorg-.*|xz|yaml|zlib|zlib-ng|zstd"
)
"""Names of what is no Python package, for lists without build strings."""


def pypi_name(name: str, build: str | None) -> str | None:
    """What a conda package is called on PyPI; None for one that is no Python package, as far as can be told."""
    name = name.lower()
    if name in ("python", "pip", "python_abi", "pytorch-cuda", "pytorch-mutex"):
        return None
    python = BUILD.search(build) is not None if build else SYSTEM.fullmatch(name) is None
    return PYPI.get(name, name) if python else None
