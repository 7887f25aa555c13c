"""The program's parts: pure code (settings, networks, texts) and the Pulumi components on it."""
