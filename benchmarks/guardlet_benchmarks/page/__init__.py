"""One self-contained HTML page of what was measured: on a device, on labelled
sets, under attack."""

from guardlet_benchmarks.page.write import write_page

__all__ = ["write_page"]
