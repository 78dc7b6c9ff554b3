{{/* The exporter's YAML file: what is given, without what the chart says itself. */}}
{{- define "tm-exporter.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- range $path, $default := include "tm-exporter.ownKeys" . | fromYaml -}}
{{- $keys := splitList "." $path -}}
{{- $section := $config -}}
{{- if eq (len $keys) 2 -}}
{{- $section = get $config (first $keys) | default dict -}}
{{- end -}}
{{- $_ := unset $section (last $keys) -}}
{{- end -}}
{{- range $name := list "server" "lease" "shard" -}}
{{- if not (get $config $name) -}}
{{- $_ := unset $config $name -}}
{{- end -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{/*
The keys that the chart sets in the environment, with what they may say in `config`.
All that takes a restart to change is there, since a change of it starts new pods.
*/}}
{{- define "tm-exporter.ownKeys" -}}
server.listen: 0.0.0.0:9877
server.health_listen: null
state_dir: null
lease.enabled: false
lease.kind: kubernetes
lease.name: tm-exporter
lease.namespace: null
lease.duration: 15s
lease.api_url: null
lease.token_file: null
lease.ca_bundle: null
shard.index: 0
shard.total: 1
{{- end -}}

{{/* Targets as a list in JSON; without any, the exporter watches serverless. */}}
{{- define "tm-exporter.targets" -}}
{{- toJson (.Values.config.targets | default list) -}}
{{- end -}}

{{/*
`true` if probes may run that cost money: an inference target with a credential, a
model and a probe that generates. What cannot be seen from here counts as such.
*/}}
{{- define "tm-exporter.isPaid" -}}
{{- $credential := .Values.extraEnvFrom | not | not -}}
{{- $unseen := .Values.config.targets_from | not | not -}}
{{- $models := false -}}
{{- $caps := false -}}
{{- range .Values.extraEnv -}}
{{- if regexMatch "^(TENSORMESH_INFERENCE_API_KEY|TM_CONFIG_HOME|TM_EXPORTER_TARGETS__.*__API_KEY(_FILE)?)$" .name -}}
{{- $credential = true -}}
{{- /* All targets, files of them, a whole one, a new one, or what one asks. */}}
{{- else if regexMatch "^TM_EXPORTER_TARGETS(_FROM|__([^_]|_[^_])+|__.*__(SURFACE|PROBES(__.*)?))?$" .name -}}
{{- $unseen = true -}}
{{- else if regexMatch "^TM_EXPORTER_TARGETS__.*__MODELS$" .name -}}
{{- $models = true -}}
{{- else if regexMatch "^TM_EXPORTER_CANARY_BUDGET(__(DAILY|MONTHLY)_USD)?$" .name -}}
{{- $caps = true -}}
{{- end -}}
{{- end -}}
{{- $targets := include "tm-exporter.targets" . | fromJsonArray -}}
{{- $paid := or $unseen (and $credential (not $targets)) -}}
{{- range $target := $targets -}}
{{- $key := or $credential $target.api_key_file $target.api_key -}}
{{- $model := or $models (not (kindIs "slice" $target.models)) $target.models -}}
{{- if and (ne $target.surface "control_plane") $key $model (include "tm-exporter.generates" $target) -}}
{{- $paid = true -}}
{{- end -}}
{{- end -}}
{{- $budget := .Values.config.canary_budget | default dict -}}
{{- range $cap := list "daily_usd" "monthly_usd" -}}
{{- if and (not $caps) (hasKey $budget $cap) (not (kindIs "invalid" (get $budget $cap))) (eq (float64 (get $budget $cap)) 0.0) -}}
{{- $paid = false -}}
{{- end -}}
{{- end -}}
{{- if $paid }}true{{ end -}}
{{- end -}}

{{/* `true` if one of a target's probes asks for a generation. */}}
{{- define "tm-exporter.generates" -}}
{{- $kinds := list "chat_stream" "chat" "completions" "completions_stream" "responses" "responses_stream" "kv_cache" -}}
{{- $probes := .probes | default dict -}}
{{- range $kind := $kinds -}}
{{- if ne (get $probes $kind | toString) "false" }}true{{ end -}}
{{- end -}}
{{- range $name, $probe := $probes -}}
{{- if and (kindIs "map" $probe) (has (get $probe "kind" | default $name) $kinds) }}true{{ end -}}
{{- end -}}
{{- end -}}

{{/* The ports of TCP that the configured addresses have, in order, as a list in JSON. */}}
{{- define "tm-exporter.egressPorts" -}}
{{- $config := .Values.config -}}
{{- $addresses := list -}}
{{- range $target := include "tm-exporter.targets" . | fromJsonArray -}}
{{- $addresses = append $addresses (coalesce $target.proxy_url $target.base_url "https://") -}}
{{- else -}}
{{- $addresses = append $addresses "https://" -}}
{{- end -}}
{{- $addresses = append $addresses ($config.reference_url | default "") -}}
{{- range .Values.extraEnv -}}
{{- if regexMatch "^(HTTPS?_PROXY|https?_proxy|TENSORMESH_[A-Z_]*_BASE_URL|TM_EXPORTER_(.*_)?(BASE|PROXY|REFERENCE)_URL)$" .name -}}
{{- $addresses = append $addresses (.value | default "") -}}
{{- end -}}
{{- end -}}
{{- $ports := .Values.networkPolicy.extraEgressPorts -}}
{{- range $address := $addresses -}}
{{- if $address -}}
{{- $authority := regexReplaceAll "^([a-z]+://)?([^/?#]*@)?([^/?#]*).*$" $address "${3}" -}}
{{- $written := regexFind ":[0-9]+$" $authority | trimPrefix ":" -}}
{{- $ports = append $ports (int ($written | default (hasPrefix "http://" $address | ternary 80 443))) -}}
{{- end -}}
{{- end -}}
{{- $numbers := list -}}
{{- range $ports -}}
{{- $numbers = append $numbers (printf "%05d" (int .)) -}}
{{- end -}}
[{{ range $i, $port := $numbers | uniq | sortAlpha }}{{ if $i }}, {{ end }}{{ trimAll " " ($port | trimPrefix "0" | trimPrefix "0" | trimPrefix "0" | trimPrefix "0") }}{{ end }}]
{{- end -}}
