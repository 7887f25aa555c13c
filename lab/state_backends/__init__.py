"""Servers that hold a stack's state in tests: S3 (moto) and PostgreSQL."""
