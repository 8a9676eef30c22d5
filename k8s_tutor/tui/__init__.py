"""The app in the terminal (Textual): screens, widgets with their .tcss beside them, pictures of the cluster.

``pictures`` turns objects into lines of text and knows no widget; ``widgets`` show them; ``screens`` put widgets
together; ``app.py`` holds the session and forwards what it tells.
"""
