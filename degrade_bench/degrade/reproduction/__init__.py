"""Other studies' damages as they made them, confounds included, so that their numbers can be reproduced.

They are not among :func:`~degrade_bench.degrade.catalogue.names` and in no group suite: each study is a suite of
its own. None has a placebo, because the studies had none.
"""
