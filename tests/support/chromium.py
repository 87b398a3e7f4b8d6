"""Which Chromium opens the pages: Debian's headless shell takes half the whole's processor time."""

from __future__ import annotations

import shutil

CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium") or "chromium"
