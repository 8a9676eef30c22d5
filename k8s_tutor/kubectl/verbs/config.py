"""``kubectl config``, on the kubeconfig of the call only (kubectl, ``cmd/config``)."""

from k8s_tutor.kubectl.verbgroup import VerbGroup
from k8s_tutor.kubectl.verbs._config_changes import (
    DeleteCluster,
    DeleteContext,
    DeleteUser,
    RenameContext,
    SetContext,
    SetValue,
    Unset,
    UseContext,
)
from k8s_tutor.kubectl.verbs._config_entries import SetCluster, SetCredentials
from k8s_tutor.kubectl.verbs._config_reading import CurrentContext, GetClusters, GetContexts, GetUsers, View


class Config(VerbGroup):
    """Groups what can be done with the kubeconfig."""

    name = "config"
    usage = "config SUBCOMMAND [options]"
    short = "Modify kubeconfig files"
    subverbs = (
        CurrentContext,
        DeleteCluster,
        DeleteContext,
        DeleteUser,
        GetClusters,
        GetContexts,
        GetUsers,
        RenameContext,
        SetValue,
        SetCluster,
        SetContext,
        SetCredentials,
        Unset,
        UseContext,
        View,
    )


VERB = Config
