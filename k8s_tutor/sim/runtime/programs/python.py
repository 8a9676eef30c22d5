"""``python``: ``-m http.server``, ``-c`` and scripts as far as a small interpreter goes.

The text is parsed by Python's own ``ast`` and walked here, statement by statement, in cluster time: no code of a
learner runs in this program. What is known: expressions, names, lists, dicts, f-strings, if, while, for, try, functions,
and of modules ``time``, ``os``, ``sys``, ``socket.gethostname``, ``random``, ``datetime``, ``math``, ``json``.
"""

import ast
from typing import TYPE_CHECKING

from k8s_tutor.sim.network import HttpRequest, HttpResponse
from k8s_tutor.sim.runtime.nodes import Directory, File
from k8s_tutor.sim.runtime.programs.registry import program
from k8s_tutor.sim.runtime.programs.serving import listen
from k8s_tutor.sim.runtime.programs.templates import moment
from k8s_tutor.sim.runtime.python.machine import Machine
from k8s_tutor.sim.runtime.python.statements import Walker
from k8s_tutor.sim.runtime.python.values import ExitPython, PythonError

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process


@program("python", "python3", memory=9 << 20, start=0.02)
async def python(process: "Process") -> int:
    """Run a module, a text, a script or standard input."""
    words = [word for word in process.argv[1:] if word not in {"-u", "-B", "-I", "-s", "-q"}]
    if words[:1] in (["-V"], ["--version"]):
        await process.out(f"Python {process.container.image.version}\n")
        return 0
    if words[:2] == ["-m", "http.server"]:
        return await _http_server(process, words[2:])
    if words[:1] == ["-c"] and len(words) > 1:
        return await _run(process, words[1], "<string>", ["-c", *words[2:]])
    if words and not words[0].startswith("-"):
        try:
            text = process.files.read_file(words[0], process.cwd, process.credentials)
        except OSError as error:
            await process.err(f"python: can't open file '{words[0]}': [Errno {error.errno}] {error.strerror}\n")
            return 2
        return await _run(process, text.decode("utf-8", "replace"), words[0], words)
    if words:
        await process.err(f"{words[-1]}: not part of the simulated python\n")
        return 1
    text = b""
    if process.fds[0].is_tty:
        await process.out(f"Python {process.container.image.version} (simulated; ends with ^D)\n")
    while data := await process.read(0):
        text += data
    return await _run(process, text.decode("utf-8", "replace"), "<stdin>", [""])


async def _run(process: "Process", text: str, name: str, argv: list[str]) -> int:
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        await process.err(
            f'  File "{name}", line {error.lineno}\n    {(error.text or "").strip()}\nSyntaxError: {error.msg}\n'
        )
        return 1
    walker = Walker(Machine(process, argv))
    try:
        await walker.block(tree.body)
    except ExitPython as leaving:
        return leaving.code
    except PythonError as error:
        await process.err(
            f'Traceback (most recent call last):\n  File "{name}", line {error.line}, in <module>\n{error}\n'
        )
        return 1
    return 0


async def _http_server(process: "Process", words: list[str]) -> int:
    port = next((int(word) for word in words if word.isdigit()), 8000)
    folder = words[words.index("-d") + 1] if "-d" in words[:-1] else process.cwd

    def answer(request: HttpRequest) -> HttpResponse:
        response = _page(process, folder, request)
        process.say(
            f'{request.peer} - - [{moment(process, "%d/%b/%Y %H:%M:%S")}] "{request.method} {request.target} HTTP/{request.version}" {response.status} -\n',
            2,
        )
        return response

    if not listen(process, port, answer):
        await process.err("OSError: [Errno 98] Address already in use\n")
        return 1
    await process.out(f"Serving HTTP on 0.0.0.0 port {port} (http://0.0.0.0:{port}/) ...\n")
    await process.forever()
    return 0


def _page(process: "Process", folder: str, request: HttpRequest) -> HttpResponse:
    files = process.files
    headers = {
        "Server": f"SimpleHTTP/0.6 Python/{process.container.image.version}",
        "Content-Type": "text/html; charset=utf-8",
    }
    path = f"{folder.rstrip('/')}{request.path}"
    try:
        node = files.get(path)
        if isinstance(node, Directory):
            if files.exists(f"{path.rstrip('/')}/index.html"):
                node = files.get(f"{path.rstrip('/')}/index.html")
            else:
                items = "".join(f'<li><a href="{name}">{name}</a></li>\n' for name in node.names())
                page = f"<!DOCTYPE HTML>\n<html><head><title>Directory listing for {request.path}</title></head><body>\n<h1>Directory listing for {request.path}</h1>\n<hr>\n<ul>\n{items}</ul>\n<hr>\n</body></html>\n"
                return HttpResponse(200, page.encode(), headers, "1.0")
    except OSError:
        return HttpResponse(
            404,
            b"<!DOCTYPE HTML>\n<html><body><h1>Error response</h1><p>Error code: 404</p>"
            b"<p>Message: File not found.</p></body></html>\n",
            headers,
            "1.0",
        )
    return HttpResponse(200, node.read() if isinstance(node, File) else b"", headers, "1.0")
