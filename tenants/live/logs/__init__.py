"""Lines of containers: one upstream each, whoever looks."""
