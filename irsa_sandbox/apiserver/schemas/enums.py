"""The values that a field may have, where there are few.

The published definitions leave them out; a real API server adds them to its OpenAPI documents,
where `kubectl explain` finds them. Source: kubernetes/api, the types marked `+enum`.
"""

from __future__ import annotations

_PULL = "Always IfNotPresent Never"
_MESSAGES = "FallbackToLogsOnError File"
_PROTOCOL = "SCTP TCP UDP"
_PROFILE = "Localhost RuntimeDefault Unconfined"
_HONOR = "Honor Ignore"
_SIGNALS = (
    "SIGABRT SIGALRM SIGBUS SIGCHLD SIGCLD SIGCONT SIGFPE SIGHUP SIGILL SIGINT SIGIO SIGIOT "
    "SIGKILL SIGPIPE SIGPOLL SIGPROF SIGPWR SIGQUIT SIGRTMAX SIGRTMIN SIGSEGV SIGSTKFLT SIGSTOP "
    "SIGSYS SIGTERM SIGTRAP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGUSR1 SIGUSR2 SIGVTALRM "
    "SIGWINCH SIGXCPU SIGXFSZ"
)
_CORE: dict[str, dict[str, str]] = {
    "AppArmorProfile": {"type": _PROFILE},
    "AzureDiskVolumeSource": {
        "cachingMode": "None ReadOnly ReadWrite",
        "kind": "Dedicated Managed Shared",
    },
    "Container": {"imagePullPolicy": _PULL, "terminationMessagePolicy": _MESSAGES},
    "ContainerPort": {"protocol": _PROTOCOL},
    "EphemeralContainer": {"imagePullPolicy": _PULL, "terminationMessagePolicy": _MESSAGES},
    "HTTPGetAction": {"scheme": "HTTP HTTPS"},
    "ImageVolumeSource": {"pullPolicy": _PULL},
    "Lifecycle": {"stopSignal": _SIGNALS},
    "NodeSelectorRequirement": {"operator": "DoesNotExist Exists Gt In Lt NotIn"},
    "PersistentVolumeClaimSpec": {"volumeMode": "Block Filesystem"},
    "PodSecurityContext": {
        "fsGroupChangePolicy": "Always OnRootMismatch",
        "supplementalGroupsPolicy": "Merge Strict",
    },
    "PodSpec": {
        "dnsPolicy": "ClusterFirst ClusterFirstWithHostNet Default None",
        "preemptionPolicy": "Never PreemptLowerPriority",
        "restartPolicy": "Always Never OnFailure",
    },
    "PodStatus": {
        "phase": "Failed Pending Running Succeeded Unknown",
        "qosClass": "BestEffort Burstable Guaranteed",
    },
    "SeccompProfile": {"type": _PROFILE},
    "SecurityContext": {"procMount": "Default Unmasked"},
    "ServicePort": {"protocol": _PROTOCOL},
    "ServiceSpec": {
        "externalTrafficPolicy": "Cluster Local",
        "internalTrafficPolicy": "Cluster Local",
        "ipFamilyPolicy": "PreferDualStack RequireDualStack SingleStack",
        "sessionAffinity": "ClientIP None",
        "type": "ClusterIP ExternalName LoadBalancer NodePort",
    },
    "Taint": {"effect": "NoExecute NoSchedule PreferNoSchedule"},
    "Toleration": {
        "effect": "NoExecute NoSchedule PreferNoSchedule",
        "operator": "Equal Exists Gt Lt",
    },
    "TopologySpreadConstraint": {
        "nodeAffinityPolicy": _HONOR,
        "nodeTaintsPolicy": _HONOR,
        "whenUnsatisfiable": "DoNotSchedule ScheduleAnyway",
    },
    "VolumeMount": {"mountPropagation": "Bidirectional HostToContainer None"},
    "NamespaceStatus": {"phase": "Active Terminating"},
    "NodeStatus": {"phase": "Pending Running Terminated"},
}
_WEBHOOK = {
    "failurePolicy": "Fail Ignore",
    "matchPolicy": "Equivalent Exact",
    "sideEffects": "None NoneOnDryRun Some Unknown",
}
_OTHERS: dict[str, dict[str, str]] = {
    "io.k8s.api.apps.v1.DaemonSetUpdateStrategy": {"type": "OnDelete RollingUpdate"},
    "io.k8s.api.apps.v1.DeploymentStrategy": {"type": "Recreate RollingUpdate"},
    "io.k8s.api.apps.v1.StatefulSetSpec": {"podManagementPolicy": "OrderedReady Parallel"},
    "io.k8s.api.apps.v1.StatefulSetUpdateStrategy": {"type": "OnDelete RollingUpdate"},
    "io.k8s.api.batch.v1.CronJobSpec": {"concurrencyPolicy": "Allow Forbid Replace"},
    "io.k8s.api.batch.v1.JobSpec": {
        "completionMode": "Indexed NonIndexed",
        "podReplacementPolicy": "Failed TerminatingOrFailed",
    },
    "io.k8s.api.networking.v1.NetworkPolicyPort": {"protocol": _PROTOCOL},
    "io.k8s.api.admissionregistration.v1.MutatingWebhook": {
        **_WEBHOOK,
        "reinvocationPolicy": "IfNeeded Never",
    },
    "io.k8s.api.admissionregistration.v1.ValidatingWebhook": _WEBHOOK,
    "io.k8s.api.admissionregistration.v1.RuleWithOperations": {"scope": "* Cluster Namespaced"},
}
_HOST_PATH = "BlockDevice CharDevice Directory DirectoryOrCreate File FileOrCreate Socket"


def values() -> dict[tuple[str, str], list[str]]:
    """(definition, field) -> the values it may have, in order."""
    core = {f"io.k8s.api.core.v1.{name}": fields for name, fields in _CORE.items()}
    values_of = {
        (name, field): text.split()
        for name, fields in (core | _OTHERS).items()
        for field, text in fields.items()
    }
    values_of["io.k8s.api.core.v1.HostPathVolumeSource", "type"] = ["", *_HOST_PATH.split()]
    return values_of
