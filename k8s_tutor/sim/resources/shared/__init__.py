"""Building blocks of the strategies: each module one idea (checks, names of resources, volumes, pods' parts …)."""
