"""What the forges' jobs run for a stack: previews, updates from reviewed plans, drift, actions by hand."""
