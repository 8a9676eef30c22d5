"""MutatingWebhookConfigurations (upstream: ``registry/admissionregistration/mutatingwebhookconfiguration``)."""

from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.admission.webhooks import WebhookConfigurationStrategy
from k8s_tutor.sim.resources.validating_webhook_configuration import WEBHOOKS


class MutatingWebhookConfigurationStrategy(WebhookConfigurationStrategy):
    """The kind MutatingWebhookConfiguration."""

    resource = "mutatingwebhookconfigurations.admissionregistration.k8s.io"
    allow_unconditional_update = False
    counts_empties = True
    mutating = True
    columns = table.table(table.NAME, WEBHOOKS, table.AGE)
