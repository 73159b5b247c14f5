"""Runs one benchmark inside Django: python -m tools.bench.child MODULE NAME N [OPTION ...]"""

from __future__ import annotations

import sys
from importlib import import_module

import django
from django.core.management import call_command

if __name__ == "__main__":
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    module, name, n, *options = sys.argv[1:]
    sys.exit(import_module(f"tools.bench.{module}").main(name, int(n), options))
