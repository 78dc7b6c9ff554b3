{{/* Stop with a sentence where values contradict each other or would cost money. */}}
{{- define "tm-exporter.refuse" -}}
{{- include "tm-exporter.refuseOwnKeys" . -}}
{{- include "tm-exporter.refuseSecrets" . -}}
{{- include "tm-exporter.refuseReplicas" . -}}
{{- include "tm-exporter.refusePersistence" . -}}
{{- if and .Values.podDisruptionBudget.enabled (not (kindIs "invalid" .Values.podDisruptionBudget.minAvailable)) (not (kindIs "invalid" .Values.podDisruptionBudget.maxUnavailable)) -}}
{{- fail "podDisruptionBudget: minAvailable and maxUnavailable exclude each other; give one of the two" -}}
{{- end -}}
{{- range .Values.extraEnv -}}
{{- if regexMatch "^(TM_EXPORTER_(CONFIG|STATE_DIR|SERVER(__(HEALTH_)?LISTEN)?|(LEASE|SHARD)(__.*)?)|POD_NAME(SPACE)?)$" .name -}}
{{- fail (printf "extraEnv: %s is set by the chart; use the chart's own values, or `config`, instead" .name) -}}
{{- end -}}
{{- end -}}
{{- if eq (int .Values.service.port) (int .Values.healthPort) -}}
{{- fail "healthPort and service.port are the same; the exporter listens on two ports" -}}
{{- end -}}
{{- end -}}

{{/* What the chart sets must not say something else in `config`. */}}
{{- define "tm-exporter.refuseOwnKeys" -}}
{{- $config := .Values.config -}}
{{- $instead := dict "server.listen" "service.port" "server.health_listen" "healthPort" "state_dir" "persistence" "lease" "lease.enabled and lease.duration" "shard" "sharding" -}}
{{- range $path, $default := include "tm-exporter.ownKeys" . | fromYaml -}}
{{- $keys := splitList "." $path -}}
{{- $section := $config -}}
{{- if eq (len $keys) 2 -}}
{{- $section = get $config (first $keys) | default dict -}}
{{- end -}}
{{- $given := get $section (last $keys) -}}
{{- if and (hasKey $section (last $keys)) (not (kindIs "invalid" $given)) (ne (toJson $given) (toJson $default)) -}}
{{- fail (printf "config.%s is set by the chart: use the value %s instead, and leave it out of config" $path (coalesce (get $instead $path) (get $instead (first $keys)))) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Secrets are given once, and not in a ConfigMap. */}}
{{- define "tm-exporter.refuseSecrets" -}}
{{- if and .Values.existingSecret .Values.secret -}}
{{- fail "existingSecret and secret are both given: the files come from one of the two; put them all into the Secret that exists, or leave existingSecret empty" -}}
{{- end -}}
{{- range $target := include "tm-exporter.targets" . | fromJsonArray -}}
{{- range $key := list "api_key" "token" -}}
{{- if get $target $key -}}
{{- fail (printf "config.targets: %s of target %s would stand in a ConfigMap for all to read: put it into a Secret, and write %s_file: /etc/tm-exporter/secrets/NAME" $key $target.name $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Who pays is one instance, and it knows what was spent. */}}
{{- define "tm-exporter.refuseReplicas" -}}
{{- if .Values.sharding.enabled -}}
{{- if ne (int .Values.replicas) 1 -}}
{{- fail "replicas and sharding.enabled exclude each other: the number of pods is sharding.shards, and each target is on one of them; leave replicas at 1" -}}
{{- end -}}
{{- else if and (gt (int .Values.replicas) 1) (not .Values.lease.enabled) -}}
{{- fail (printf "replicas: %d needs lease.enabled: true, since without a lease every replica would send the paid requests, each with the whole budget" (int .Values.replicas)) -}}
{{- end -}}
{{- if and (include "tm-exporter.isPaid" .) (not .Values.lease.enabled) (not .Values.persistence.enabled) (not .Values.acceptLedgerLoss) -}}
{{- fail "paid probes are configured, and what they spent would be forgotten with each pod: set persistence.enabled: true (a volume for the ledger) or lease.enabled: true (the totals travel with the Lease), or accept with acceptLedgerLoss: true that a new pod begins with the unexpired share of the budget" -}}
{{- end -}}
{{- end -}}

{{/* One pod writes one volume. */}}
{{- define "tm-exporter.refusePersistence" -}}
{{- if .Values.persistence.enabled -}}
{{- if and .Values.lease.enabled (not .Values.sharding.enabled) -}}
{{- if gt (int .Values.replicas) 1 -}}
{{- fail (printf "persistence.enabled with replicas: %d: pods cannot share one ledger, and need none, since the totals travel with the Lease; leave persistence off" (int .Values.replicas)) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.sharding.enabled .Values.persistence.existingClaim -}}
{{- fail "persistence.existingClaim with sharding.enabled: each shard has a claim of its own, which the StatefulSet makes; leave existingClaim empty" -}}
{{- end -}}
{{- else if .Values.persistence.existingClaim -}}
{{- fail "persistence.existingClaim without persistence.enabled: set persistence.enabled: true to use the claim, or leave existingClaim empty" -}}
{{- end -}}
{{- end -}}
