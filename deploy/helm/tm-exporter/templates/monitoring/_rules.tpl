{{/* The label `job` of the release's series: the Service's name, which Prometheus takes. */}}
{{- define "tm-exporter.job" -}}
{{- include "tm-exporter.fullname" . -}}
{{- end -}}

{{/* Where the exporter's own pages are read within the cluster. */}}
{{- define "tm-exporter.url" -}}
{{- $monitor := .Values.podMonitor.enabled | ternary .Values.podMonitor .Values.serviceMonitor -}}
{{- printf "%s://%s.%s.svc:%v" $monitor.scheme (include "tm-exporter.fullname" .) .Release.Namespace .Values.service.port -}}
{{- end -}}

{{/*
The groups of rules of this release, as YAML. It does with files/rules.yaml what
tm_exporter/alerts/render.py does with the same rules, and the tests compare both.
*/}}
{{- define "tm-exporter.rules" -}}
{{- $wanted := .Values.prometheusRule -}}
{{- $selector := default (dict "job" (include "tm-exporter.job" .) "namespace" .Release.Namespace) $wanted.selector -}}
{{- $matchers := list -}}
{{- range $name, $value := $selector -}}
{{- $matchers = append $matchers (printf "%s=%q" $name $value) -}}
{{- end -}}
{{- $lead := "" -}}
{{- range $wanted.groupLabels -}}
{{- $lead = printf "%s%s, " $lead . -}}
{{- end -}}
{{- $release := dict
      "selector" $selector
      "matchers" (join ", " $matchers)
      "lead" $lead
      "groupLabels" $wanted.groupLabels
      "instances" (default (include "tm-exporter.instances" .) $wanted.instances | toString)
      "labels" $wanted.ruleLabels
      "annotations" $wanted.ruleAnnotations
      "runbooks" (default (printf "%s/runbooks" (include "tm-exporter.url" .)) $wanted.runbookUrl | trimSuffix "/")
      "overrides" $wanted.overrides -}}
{{- $shipped := .Files.Get "files/rules.yaml" | fromYaml -}}
{{- include "tm-exporter.refuseWrongRules" (dict "groups" $shipped.groups "release" $release) -}}
{{- $groups := list -}}
{{- range $group := $shipped.groups -}}
{{- $rules := list -}}
{{- range $group.rules -}}
{{- with include "tm-exporter.rule" (dict "rule" . "release" $release) | fromYaml -}}
{{- $rules = append $rules . -}}
{{- end -}}
{{- end -}}
{{- if $rules -}}
{{- $groups = append $groups (merge (dict "rules" $rules) (omit $group "rules")) -}}
{{- end -}}
{{- end -}}
{{- toYaml $groups -}}
{{- end -}}

{{/* One rule of a release, as YAML; nothing where it is switched off. */}}
{{- define "tm-exporter.rule" -}}
{{- $release := .release -}}
{{- $job := "job=\"tm-exporter\"" -}}
{{- $expr := .rule.expr
      | replace "target," (printf "%starget," $release.lead)
      | replace "(job" (printf "(%sjob" $release.lead)
      | replace "INSTANCES" $release.instances
      | replace $job $release.matchers -}}
{{- if hasKey .rule "record" -}}
{{- toYaml (dict "record" .rule.record "expr" $expr "labels" $release.selector) -}}
{{- else -}}
{{- $alert := .rule -}}
{{- $wanted := dict -}}
{{- range $key := list $alert.alert (printf "%s/%s" $alert.alert $alert.severity) -}}
{{- range $setting, $value := get $release.overrides $key | default dict -}}
{{- $_ := set $wanted $setting $value -}}
{{- end -}}
{{- end -}}
{{- if ne (toString $wanted.enabled) "false" -}}
{{- $labels := dict "severity" (default $alert.severity $wanted.severity) -}}
{{- range list $release.selector $release.labels $alert.labels $wanted.labels -}}
{{- range $name, $value := . -}}
{{- $_ := set $labels $name $value -}}
{{- end -}}
{{- end -}}
{{- $annotations := dict
      "summary" (replace $job $release.matchers $alert.summary)
      "description" (replace $job $release.matchers $alert.description)
      "runbook_url" (printf "%s/%s" $release.runbooks $alert.alert) -}}
{{- range list $release.annotations $alert.annotations $wanted.annotations -}}
{{- range $name, $value := . -}}
{{- $_ := set $annotations $name $value -}}
{{- end -}}
{{- end -}}
{{- $rule := dict "alert" $alert.alert "expr" $expr "labels" $labels "annotations" $annotations -}}
{{- with get $wanted "for" | default $alert.hold -}}
{{- if ne . "0s" -}}
{{- $_ := set $rule "for" . -}}
{{- end -}}
{{- end -}}
{{- with $alert.lingers -}}
{{- $_ := set $rule "keep_firing_for" . -}}
{{- end -}}
{{- toYaml $rule -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Stop with a sentence where what is wanted otherwise cannot be. */}}
{{- define "tm-exporter.refuseWrongRules" -}}
{{- $known := dict -}}
{{- range .groups -}}
{{- range .rules -}}
{{- if hasKey . "alert" -}}
{{- $_ := set $known .alert true -}}
{{- $_ := set $known (printf "%s/%s" .alert .severity) true -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $fixed := concat (list "alertname" "severity" "target" "surface" "probe" "model" "instance") (keys .release.selector) -}}
{{- range $name, $wanted := .release.overrides -}}
{{- if not (hasKey $known $name) -}}
{{- fail (printf "prometheusRule.overrides: there is no alert %s; docs/alerts.md lists them all, and files/rules.yaml of the chart has them" $name) -}}
{{- end -}}
{{- range $label, $_ := $wanted.labels -}}
{{- if has $label $fixed -}}
{{- fail (printf "prometheusRule.overrides.%s.labels: %s is a label that the rules set themselves" $name $label) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range .release.groupLabels -}}
{{- if has . $fixed -}}
{{- fail (printf "prometheusRule.groupLabels: the rules keep %s apart as it is" .) -}}
{{- end -}}
{{- end -}}
{{- range $label, $_ := .release.labels -}}
{{- if has $label $fixed -}}
{{- fail (printf "prometheusRule.ruleLabels: %s is a label that the rules set themselves" $label) -}}
{{- end -}}
{{- end -}}
{{- end -}}
