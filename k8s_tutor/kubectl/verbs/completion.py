"""``kubectl completion SHELL``, and ``__complete`` behind it: completion in the learner's own shell."""

from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.text import quoted

_BASH = """# bash completion for {program}
__{name}_complete() {{
    local IFS=$'\\n'
    COMPREPLY=($({program} __complete "${{COMP_LINE:0:$COMP_POINT}}" 2>/dev/null))
    [[ ${{#COMPREPLY[@]}} -eq 1 && ${{COMPREPLY[0]}} == */ || ${{COMPREPLY[0]}} == *= ]] && compopt -o nospace
}}
complete -o default -F __{name}_complete {program}
"""
_ZSH = """#compdef {program}
_{name}() {{
    local -a found
    found=("${{(@f)$({program} __complete "${{BUFFER[1,$CURSOR]}}" 2>/dev/null)}}")
    compadd -a found
}}
compdef _{name} {program}
"""
_FISH = """complete -c {program} -f -a '({program} __complete (commandline -cp) 2>/dev/null)'
"""
_POWERSHELL = """Register-ArgumentCompleter -Native -CommandName '{program}' -ScriptBlock {{
    param($word, $tree, $cursor)
    {program} __complete $tree.ToString().Substring(0, $cursor) 2>$null
}}
"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH, "powershell": _POWERSHELL}


class Completion(Verb):
    """Prints a shell's completion script."""

    name = "completion"
    usage = "completion SHELL [options]"
    short = "Output shell completion code for the specified shell (bash, zsh, fish, or powershell)"
    group = "Settings Commands"

    def validate(self, call: Call) -> None:
        if not call.arguments:
            raise call.usage("Shell not specified.")
        if len(call.arguments) > 1:
            raise call.usage("Too many arguments. Expected only the shell type.")
        if call.arguments[0] not in SCRIPTS:
            raise call.usage(f"Unsupported shell type {quoted(call.arguments[0])}.")

    def run(self, call: Call) -> int:
        program = call.env.get("K8S_TUTOR_PROGRAM", "kubectl")
        call.write(SCRIPTS[call.arguments[0]].format(program=program, name=program.replace(" ", "_").replace("-", "_")))
        return 0


VERB = Completion
