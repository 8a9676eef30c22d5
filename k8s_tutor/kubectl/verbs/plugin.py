"""``kubectl plugin list``: programs named ``kubectl-…`` on the path (kubectl, ``cmd/plugin``).

They are listed, not run: the prompt of the tutor runs nothing of the machine it is on.
"""

import os
from pathlib import Path

from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.verbgroup import VerbGroup


class PluginList(Verb):
    """Lists plugins."""

    name = "list"
    usage = "plugin list [flags] [options]"
    short = "List all visible plugin executables on a user's PATH"
    flags = (Flag("name-only", "bool", help="names without their folders"),)

    def run(self, call: Call) -> int:
        found = []
        for folder in dict.fromkeys(part for part in call.env.get("PATH", "").split(os.pathsep) if part):
            place = Path(folder)
            if place.is_dir():
                found += sorted(file for file in place.iterdir() if file.name.startswith("kubectl-") and file.is_file())
        if not found:
            raise CommandError("unable to find any kubectl plugins in your PATH")
        call.out("The following compatible plugins are available:\n")
        for file in found:
            call.out(file.name if call.flag("name-only") else str(file))
        return 0


class Plugin(VerbGroup):
    """Groups what concerns plugins."""

    name = "plugin"
    usage = "plugin [flags] [options]"
    short = "Provides utilities for interacting with plugins"
    subverbs = (PluginList,)


VERB = Plugin
