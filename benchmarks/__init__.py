"""
Measures the exporter against peers, and against the truth.

`python -m benchmarks` runs all of it, or what is named, and writes down every single
figure; `python -m benchmarks.report` makes the page of them. README.md tells how.
"""
