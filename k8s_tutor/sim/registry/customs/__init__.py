"""Custom resources: from CustomResourceDefinitions to served resources (upstream: ``apiextensions-apiserver``)."""
