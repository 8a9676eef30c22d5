"""The POSIX shell of simulated containers.

An interpreter of our own, because a container's shell must live in cluster time and be a process among processes:
it is killed, trapped, throttled, counted by ``ps`` and limited in forks; a loop that never ends must neither hold a
core nor stop ``advance``. (The bashkit library does none of this: its loops spin in a thread, functions nest 16 deep,
files carry the wall clock's time. Of it we use what is pure text work: ``awk``, ``sed`` and their like, in
``programs.filters``.)

``parser`` makes a tree (``syntax``), ``expansion`` turns words into fields, ``interpreter`` runs the tree on a
``Process``: ``flow`` its loops and choices, ``children`` its subshells and pipes, ``commands`` its simple commands;
``builtins`` are the commands inside, ``interactive`` is the prompt of ``kubectl exec -it``.
"""
