"""How fast messages are read: `python tests/bench_reading.py`. Not collected by pytest.

Prints messages a second on one core, the ratio to dateparser on the same new text, cold start and memory.
"""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
GOLD = Path(os.environ.get("INTAKE_GOLD", ROOT.parent / "shared" / "gold"))
TONGUES = ["en", "fr", "de", "nl"]
COLD = """
import sys, time
started = time.perf_counter()
sys.path.insert(0, {tests!r})
from reading_samples import mail, read
read(mail("The Minister will attend on 29 April.").as_bytes())
print(time.perf_counter() - started)
"""


def messages() -> list[bytes]:
    """The sample replies where they are, else the demo mails."""
    paths = sorted(GOLD.glob("dev/replies/*.eml")) or sorted((ROOT / "intake" / "demo" / "mails").glob("*.eml"))
    return [path.read_bytes() for path in paths]


def main() -> None:
    """Measures and prints."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    from reading_samples import read, shown

    raws = messages()
    for raw in raws:
        read(raw)
    best = min(_timed(lambda: [read(raw) for raw in raws]) for _ in range(3))
    print(f"messages             {len(raws)}")
    print(f"messages a second    {len(raws) / best:.1f}  (at least 40)")
    print(f"resident memory, MB  {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}  (under 500)")
    texts = [shown(raw).read for raw in raws]
    try:
        from dateparser.search import search_dates
    except ImportError:
        print("ratio to dateparser  dateparser is not installed")
    else:
        search_dates(texts[0], languages=TONGUES)
        peer = _timed(lambda: [search_dates(text, languages=TONGUES) for text in texts if text.strip()])
        print(f"ratio to dateparser  {best / peer:.2f}  (at most 2)")
    command = [sys.executable, "-c", COLD.format(tests=str(Path(__file__).parent))]
    cold = min(float(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(3))
    print(f"cold start, s        {cold:.2f}  (under 3)")


def _timed(work: object) -> float:
    started = time.process_time()
    work()  # type: ignore[operator]  # a function without arguments
    return time.process_time() - started


if __name__ == "__main__":
    main()
