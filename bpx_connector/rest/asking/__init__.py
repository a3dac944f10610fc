"""How anything is asked of the venue: arguments and `params` are checked, histories are read to their end,
and what became of a request is found out where its answer was lost.
"""
