"""The mark of tests that look at a page with a real browser."""

from __future__ import annotations

import shutil

import pytest

from sandbox.camera import BROWSERS

needs_browser = pytest.mark.skipif(
    not any(shutil.which(name) for name in BROWSERS), reason="there is no Chromium on this machine"
)
