"""What all kinds of ``admissionregistration.k8s.io`` share: names that the server keeps for what it reads from files."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import FieldError
from k8s_tutor.sim.resources.shared.admission import admission_rules
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At


class RegistrationStrategy(KindStrategy):
    """A kind that registers something that takes part in admission."""

    has_generation = True

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        return admission_rules.static_warnings(obj, old)

    def validate_create(self, obj: Json) -> list[FieldError]:
        v = At(super().validate_create(obj), "", obj)
        admission_rules.check_static_name(v, None)
        return v.errors
