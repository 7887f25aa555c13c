"""What a stack of this program has to fulfil, as a policy pack for Pulumi's engine: docs/policies.md."""
