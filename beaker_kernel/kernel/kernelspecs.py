"""The lookup of kernelspecs, as jupyter_client does it but without importing it.

The relay must know the subkernel's command before it can afford an import, so the search path of
jupyter_core (``jupyter_path``) and the rules of ``KernelSpecManager`` are followed here with the
standard library; a test compares the two.
"""

from __future__ import annotations

import os
import site
import sys

from beaker_kernel.errors import ConfigurationError, KernelSpecNotFound
from beaker_kernel.kernel.early import load, suppress
from beaker_kernel.kernel.sandboxing import sandboxed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

NATIVE = "python3"


class KernelSpec:
    """A kernelspec as it stands in its ``kernel.json``."""

    def __init__(
        self,
        *,
        name: str,
        resource_dir: str,
        argv: list[str],
        language: str,
        env: dict[str, str],
        interrupt_mode: str,
        metadata: dict[str, Any],
    ) -> None:
        self.name = name
        self.resource_dir = resource_dir
        self.argv = argv
        self.language = language
        self.env = env
        self.interrupt_mode = interrupt_mode
        self.metadata = metadata

    def with_metadata(self, added: Mapping[str, Any]) -> KernelSpec:
        """Return the same kernelspec with more metadata."""
        return KernelSpec(**{**vars(self), "metadata": {**self.metadata, **added}})

    @property
    def provisioner(self) -> str:
        """The name of the provisioner that starts it; empty for a process of this machine."""
        name = self.metadata.get("kernel_provisioner", {}).get("provisioner_name", "")
        return "" if name == "local-provisioner" else str(name)

    def command(self, connection_file: str) -> list[str]:
        """Fill in the argv's templates; ``python`` is the interpreter that runs us."""
        known = {
            "connection_file": connection_file,
            "prefix": sys.prefix,
            "resource_dir": self.resource_dir,
        }
        argv = [_filled(word, known) for word in self.argv]
        major, minor = sys.version_info[:2]
        if argv and argv[0] in {"python", f"python{major}", f"python{major}.{minor}"}:
            argv[0] = sys.executable
        return argv


def _filled(word: str, known: Mapping[str, str]) -> str:
    """Put in what ``{names}`` stand for; those that aren't known stay as they are."""
    text, *rest = word.split("{")
    for part in rest:
        name, brace, tail = part.partition("}")
        text += known[name] + tail if brace and name in known else "{" + part
    return text


def choose(environ: Mapping[str, str], own_resource_dir: str = "") -> KernelSpec:
    """Return the kernelspec to run: by environment, by our own kernelspec's metadata, or Python.

    Raises:
        ConfigurationError: no such kernelspec is installed, or Beaker can't start it as wanted.

    """
    ours = _own_metadata(own_resource_dir)
    name = environ.get("BEAKER_SUBKERNEL") or str(ours.get("subkernel", ""))
    return sandboxed(startable(find(name) if name else default()), environ, ours)


def find_for(wanted: str) -> KernelSpec:
    """Return the kernelspec of that name, else the first one for that language.

    Raises:
        ConfigurationError: there is none, or Beaker can't start it.

    """
    try:
        return startable(find(wanted))
    except KernelSpecNotFound:
        if wanted.lower() == "python":
            return startable(default())
        return startable(_for_language(wanted))


def startable(spec: KernelSpec) -> KernelSpec:
    """Return a kernelspec that the relay can start.

    Raises:
        ConfigurationError: it is Beaker's own.

    """
    if starts_beaker(spec.argv):
        raise ConfigurationError(f"the kernelspec {spec.name!r} is a Beaker, not a real kernel")
    return spec


def starts_beaker(argv: Iterable[str]) -> bool:
    """Tell whether a kernelspec's command is Beaker itself, as it is now or was once installed."""
    return any(word == "beaker_kernel" or word.startswith("from beaker_kernel.") for word in argv)


def default() -> KernelSpec:
    """Return this environment's ``python3``, else the first that Jupyter would find."""
    own = os.path.join(sys.prefix, "share", "jupyter", "kernels", NATIVE)
    return read(NATIVE, own) if _is_kernel_dir(own) else find(NATIVE)


def find(name: str) -> KernelSpec:
    """Return the kernelspec of that name, first match in Jupyter's search path.

    Raises:
        KernelSpecNotFound: no such kernelspec is installed.

    """
    for folder in kernel_dirs():
        for entry in _entries(folder):
            path = os.path.join(folder, entry)
            if entry.lower() == name.lower() and _is_kernel_dir(path):
                return read(name, path)
    if name.lower() == NATIVE:
        return _native()
    raise _not_found(name)


def _for_language(language: str) -> KernelSpec:
    for spec in _installed():
        if spec.language.lower() == language.lower() and not starts_beaker(spec.argv):
            return spec
    raise _not_found(language)


def _installed() -> Iterator[KernelSpec]:
    """Yield the kernelspecs that can be read, in Jupyter's order of folders."""
    for folder in kernel_dirs():
        for entry in sorted(_entries(folder)):
            path = os.path.join(folder, entry)
            if _is_kernel_dir(path):
                with suppress(ConfigurationError):
                    yield read(entry, path)


def _not_found(name: str) -> KernelSpecNotFound:
    return KernelSpecNotFound(
        f"no kernelspec named {name!r}; `jupyter kernelspec list` shows those installed"
    )


def read(name: str, resource_dir: str) -> KernelSpec:
    """Read the kernelspec that stands in a folder.

    Raises:
        ConfigurationError: its ``kernel.json`` can't be read.

    """
    path = os.path.join(resource_dir, "kernel.json")
    try:
        spec = load(path)
        return KernelSpec(
            name=name.lower(),
            resource_dir=resource_dir,
            argv=_words(spec["argv"]),
            language=spec.get("language", ""),
            env=spec.get("env") or {},
            interrupt_mode=spec.get("interrupt_mode", "signal"),
            metadata=spec.get("metadata") or {},
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{path} is no kernelspec: {error}") from error


def _words(argv: list[object]) -> list[str]:
    """Return a command whose every word is text.

    Raises:
        TypeError: one isn't.

    """
    words = [word for word in argv if isinstance(word, str)]
    if len(words) < len(argv):
        raise TypeError("a word of its argv is no text")
    return words


def kernel_dirs() -> Iterator[str]:
    """Yield the folders that hold kernelspecs, the first ones before the others."""
    for path in _jupyter_path():
        yield os.path.join(path, "kernels")
    yield os.path.join(os.environ.get("IPYTHONDIR") or os.path.expanduser("~/.ipython"), "kernels")


def _jupyter_path() -> list[str]:
    named = os.environ.get("JUPYTER_PATH", "")
    system = [] if os.name == "nt" else ["/usr/local/share/jupyter", "/usr/share/jupyter"]
    env = [p for p in [os.path.join(sys.prefix, "share", "jupyter")] if p not in system]
    user = [data_dir()]
    if site.ENABLE_USER_SITE and (base := site.getuserbase()):
        user.append(os.path.join(base, "share", "jupyter"))
    own = env + user if _environment_first() else user + env
    return [p.rstrip(os.sep) for p in named.split(os.pathsep) if p] + own + system


def data_dir() -> str:
    """Return the person's data folder, as jupyter_core's ``jupyter_data_dir`` does."""
    if named := os.environ.get("JUPYTER_DATA_DIR"):
        return named
    home = os.path.realpath(os.path.expanduser("~"))
    if sys.platform == "darwin":
        return os.path.join(home, "Library", "Jupyter")
    if os.name == "nt":
        return os.path.join(os.environ.get("APPDATA") or home, "jupyter")
    xdg = os.environ.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    return os.path.join(xdg, "jupyter")


def _environment_first() -> bool:
    """Tell whether this environment's folders come before the user's."""
    told = os.environ.get("JUPYTER_PREFER_ENV_PATH")
    if told is not None:
        return told.lower() not in ("no", "n", "false", "off", "0", "0.0")
    conda = os.environ.get("CONDA_PREFIX")
    in_conda = bool(
        conda
        and sys.prefix.startswith(conda)
        and os.environ.get("CONDA_DEFAULT_ENV", "base") != "base"
    )
    return (sys.prefix != sys.base_prefix or in_conda) and _owned(sys.prefix)


def _owned(path: str) -> bool:
    return not hasattr(os, "geteuid") or os.stat(path).st_uid == os.geteuid()


def _native() -> KernelSpec:
    """Return ipykernel's own kernelspec, for an environment where none was written."""
    from importlib.util import find_spec  # noqa: PLC0415 (only where no kernelspec was written)

    package = find_spec("ipykernel")
    if package is None or package.origin is None:
        message = "no kernel for Python: `pip install ipykernel` where Beaker is installed"
        raise KernelSpecNotFound(message)
    return KernelSpec(
        name=NATIVE,
        resource_dir=os.path.join(os.path.dirname(package.origin), "resources"),
        argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        language="python",
        env={},
        interrupt_mode="signal",
        metadata={"debugger": True},
    )


def _own_metadata(resource_dir: str) -> dict[str, Any]:
    """Return what our own kernelspec says of the subkernel: its name, and of its sandbox."""
    if not _is_kernel_dir(resource_dir):
        return {}
    ours: dict[str, Any] = read("beaker", resource_dir).metadata.get("beaker", {})
    return ours


def _is_kernel_dir(path: str) -> bool:
    return os.path.isfile(os.path.join(path, "kernel.json"))


def _entries(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
