"""Golden timelines: what a person sees of scenarios, in virtual time."""
