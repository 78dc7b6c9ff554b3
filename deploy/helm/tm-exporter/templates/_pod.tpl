{{/* The image by its digest or its tag. */}}
{{- define "tm-exporter.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{- printf "%s@%s" .repository .digest -}}
{{- else -}}
{{- printf "%s:%s" .repository (default $.Chart.AppVersion .tag) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
What needs a restart, so that new pods come where it changes. The rest of `config` is
taken up while the exporter runs.
*/}}
{{- define "tm-exporter.needsRestart" -}}
{{- $server := .Values.config.server | default dict -}}
{{- $log := .Values.config.log | default dict -}}
{{- list $server.web_config_file $log.format .Values.config.event_loop | toJson | sha256sum | trunc 16 -}}
{{- end -}}

{{/* What the chart tells the exporter beside its file. */}}
{{- define "tm-exporter.env" -}}
- name: TM_EXPORTER_CONFIG
  value: /etc/tm-exporter/config/exporter.yml
- name: TM_EXPORTER_SERVER__LISTEN
  value: {{ printf "%s:%d" .Values.listenOn (int .Values.service.port) | quote }}
- name: TM_EXPORTER_SERVER__HEALTH_LISTEN
  value: {{ printf "%s:%d" .Values.listenOn (int .Values.healthPort) | quote }}
- name: TM_EXPORTER_STATE_DIR
  value: /var/lib/tm-exporter
{{- if or .Values.lease.enabled .Values.sharding.enabled }}
- name: POD_NAME
  valueFrom:
    fieldRef: {apiVersion: v1, fieldPath: metadata.name}
- name: POD_NAMESPACE
  valueFrom:
    fieldRef: {apiVersion: v1, fieldPath: metadata.namespace}
{{- end }}
{{- if .Values.lease.enabled }}
- name: TM_EXPORTER_LEASE__ENABLED
  value: "true"
- name: TM_EXPORTER_LEASE__NAME
  value: {{ include "tm-exporter.fullname" . }}
- name: TM_EXPORTER_LEASE__DURATION
  value: {{ .Values.lease.duration | quote }}
{{- end }}
{{- if .Values.sharding.enabled }}
- name: TM_EXPORTER_SHARD__TOTAL
  value: {{ .Values.sharding.shards | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The Secret whose keys are files, if there is one. */}}
{{- define "tm-exporter.secretName" -}}
{{- if .Values.existingSecret -}}
{{- .Values.existingSecret -}}
{{- else if .Values.secret -}}
{{- include "tm-exporter.fullname" . -}}
{{- end -}}
{{- end -}}

{{/* The pod, as the Deployment and the StatefulSet have it. */}}
{{- define "tm-exporter.pod" -}}
metadata:
  labels:
    {{- /* Not the chart's version, which would start new pods. */}}
    {{- merge (include "tm-exporter.selectorLabels" . | fromYaml) .Values.podLabels .Values.labels | toYaml | nindent 4 }}
  annotations:
    {{- merge (dict "tm-exporter/restart" (include "tm-exporter.needsRestart" .)) .Values.podAnnotations | toYaml | nindent 4 }}
spec:
  serviceAccountName: {{ include "tm-exporter.serviceAccountName" . }}
  automountServiceAccountToken: {{ .Values.lease.enabled }}
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    {{- toYaml .Values.podSecurityContext | nindent 4 }}
  containers:
    - name: tm-exporter
      image: {{ include "tm-exporter.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [run]
      env:
        {{- include "tm-exporter.env" . | nindent 8 }}
      {{- with .Values.extraEnvFrom }}
      envFrom:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      ports:
        - name: http
          containerPort: {{ .Values.service.port }}
          protocol: TCP
        - name: health
          containerPort: {{ .Values.healthPort }}
          protocol: TCP
      livenessProbe:
        {{- merge (dict "httpGet" (dict "path" "/-/healthy" "port" "health")) .Values.livenessProbe | toYaml | nindent 8 }}
      readinessProbe:
        {{- merge (dict "httpGet" (dict "path" "/-/ready" "port" "health")) .Values.readinessProbe | toYaml | nindent 8 }}
      startupProbe:
        {{- merge (dict "httpGet" (dict "path" "/-/healthy" "port" "health")) .Values.startupProbe | toYaml | nindent 8 }}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      securityContext:
        {{- toYaml .Values.securityContext | nindent 8 }}
      volumeMounts:
        # Whole directories: Kubernetes brings a file up to date only in these.
        - name: config
          mountPath: /etc/tm-exporter/config
          readOnly: true
        {{- if include "tm-exporter.secretName" . }}
        - name: secrets
          mountPath: /etc/tm-exporter/secrets
          readOnly: true
        {{- end }}
        - name: state
          mountPath: /var/lib/tm-exporter
        - name: tmp
          mountPath: /tmp
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: config
      configMap:
        name: {{ include "tm-exporter.fullname" . }}
    {{- with include "tm-exporter.secretName" . }}
    - name: secrets
      secret:
        secretName: {{ . }}
        defaultMode: 0440
    {{- end }}
    - name: tmp
      emptyDir: {sizeLimit: 16Mi}
    {{- if not .Values.persistence.enabled }}
    - name: state
      emptyDir: {sizeLimit: 1Gi}
    {{- else if not .Values.sharding.enabled }}
    - name: state
      persistentVolumeClaim:
        claimName: {{ default (include "tm-exporter.fullname" .) .Values.persistence.existingClaim }}
    {{- end }}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if .Values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- range .Values.topologySpreadConstraints }}
    - {{ toYaml . | nindent 6 | trim }}
      {{- if not (hasKey . "labelSelector") }}
      labelSelector:
        matchLabels:
          {{- include "tm-exporter.selectorLabels" $ | nindent 10 }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}
