"""The program's parts: the components and the pure code they rest on, a folder for each side."""
