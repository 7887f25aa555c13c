"""A preview as one comment of a pull request: `python -m tools.change_request`, docs/pull-requests.md."""
