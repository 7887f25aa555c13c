"""The programs that the lab builds from Go modules: Pulumi's engine and plugins, Kubernetes, Calico."""
