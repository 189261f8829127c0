{{- define "overread.fullname" -}}
{{- if contains "overread" .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-overread" (.Release.Name | trunc 40 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{- define "overread.selector" -}}
app.kubernetes.io/name: overread
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "overread.labels" -}}
{{ include "overread.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "overread.account" -}}
{{- .Values.serviceAccount.name | default (ternary (include "overread.fullname" .) "default" .Values.serviceAccount.create) -}}
{{- end -}}

{{- define "overread.image" -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}

{{- define "overread.pod" -}}
serviceAccountName: {{ include "overread.account" . }}
automountServiceAccountToken: false
enableServiceLinks: false  # they would arrive as OVERREAD_… and be taken for settings
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "overread.volumes" -}}
- name: data
  {{- if .Values.persistence.enabled }}
  persistentVolumeClaim:
    claimName: {{ .Values.persistence.existingClaim | default (printf "%s-data" (include "overread.fullname" .)) }}
  {{- else }}
  emptyDir: {}
  {{- end }}
- name: tmp
  emptyDir: {}
{{- end -}}

{{- define "overread.container" -}}
image: {{ include "overread.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{- define "overread.mounts" -}}
- {name: data, mountPath: /data}
- {name: tmp, mountPath: /tmp}
{{- end -}}

{{- define "overread.environment" -}}
- {name: HOME, value: /tmp}
- {name: DO_NOT_TRACK, value: "1"}
- {name: STREAMLIT_BROWSER_GATHER_USAGE_STATS, value: "false"}
- {name: OVERREAD_DATA_DIR, value: /data}
{{- with .Values.store }}
{{- if .existingSecret }}
- name: OVERREAD_STORE__URL
  valueFrom:
    secretKeyRef: {name: {{ .existingSecret }}, key: {{ .key | quote }}}
{{- end }}
{{- end }}
{{- range $name, $value := .Values.settings }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end -}}
