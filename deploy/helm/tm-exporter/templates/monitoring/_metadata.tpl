{{/*
The metadata of a monitoring object. Takes `root`, `wanted` (its values: namespace,
labels, annotations) and `name`. Elsewhere the release's namespace is put in front of it:
a release of another namespace may have the same name.
*/}}
{{- define "tm-exporter.monitoringMetadata" -}}
{{- $here := .root.Release.Namespace -}}
{{- $namespace := default $here .wanted.namespace -}}
name: {{ eq $namespace $here | ternary .name (printf "%s-%s" $here .name) | quote }}
namespace: {{ quote $namespace }}
labels:
  {{- merge (deepCopy .wanted.labels) (include "tm-exporter.labels" .root | fromYaml) | toYaml | nindent 2 }}
{{- with .wanted.annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
