"""Attacks as data, a file for each kind.

Each file has `ATTACKS`, from a name to an `Attack`, and may choose a class of `hostile.classes` with `CLASS`.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from hostile.attack import Attack

ATTACKS: dict[str, Attack] = {}
CLASS_OF: dict[str, str] = {}
for _module in pkgutil.iter_modules(__path__):
    _kind = import_module(f"{__name__}.{_module.name}")
    for _name, _attack in _kind.ATTACKS.items():
        _title = f"{_module.name}, {_name}"
        ATTACKS[_title] = _attack
        CLASS_OF[_title] = getattr(_kind, "CLASS", "ordinary")
