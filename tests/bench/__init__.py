"""`./run bench`: Tonari beside a bare Flask and SQLAlchemy Core path doing the same rows.

Both are served by granian with as many processes and threads, over the same schema and rows, and
are asked in alternating slices of one run, so that a busy machine is as busy for the one as for
the other. What counts is the ratio of medians; absolute numbers are those of the machine.
"""
