"""The plug-ins in upstream's order (``kubeapiserver/options/plugins.go``)."""

from k8s_tutor.sim.admission.chain import Plugin

PLUGINS: tuple[type[Plugin], ...] = ()
