"""The settings of a stack: their types, defaults and rules.

Pure: nothing here imports Pulumi or asks the network.
"""
