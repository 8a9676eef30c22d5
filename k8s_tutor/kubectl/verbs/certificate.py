"""``kubectl certificate approve|deny`` (kubectl, ``cmd/certificates``)."""

from datetime import UTC, datetime
from typing import Any

from k8s_tutor.kubectl.actions import tell
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError, raise_all
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.infos import Info, select
from k8s_tutor.kubectl.options import FILENAME, OUTPUT
from k8s_tutor.kubectl.verbgroup import VerbGroup


class _Decide(Verb):
    flags = (*FILENAME, *OUTPUT, Flag("force", "bool", help="decide again"))
    condition = ""
    reason = ""
    message = ""
    done = ""

    def validate(self, call: Call) -> None:
        if not call.arguments and not call.flag("filename"):
            raise CommandError("one or more CSRs must be specified as <name> or -f <filename>")

    def run(self, call: Call) -> int:
        words = [] if call.flag("filename") else ["certificatesigningrequests.certificates.k8s.io", *call.arguments]
        selection = select(call, words)
        found = 0
        for info in selection.infos():
            found += 1
            tell(call, info.resource, self._decide(call, info), self.done)
        raise_all(selection.errors)
        if not found:
            call.out("No resources found")
        return 0

    def _decide(self, call: Call, info: Info) -> dict[str, Any]:
        conditions: list[dict[str, Any]] = list((info.object.get("status") or {}).get("conditions") or ())
        for one in conditions:
            if one.get("type") == self.condition and not call.flag("force"):
                return info.object
            if one.get("type") in {"Approved", "Denied"} and one.get("type") != self.condition:
                raise CommandError(f'certificate signing request "{info.name}" is already {one["type"]}')
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        conditions.append(
            {
                "type": self.condition,
                "status": "True",
                "reason": self.reason,
                "message": self.message,
                "lastUpdateTime": now,
            }
        )
        body = {**info.object, "status": {**(info.object.get("status") or {}), "conditions": conditions}}
        made: dict[str, Any] = call.request("PUT", f"{info.path}/approval", body=body)
        return made


class Approve(_Decide):
    """Approves requests."""

    name = "approve"
    usage = "certificate approve (-f FILENAME | NAME) [options]"
    short = "Approve a certificate signing request"
    condition, reason, done = "Approved", "KubectlApprove", "approved"
    message = "This CSR was approved by kubectl certificate approve."


class Deny(_Decide):
    """Denies requests."""

    name = "deny"
    usage = "certificate deny (-f FILENAME | NAME) [options]"
    short = "Deny a certificate signing request"
    condition, reason, done = "Denied", "KubectlDeny", "denied"
    message = "This CSR was denied by kubectl certificate deny."


class Certificate(VerbGroup):
    """Groups what can be done with signing requests."""

    name = "certificate"
    usage = "certificate SUBCOMMAND [options]"
    short = "Modify certificate resources"
    group = "Cluster Management Commands"
    subverbs = (Approve, Deny)


VERB = Certificate
