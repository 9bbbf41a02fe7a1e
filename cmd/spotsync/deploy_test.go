package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.yaml.in/yaml/v4"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/schematest"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/statuspage"
	"github.com/spotsync/spotsync/reconcile/edit"
)

// documents are the YAML documents of a file. That a member is named twice is an error.
func documents(t *testing.T, path string) (docs []map[string]any) {
	t.Helper()
	dec := yaml.NewDecoder(strings.NewReader(readDoc(t, path)))
	for {
		var doc map[string]any
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		docs = append(docs, doc)
	}
	if len(docs) == 0 {
		t.Fatalf("%s is empty", path)
	}
	return docs
}

// memberAt is what a document holds at a path such as "spec.template.spec.containers.0.image".
func memberAt(t *testing.T, doc any, path string) any {
	t.Helper()
	for key := range strings.SplitSeq(path, ".") {
		switch v := doc.(type) {
		case map[string]any:
			doc = v[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(v) {
				t.Fatalf("%s: no element %s", path, key)
			}
			doc = v[i]
		default:
			return nil
		}
	}
	return doc
}

func holds(t *testing.T, name string, doc any, want map[string]any) {
	t.Helper()
	for path, w := range want {
		if d := cmp.Diff(w, memberAt(t, doc, path)); d != "" {
			t.Errorf("%s: %s: %s", name, path, d)
		}
	}
}

func stringsOf(t *testing.T, v any) (out []string) {
	t.Helper()
	list, ok := v.([]any)
	if !ok {
		t.Fatalf("%v is no list", v)
	}
	for _, s := range list {
		out = append(out, fmt.Sprint(s))
	}
	return out
}

// Each command that something in deploy starts is one that spotsync understands, flag by flag.
func TestDeployedCommands(t *testing.T) {
	commands := map[string][]string{}
	for _, unit := range []string{"deploy/systemd/spotsync.service", "deploy/systemd/user/spotsync.service"} {
		commands[unit] = strings.Fields(regexp.MustCompile(`(?m)^ExecStart=\S*/spotsync (.*)$`).FindStringSubmatch(readDoc(t, unit))[1])
	}
	quoted := func(line string) (out []string) {
		for _, m := range regexp.MustCompile(`"([^"]*)"`).FindAllStringSubmatch(line, -1) {
			out = append(out, m[1])
		}
		return out
	}
	dockerfile := readDoc(t, "deploy/docker/Dockerfile")
	commands["CMD"] = quoted(regexp.MustCompile(`(?m)^CMD (.*)$`).FindStringSubmatch(dockerfile)[1])
	commands["HEALTHCHECK"] = quoted(regexp.MustCompile(`(?m)^HEALTHCHECK .* CMD (.*)$`).FindStringSubmatch(dockerfile)[1])[1:]
	commands["compose"] = stringsOf(t, memberAt(t, documents(t, "deploy/docker/compose.yaml")[0], "services.spotsync.command"))
	commands["deployment"] = stringsOf(t, memberAt(t, documents(t, "deploy/kubernetes/deployment.yaml")[0], "spec.template.spec.containers.0.args"))
	for step, script := range workflowScripts(t) {
		for i, m := range regexp.MustCompile(`(?m)(?:^|; )\s*spotsync ([a-z -]+)`).FindAllStringSubmatch(script, -1) {
			commands[fmt.Sprintf("%s %d", step, i)] = strings.Fields(m[1])
		}
	}
	if len(commands) < 10 {
		t.Errorf("only %d commands are found: %v", len(commands), commands)
	}
	for where, args := range commands {
		understood(t, where, args)
	}
}

// Each variable that something in deploy sets is one that spotsync reads.
func TestDeployedVariables(t *testing.T) {
	topic := readDoc(t, "cmd/spotsync/topics/environment.txt")
	found := 0
	for _, pattern := range []string{"*/*", "*/*/*"} {
		paths, err := filepath.Glob(filepath.Join(repository, "deploy", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				continue // a folder
			}
			for _, name := range regexp.MustCompile(`SPOTSYNC_[A-Z_]+`).FindAllString(string(data), -1) {
				found++
				if !strings.Contains(topic, "  "+name+" ") {
					t.Errorf("%s sets %s, which help environment does not list", path, name)
				}
			}
		}
	}
	if found < 10 {
		t.Errorf("%d variables are found", found)
	}
}

// systemd itself says whether it understands the units, and how exposed the service is.
func TestUnits(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze (Debian package systemd) is not installed")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	analyze := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("systemd-analyze", args...)
		cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+t.TempDir(), "LC_ALL=C", "SYSTEMD_COLORS=0")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("systemd-analyze %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	for _, u := range []struct{ path, bin, manager string }{
		{"deploy/systemd/spotsync.service", "/usr/local/bin/spotsync", "--system"},
		{"deploy/systemd/user/spotsync.service", "%h/.local/bin/spotsync", "--user"},
	} {
		text := readDoc(t, u.path)
		if !strings.Contains(text, "\nExecStart="+u.bin+" ") {
			t.Errorf("%s does not start %s", u.path, u.bin)
		}
		dir := t.TempDir()
		unit := filepath.Join(dir, "spotsync.service")
		write(t, unit, strings.Replace(text, u.bin, self, 1)) // it must be there
		if u.manager == "--system" {
			if err := os.Mkdir(unit+".d", 0o755); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(unit+".d", "token.conf"), readDoc(t, "deploy/systemd/spotsync.service.d/token.conf"))
		}
		if out := analyze(u.manager, "--man=no", "verify", unit); out != "" {
			t.Errorf("%s:\n%s", u.path, out)
		}
		if u.manager == "--system" {
			if !strings.Contains(text, "\nProtectSystem=strict\n") || regexp.MustCompile(`(?m)^(ConfigurationDirectory|ReadWritePaths)=`).MatchString(text) {
				t.Errorf("%s lets the daemon write its configuration", u.path)
			}
			analyze("security", "--no-pager", "--offline=yes", "--threshold=20", unit)
		}
	}
}

// What goes to the builder of the image is what the program is made of and nothing else: no history, state or token that
// lies about.
func TestBuildContext(t *testing.T) {
	allowed := map[string]bool{"go.mod": true, "go.sum": true}
	cmd := exec.Command("go", "list", "-deps", "-f", "{{if .Module}}{{if .Module.Main}}{{.Dir}}{{end}}{{end}}", "./cmd/spotsync")
	cmd.Dir, cmd.Stderr = repository, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	top, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	for dir := range strings.Lines(string(out)) {
		path, err := filepath.Rel(top, strings.TrimSpace(dir))
		if err != nil {
			t.Fatal(err)
		}
		allowed[strings.Split(filepath.ToSlash(path), "/")[0]] = true
	}
	taken, first := map[string]bool{}, ""
	for line := range strings.Lines(readDoc(t, "deploy/docker/Dockerfile.dockerignore")) {
		switch line = strings.TrimSpace(line); {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "!"):
			taken[line[1:]] = true
		case first == "":
			first = line
		}
	}
	if d := cmp.Diff(allowed, taken); first != "*" || d != "" {
		t.Errorf("the first line is %q, and of what is needed and taken: %s", first, d)
	}
}

func TestUserOfUnit(t *testing.T) {
	unit, users := readDoc(t, "deploy/systemd/spotsync.service"), readDoc(t, "deploy/systemd/sysusers.conf")
	m := regexp.MustCompile(`(?m)^u (\S+) - "[^"]*" /var/lib/(\S+)$`).FindStringSubmatch(users)
	if m == nil || !strings.Contains(unit, "\nUser="+m[1]+"\n") || !strings.Contains(unit, "\nStateDirectory="+m[2]+"\n") {
		t.Errorf("sysusers.conf makes %v, which is not whom the unit runs as", m)
	}
}

func TestComposeFile(t *testing.T) {
	holds(t, "compose.yaml", documents(t, "deploy/docker/compose.yaml")[0], map[string]any{
		"services.spotsync.read_only":         true,
		"services.spotsync.cap_drop":          []any{"ALL"},
		"services.spotsync.security_opt":      []any{"no-new-privileges:true"},
		"services.spotsync.ports":             []any{"127.0.0.1:7979:7979"},
		"services.spotsync.volumes":           []any{"./playlists:/playlists:ro", "data:/data"},
		"services.spotsync.stop_grace_period": "90s",
	})
	dockerfile := readDoc(t, "deploy/docker/Dockerfile")
	for _, line := range []string{"FROM scratch", "USER 65532:65532", "VOLUME /data", `ENTRYPOINT ["/spotsync"]`, "WORKDIR /playlists"} {
		if !strings.Contains(dockerfile, "\n"+line+"\n") {
			t.Errorf("the Dockerfile lacks: %s", line)
		}
	}
	if v := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(readDoc(t, "go.mod"))[1]; !regexp.MustCompile(`(?m)^FROM golang:` + regexp.QuoteMeta(v) + `\.\d+-`).MatchString(dockerfile) {
		t.Errorf("the image is not built with one version of Go %s", v)
	}
}

func TestKubernetesManifests(t *testing.T) {
	kinds := map[string]map[string]any{}
	paths, err := filepath.Glob(filepath.Join(repository, "deploy/kubernetes/*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		for _, doc := range documents(t, "deploy/kubernetes/"+filepath.Base(path)) {
			kind := fmt.Sprint(doc["kind"])
			kinds[kind] = doc
			holds(t, filepath.Base(path), doc["metadata"], map[string]any{"labels": map[string]any{"app.kubernetes.io/name": "spotsync"}})
		}
	}
	deployment := kinds["Deployment"]
	holds(t, "deployment.yaml", deployment, map[string]any{
		"apiVersion":         "apps/v1",
		"spec.replicas":      1,
		"spec.strategy.type": "Recreate",
		"spec.selector":      map[string]any{"matchLabels": memberAt(t, deployment, "spec.template.metadata.labels")},
		"spec.template.spec.automountServiceAccountToken":        false,
		"spec.template.spec.securityContext.runAsNonRoot":        true,
		"spec.template.spec.securityContext.fsGroupChangePolicy": "OnRootMismatch",
		"spec.template.spec.securityContext.seccompProfile":      map[string]any{"type": "RuntimeDefault"},
		"spec.template.spec.containers.0.livenessProbe.httpGet":  map[string]any{"path": "/healthz", "port": "http"},
		"spec.template.spec.containers.0.readinessProbe.httpGet": map[string]any{"path": "/readyz", "port": "http"},
		"spec.template.spec.containers.0.securityContext": map[string]any{"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
			"capabilities": map[string]any{"drop": []any{"ALL"}}},
		"spec.template.spec.volumes.0.configMap.name":                  memberAt(t, kinds["ConfigMap"], "metadata.name"),
		"spec.template.spec.volumes.1.secret.secretName":               memberAt(t, kinds["Secret"], "metadata.name"),
		"spec.template.spec.volumes.2.persistentVolumeClaim.claimName": memberAt(t, kinds["PersistentVolumeClaim"], "metadata.name"),
	})
	var mounted, volumes []string
	for _, m := range memberAt(t, deployment, "spec.template.spec.containers.0.volumeMounts").([]any) {
		if memberAt(t, m, "subPath") != nil {
			t.Errorf("a mount with subPath never changes: %v", m)
		}
		mounted = append(mounted, fmt.Sprint(memberAt(t, m, "name")))
	}
	for _, v := range memberAt(t, deployment, "spec.template.spec.volumes").([]any) {
		volumes = append(volumes, fmt.Sprint(memberAt(t, v, "name")))
	}
	if d := cmp.Diff(volumes, mounted); d != "" {
		t.Errorf("volumes and mounts: %s", d)
	}
	holds(t, "service.yaml", kinds["Service"], map[string]any{
		"spec.selector":           memberAt(t, deployment, "spec.selector.matchLabels"),
		"spec.ports.0.targetPort": memberAt(t, deployment, "spec.template.spec.containers.0.ports.0.name"),
		"spec.ports.0.port":       memberAt(t, deployment, "spec.template.spec.containers.0.ports.0.containerPort"),
		"metadata.annotations":    map[string]any{"prometheus.io/scrape": "true", "prometheus.io/port": "7979"},
	})
	for key, value := range memberAt(t, kinds["Secret"], "stringData").(map[string]any) {
		if value != "" {
			t.Errorf("secret.yaml has a value for %s", key)
		}
		if args := fmt.Sprint(memberAt(t, deployment, "spec.template.spec.containers.0")); !strings.Contains(args, "/run/secrets/spotsync/"+key) {
			t.Errorf("nothing in deployment.yaml reads %s of the secret", key)
		}
	}
	for name, text := range memberAt(t, kinds["ConfigMap"], "data").(map[string]any) {
		t.Run(name, func(t *testing.T) {
			in := inFolder(t, map[string]string{name: text.(string)})
			if code, out, errs := in("", "validate"); code != 0 {
				t.Errorf("%s%s", out, errs)
			}
		})
	}
}

// The page on the daemon names every metric there is and no other, quotes commands that exist, and shows a notice as it is.
func TestDaemonPage(t *testing.T) {
	page := readDoc(t, "docs/daemon.md")
	named, there := map[string]string{}, map[string]string{} // labels by metric
	for _, m := range regexp.MustCompile("(?m)^\\| `(spotsync_[a-z_]+)(?:\\{([a-z,]+)\\})?` \\|").FindAllStringSubmatch(page, -1) {
		named[m[1]] = m[2]
	}
	descs := make(chan *prometheus.Desc, 500)
	statuspage.NewMetrics(statuspage.Build{}).Registry.Describe(descs)
	close(descs)
	described := regexp.MustCompile(`fqName: "(spotsync_[a-z_]+)".*variableLabels: \{([a-z,]*)\}`)
	for desc := range descs {
		if m := described.FindStringSubmatch(desc.String()); m != nil {
			there[m[1]] = m[2]
		}
	}
	if d := cmp.Diff(there, named); d != "" {
		t.Errorf("metrics: %s", d)
	}
	for _, name := range regexp.MustCompile(`\bspotsync_[a-z_]+[a-z]`).FindAllString(page, -1) {
		if _, ok := there[name]; !ok {
			t.Errorf("there is no metric %s", name)
		}
	}
	var results []string
	for _, r := range statuspage.RoundResults {
		results = append(results, string(r))
	}
	var states []string
	for _, x := range statuspage.States {
		states = append(states, string(x))
	}
	for metric, values := range map[string][]string{"spotsync_rounds_total": results, "spotsync_playlists": states,
		"spotsync_edits_total": {string(edit.Insert), string(edit.Remove), string(edit.Move), string(edit.Replace)}} {
		row := regexp.MustCompile("(?m)^\\| `" + metric + "\\{.*$").FindString(page)
		for _, v := range values {
			if !strings.Contains(row, "`"+v+"`") {
				t.Errorf("%s does not name %s", row, v)
			}
		}
	}

	fences := regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$").FindAllStringSubmatch(page, -1)
	quoted := regexp.MustCompile("(?m)(?:^|`|sudo -Hu spotsync |\\$\\(|run --rm |exec spotsync /)spotsync ([a-z-][^`\n)]*)")
	var lines []string
	for _, m := range quoted.FindAllStringSubmatch(page, -1) {
		lines = append(lines, m[1])
	}
	if len(lines) < 10 {
		t.Errorf("found %q", lines)
	}
	for _, line := range lines {
		understood(t, "docs/daemon.md", strings.Fields(line))
	}
	for _, m := range regexp.MustCompile(`deploy/[a-zA-Z/.]+[a-zA-Z]`).FindAllString(page, -1) {
		if !exists(filepath.Join(repository, m)) {
			t.Errorf("%s is not there", m)
		}
	}
	for _, f := range fences {
		switch f[1] {
		case "json":
			schematest.Valid(t, schematest.Load(t, "notify.schema.json"), []byte(f[2]))
		case "yaml":
			var rules map[string]any
			if err := yaml.Unmarshal([]byte(f[2]), &rules); err != nil {
				t.Error(err)
			}
		}
	}
}

// understood is whether spotsync takes these arguments.
func understood(t *testing.T, where string, args []string) {
	t.Helper()
	a, _, _ := testApp("")
	root := newRoot(a)
	cmd, rest, err := root.Find(args)
	if err != nil || cmd == root {
		t.Errorf("%s: there is no such command: %v", where, args)
		return
	}
	if err := cmd.ParseFlags(rest); err != nil {
		t.Errorf("%s: %v: %v", where, args, err)
	}
	if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
		t.Errorf("%s: %v: %v", where, args, err)
	}
}
