"""What runs GitLab's pipelines in tests: gitlab-ci-local, of npm."""
