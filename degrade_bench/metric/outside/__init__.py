"""Metrics that are no Python object of this process: programs, addresses, and classes of another interpreter.

What a user says of one is a :class:`~degrade_bench.metric.outside.declaration.Declaration`, from ``--set`` or from
a metric file. The bench sees an :class:`~degrade_bench.metric.outside.metric.Outside`, which prepares the signals
(rate, channels), has a :class:`~degrade_bench.metric.outside.transport.Transport` carry them, and gives errors the
meaning that they have for every metric in a process of its own.
"""
