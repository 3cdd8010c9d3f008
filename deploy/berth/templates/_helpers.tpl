{{- define "berth.labels" -}}
app.kubernetes.io/name: berth
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "berth.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "berth.host" -}}
{{ regexReplaceAll "(:[0-9]+)?$" (regexReplaceAll "^https?://" .Values.publicUrl "") "" }}
{{- end }}

{{/* What every process is told: secrets come from Secrets that exist, as variables of their own names. */}}
{{- define "berth.env" -}}
- {name: DJANGO_SETTINGS_MODULE, value: portal.settings.production}
- {name: BERTH_PUBLIC_URL, value: {{ .Values.publicUrl | quote }}}
- {name: BERTH_ALLOWED_HOSTS, value: {{ prepend .Values.allowedHosts (include "berth.host" .) | join "," | quote }}}
- {name: BERTH_TRUSTED_PROXIES, value: {{ .Values.trustedProxies | quote }}}
- {name: BERTH_INSECURE_HTTP, value: {{ .Values.insecureHttp | quote }}}
- {name: BERTH_NAMESPACE_PREFIX, value: {{ .Values.namespacePrefix | quote }}}
- {name: BERTH_MAX_TEAMS_PER_PERSON, value: {{ .Values.maxTeamsPerPerson | quote }}}
- {name: BERTH_CLUSTERS, value: {{ dict "default" (dict "title" (.Values.clusterTitle | default "this cluster") "in_cluster" true) | toJson | quote }}}
- name: BERTH_SECRET_KEY
  valueFrom: {secretKeyRef: {name: {{ .Values.secrets.app.name }}, key: {{ .Values.secrets.app.secretKey | default "secret-key" }}}}
{{- with .Values.secrets.app.fallbacks }}
- name: BERTH_SECRET_KEY_FALLBACKS
  valueFrom: {secretKeyRef: {name: {{ $.Values.secrets.app.name }}, key: {{ . }}}}
{{- end }}
- name: BERTH_SEAL_KEY
  valueFrom: {secretKeyRef: {name: {{ .Values.secrets.app.name }}, key: {{ .Values.secrets.app.sealKey | default "seal-key" }}}}
- name: BERTH_DATABASE_URL
  valueFrom: {secretKeyRef: {name: {{ .Values.secrets.database.name }}, key: {{ .Values.secrets.database.url | default "url" }}}}
- name: BERTH_REDIS_URL
  valueFrom: {secretKeyRef: {name: {{ .Values.secrets.redis.name }}, key: {{ .Values.secrets.redis.url | default "url" }}}}
- {name: BERTH_SIGNUP, value: {{ .Values.signIn.signup | quote }}}
- {name: BERTH_LOCAL_SIGNIN, value: {{ .Values.signIn.local | quote }}}
- {name: BERTH_REQUIRE_MFA, value: {{ .Values.signIn.requireMfa | quote }}}
- {name: BERTH_SUPPORT_CONTACT, value: {{ .Values.supportContact | quote }}}
- {name: BERTH_IMAGE_HOSTS, value: {{ join "," .Values.imageHosts | quote }}}
{{- if .Values.signIn.oidcSecret }}
- name: BERTH_OIDC
  valueFrom: {secretKeyRef: {name: {{ .Values.signIn.oidcSecret }}, key: oidc}}
{{- end }}
{{- with .Values.email }}
{{- if .host }}
- {name: BERTH_EMAIL_HOST, value: {{ .host | quote }}}
- {name: BERTH_EMAIL_PORT, value: {{ .port | quote }}}
- {name: BERTH_EMAIL_TLS, value: {{ .tls | quote }}}
- {name: BERTH_EMAIL_SSL, value: {{ .ssl | quote }}}
- {name: BERTH_EMAIL_FROM, value: {{ .from | quote }}}
{{- if .secret }}
- name: BERTH_EMAIL_USER
  valueFrom: {secretKeyRef: {name: {{ .secret }}, key: user}}
- name: BERTH_EMAIL_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ .secret }}, key: password}}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "berth.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "berth.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* One process as a Deployment: root, component, replicas, resources, serviceAccount, command, and lines of its own. */}}
{{- define "berth.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .root.Release.Name }}-{{ .component }}
  labels: {{- include "berth.labels" . | nindent 4 }}
spec:
  replicas: {{ .replicas }}
  selector:
    matchLabels: {{- include "berth.labels" . | nindent 6 }}
  template:
    metadata:
      labels: {{- include "berth.labels" . | nindent 8 }}
    spec:
      serviceAccountName: {{ .root.Release.Name }}-{{ .component }}
      terminationGracePeriodSeconds: 40
      securityContext: {{- include "berth.podSecurity" .root | nindent 8 }}
      {{- with .root.Values.pullSecrets }}
      imagePullSecrets: {{- range . }}
        - name: {{ . }}
      {{- end }}
      {{- end }}
      containers:
        - name: {{ .component }}
          image: {{ include "berth.image" .root }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          {{- with .command }}
          command: {{- toYaml . | nindent 12 }}
          {{- end }}
          env: {{- include "berth.env" .root | nindent 12 }}
            {{- with .env }}{{ toYaml . | nindent 12 }}{{ end }}
          {{- with .ports }}
          ports: {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- with .probes }}{{ toYaml . | nindent 10 }}{{ end }}
          resources: {{- toYaml .resources | nindent 12 }}
          securityContext: {{- include "berth.containerSecurity" .root | nindent 12 }}
          volumeMounts:
            - {name: tmp, mountPath: /tmp}
      volumes:
        - name: tmp
          emptyDir: {medium: Memory, sizeLimit: 64Mi}
{{- end }}
