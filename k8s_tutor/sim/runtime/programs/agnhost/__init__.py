"""``agnhost``: Kubernetes' test image, a server and client for every purpose (``test/images/agnhost``)."""
