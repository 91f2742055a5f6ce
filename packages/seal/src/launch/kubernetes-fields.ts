/** Fields of Kubernetes' core/v1 API (1.34) in the structures that decide how a container runs: a key that is none of them was mistyped, and decides nothing. */
export const podFields = words(`
  activeDeadlineSeconds affinity automountServiceAccountToken containers dnsConfig dnsPolicy enableServiceLinks
  ephemeralContainers hostAliases hostIPC hostNetwork hostPID hostUsers hostname hostnameOverride imagePullSecrets
  initContainers nodeName nodeSelector os overhead preemptionPolicy priority priorityClassName readinessGates
  resourceClaims resources restartPolicy runtimeClassName schedulerName schedulingGates securityContext serviceAccount
  serviceAccountName setHostnameAsFQDN shareProcessNamespace subdomain terminationGracePeriodSeconds tolerations
  topologySpreadConstraints volumes workloadRef`);

export const containerFields = words(`
  args command env envFrom image imagePullPolicy lifecycle livenessProbe name ports readinessProbe resizePolicy
  resources restartPolicy restartPolicyRules securityContext startupProbe stdin stdinOnce targetContainerName
  terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir`);

const bothContexts = words(
  "appArmorProfile runAsGroup runAsNonRoot runAsUser seLinuxOptions seccompProfile windowsOptions",
);

export const podContextFields = [
  ...bothContexts,
  ...words(
    "fsGroup fsGroupChangePolicy seLinuxChangePolicy supplementalGroups supplementalGroupsPolicy sysctls",
  ),
];

export const containerContextFields = [
  ...bothContexts,
  ...words("allowPrivilegeEscalation capabilities privileged procMount readOnlyRootFilesystem"),
];

export const mountFields = words(
  "mountPath mountPropagation name readOnly recursiveReadOnly subPath subPathExpr",
);

/** Volumes that the kubelet mounts read-only, whatever the mount says. */
export const readOnlySources = words("configMap downwardAPI image projected secret");

/** Kinds of core and of the usual add-ons that start nothing. */
export const podless = words(`
  ClusterRole ClusterRoleBinding ConfigMap CustomResourceDefinition Endpoints EndpointSlice Gateway HTTPRoute
  HorizontalPodAutoscaler Ingress LimitRange MutatingWebhookConfiguration Namespace NetworkPolicy PersistentVolume
  PersistentVolumeClaim PodDisruptionBudget PriorityClass ResourceQuota Role RoleBinding RuntimeClass Secret Service
  ServiceAccount ServiceMonitor StorageClass ValidatingAdmissionPolicy ValidatingWebhookConfiguration`);

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/u);
}
