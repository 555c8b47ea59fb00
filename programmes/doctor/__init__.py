"""What can be wrong with an installation, in plain words and with how to mend it: `programmes doctor`.

A check gathers facts and hands them to a pure judgement, which gives findings. All checks stand in `checks.py`; a new one is
a function more there.
"""
