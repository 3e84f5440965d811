"""Every override of Textual and plotext: what makes the console fast, and the few faults that have no public remedy.

What makes it fast is named in `switch.OVERRIDES` and can be switched off. `faults` and `driver` are no such overrides:
without them the console would hang or end, so they stay.
"""
