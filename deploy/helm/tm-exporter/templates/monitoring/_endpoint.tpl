{{/* How Prometheus scrapes a pod: an endpoint of a ServiceMonitor or a PodMonitor. */}}
{{- define "tm-exporter.endpoint" -}}
port: http
path: /metrics
scheme: {{ .scheme }}
interval: {{ .interval }}
scrapeTimeout: {{ .scrapeTimeout }}
{{- range $key := list "tlsConfig" "basicAuth" "authorization" "metricRelabelings" }}
{{- with get $ $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Stop where each pod would be scraped twice: its failures would count twice. */}}
{{- define "tm-exporter.refuseTwoMonitors" -}}
{{- if and .Values.serviceMonitor.enabled .Values.podMonitor.enabled -}}
{{- fail "serviceMonitor.enabled and podMonitor.enabled: each pod would be scraped twice, and failures would count twice; switch one off" -}}
{{- end -}}
{{- end -}}
