"""Rules that workload kinds share: templates and selectors, schedules, Jobs, autoscaler metrics, conditions."""
