"""What the forges' jobs run for a stack: previews, updates from reviewed plans, drift, by hand. Each runs on a terminal too."""
