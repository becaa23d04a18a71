"""The smallest build backend: PEP 517's two hooks, for the package beside it."""

import base64
import hashlib
import re
import zipfile
from pathlib import Path

HERE = Path(__file__).parent


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Write a wheel of the modules beside this file; give its name."""
    project = (HERE / "pyproject.toml").read_text()
    name, version = (re.search(rf'^{key} = "(.*)"$', project, re.M).group(1) for key in ("name", "version"))
    points = project.split('[project.entry-points."degrade_bench.degradations"]\n')[1].replace('"', "")
    stem = f"{name.replace('-', '_')}-{version}"
    files = {module.name: module.read_bytes() for module in sorted(HERE.glob("thirdparty_*.py"))}
    files[f"{stem}.dist-info/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    files[f"{stem}.dist-info/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{stem}.dist-info/entry_points.txt"] = f"[degrade_bench.degradations]\n{points}".encode()
    record = f"{stem}.dist-info/RECORD"
    lines = [f"{path},sha256={_digest(content)},{len(content)}" for path, content in files.items()]
    files[record] = "\n".join([*lines, f"{record},,"]).encode() + b"\n"
    wheel = f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(Path(wheel_directory) / wheel, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return wheel


def _digest(content):
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
