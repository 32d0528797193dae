{{- define "sluice.name" -}}
{{ .Release.Name }}-sluice
{{- end }}

{{- define "sluice.selector" -}}
app.kubernetes.io/name: sluice
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "sluice.labels" -}}
{{ include "sluice.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
{{- end }}

{{- /* The configuration file: the chart's own options, then those of the values. */ -}}
{{- define "sluice.config" -}}
data: /data
listen: 0.0.0.0:8080
listen-admin: 0.0.0.0:9090
log-format: json
{{- if .Values.tls.secretName }}
listen-tls: 0.0.0.0:8443
tls-cert: /run/tls/tls.crt
tls-key: /run/tls/tls.key
{{- else }}
listen-tls: ''
{{- end }}
{{- range $option, $key := .Values.secrets.options }}
{{ $option }}: /run/secrets/sluice/{{ $key }}
{{- end }}
{{- with .Values.config }}
{{ toYaml . }}
{{- end }}
{{- end }}
