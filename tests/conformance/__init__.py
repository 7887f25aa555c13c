"""What the program relies on in pulumi-command's plugin, checked on every plugin that can be had."""
