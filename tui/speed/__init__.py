"""Overrides of private parts of Textual, plotext and Python: optimizations, and workarounds for faults.

The optimizations are listed in `switch.OVERRIDES` and can be disabled. The workarounds in `faults` and `driver` are
always enabled, because the console would hang or crash without them.
"""
