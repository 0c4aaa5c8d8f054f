"""Looks up the locked packages among the published advisories: ``audit.py LOCKFILE``.

A package with a known vulnerability fails. An advisory service that cannot be reached is said out loud and passes,
because a machine without a network can know nothing about it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

# What pip-audit and requests write when the service, or the way to it, is the trouble.
UNREACHABLE = (
    "ConnectionError",
    "ServiceError",
    "Failed to establish",
    "Max retries",
    "timed out",
    "HTTPError",
)


def audit(lock: str, report: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip_audit", "--requirement", lock, "--require-hashes", "--disable-pip"]
    command += [
        "--vulnerability-service",
        "osv",
        "--progress-spinner",
        "off",
        "--timeout",
        "10",
        "--format",
        "json",
        "--output",
        str(report),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def main() -> int:
    lock = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        done = audit(lock, report)
        if not report.exists():
            if any(word in done.stderr for word in UNREACHABLE):
                reason = done.stderr.strip().splitlines()[-1][:120]
                print(f"NOTICE: {lock} was not audited, the advisory service cannot be reached.\n  {reason}")
                return 0
            print(done.stderr, file=sys.stderr)
            return done.returncode or 1
        packages = json.loads(report.read_text(encoding="utf-8"))["dependencies"]
    skipped = [each["name"] for each in packages if "skip_reason" in each]
    found = [(each, flaw) for each in packages for flaw in each.get("vulns", [])]
    if skipped:
        print(f"NOTICE: the advisory service knows nothing of {len(skipped)} packages: {', '.join(skipped)}")
    for package, flaw in found:
        fix = ", ".join(flaw["fix_versions"]) or "no fixed version yet"
        print(f"{package['name']} {package['version']}: {flaw['id']} ({fix})")
    print(f"{lock}: {len(packages) - len(skipped)} packages audited, {len(found)} known vulnerabilities.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
