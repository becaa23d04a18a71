"""Other studies' damages as they made them, confounds included, so that their numbers can be reproduced.

They are not among :func:`~degrade_bench.degrade.catalogue.names` and in no group suite: each study is a suite of
its own. The studies had no placebos. Where this bench must turn a clip into what a study damaged, the placebo is
that alone; the others have none.
"""
