{{/* The chart's name in names, at most 63 characters. */}}
{{- define "tm-exporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/*
The name of a release's objects: no two releases have the same one. It has at most 52
characters, so that what is put behind it (a shard's number, `-headless`) stays within
the 63 of a label.
*/}}
{{- define "tm-exporter.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $both := eq .Release.Name $name | ternary $name (printf "%s-%s" .Release.Name $name) -}}
{{- $whole := default $both .Values.fullnameOverride -}}
{{- if gt (len $whole) 52 -}}
{{- printf "%s-%s" ($whole | trunc 43 | trimSuffix "-") ($whole | sha256sum | trunc 8) -}}
{{- else -}}
{{- $whole -}}
{{- end -}}
{{- end -}}

{{/* What tells a release's pods from all others. A release keeps them for ever. */}}
{{- define "tm-exporter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "tm-exporter.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/* The labels of every object. Those given win, but for what says whose it is. */}}
{{- define "tm-exporter.labels" -}}
{{- $whose := include "tm-exporter.selectorLabels" . | fromYaml -}}
{{- $_ := set $whose "app.kubernetes.io/managed-by" .Release.Service -}}
{{- $chart := printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" -}}
{{- $usual := dict "helm.sh/chart" $chart "app.kubernetes.io/version" .Chart.AppVersion "app.kubernetes.io/part-of" "tm-exporter" -}}
{{- merge $whose .Values.labels $usual | toYaml -}}
{{- end -}}

{{/* The ServiceAccount of the pods. */}}
{{- define "tm-exporter.serviceAccountName" -}}
{{- $made := .Values.serviceAccount.create | ternary (include "tm-exporter.fullname" .) "default" -}}
{{- default $made .Values.serviceAccount.name -}}
{{- end -}}

{{/* The labels of the Service that Prometheus scrapes, besides those of every object. */}}
{{- define "tm-exporter.metricsServiceLabels" -}}
app.kubernetes.io/component: metrics
{{- end -}}

{{/* How many instances there are: 1, `replicas` or `sharding.shards`. */}}
{{- define "tm-exporter.instances" -}}
{{- .Values.sharding.enabled | ternary .Values.sharding.shards .Values.replicas -}}
{{- end -}}
