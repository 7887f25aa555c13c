"""The rules: pure functions of a resource, which report what is wrong with it. They know no Pulumi."""
