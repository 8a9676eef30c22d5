"""ValidatingWebhookConfigurations (upstream: ``registry/admissionregistration/validatingwebhookconfiguration``)."""

from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.admission.webhooks import WebhookConfigurationStrategy

WEBHOOKS = table.plain(
    "Webhooks", "Webhooks indicates the number of webhooks registered in this configuration", "integer"
)


class ValidatingWebhookConfigurationStrategy(WebhookConfigurationStrategy):
    """The kind ValidatingWebhookConfiguration."""

    resource = "validatingwebhookconfigurations.admissionregistration.k8s.io"
    allow_unconditional_update = False
    counts_empties = True
    columns = table.table(table.NAME, WEBHOOKS, table.AGE)
