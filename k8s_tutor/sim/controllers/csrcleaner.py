"""Clears certificate requests away: decided ones after an hour, others after a day (upstream: ``certificates/cleaner``)."""

from k8s_tutor.apimachinery.times import parse_time
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.auth.pki import is_expired
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.certificaterequests import REQUESTS, condition
from k8s_tutor.sim.controllers.pods import created

PERIOD = 3600.0
DECIDED, PENDING = 3600.0, 24 * 3600.0
TICK = ("", "")


class CsrCleanerController(Controller):
    """Looks at all requests every hour."""

    name = "certificate-controller"

    def setup(self) -> None:
        self.every(PERIOD, TICK, limit=self.clock.now)

    def reconcile(self, namespace: str, name: str) -> None:
        for request in self.client.list(REQUESTS):
            if self._is_old(request):
                self.client.delete(REQUESTS, request["metadata"]["name"])

    def _is_old(self, request: Json) -> bool:
        status, now = request.get("status") or {}, self.clock.now()
        if not status.get("conditions"):
            return now - created(request) > PENDING
        if status.get("certificate") and condition(request, "Approved") and is_expired(status["certificate"]):
            return True
        limits = {"Approved": DECIDED if status.get("certificate") else PENDING, "Denied": DECIDED, "Failed": DECIDED}
        for type_, limit in limits.items():
            found = condition(request, type_)
            if found and found.get("lastUpdateTime") and now - parse_time(found["lastUpdateTime"]) > limit:
                return True
        return False
