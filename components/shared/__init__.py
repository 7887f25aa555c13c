"""What the dynamic providers of things in others' objects share. Nothing about one kind of object."""
