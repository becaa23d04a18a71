"""Metrics of other people in processes of their own: what they do there harms nobody else.

A metric that is named by its file, its package or its entry point is loaded in a host process and nowhere else.
The bench sees a :class:`~degrade_bench.metric.host.proxy.Hosted`, which has the metric's traits and asks the host
for scores. A host that dies or does not answer is replaced; what it was asked is answered with an error.
"""
