"""What the descriptions of kinds are made of: a tabbed writer, pod templates, volumes, events."""
