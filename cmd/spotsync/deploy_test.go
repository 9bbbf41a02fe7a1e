package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
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
			analyze("security", "--no-pager", "--offline=yes", "--threshold=20", unit)
		}
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
	for _, line := range []string{"FROM scratch", "USER 65532:65532", "VOLUME /data", `ENTRYPOINT ["/spotsync"]`} {
		if !strings.Contains(dockerfile, "\n"+line+"\n") {
			t.Errorf("the Dockerfile lacks: %s", line)
		}
	}
	if v := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(readDoc(t, "go.mod"))[1]; !strings.Contains(dockerfile, "FROM golang:"+v+"-") {
		t.Errorf("the image is not built with Go %s", v)
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

// workflowScripts are the scripts of the workflow by job and step, each after the variables it is given.
func workflowScripts(t *testing.T) map[string]string {
	t.Helper()
	doc := documents(t, "deploy/github/spotsync.yaml")[0]
	given := []string{"GITHUB_OUTPUT", "GITHUB_REPOSITORY", "GITHUB_STEP_SUMMARY", "RUNNER_TEMP"}
	given = slices.AppendSeq(given, maps.Keys(memberAt(t, doc, "env").(map[string]any)))
	scripts := map[string]string{}
	for job, v := range memberAt(t, doc, "jobs").(map[string]any) {
		for _, step := range memberAt(t, v, "steps").([]any) {
			script, ok := memberAt(t, step, "run").(string)
			if !ok {
				continue
			}
			names := slices.Clone(given)
			if env, ok := memberAt(t, step, "env").(map[string]any); ok {
				names = slices.AppendSeq(names, maps.Keys(env))
			}
			slices.Sort(names)
			scripts[job+", "+fmt.Sprint(memberAt(t, step, "name"))] = "export " + strings.Join(names, "=x ") + "=x\n" + script
		}
	}
	return scripts
}

func TestWorkflow(t *testing.T) {
	doc := documents(t, "deploy/github/spotsync.yaml")[0]
	holds(t, "spotsync.yaml", doc, map[string]any{
		"permissions":               map[string]any{"contents": "read"},
		"jobs.apply.concurrency":    map[string]any{"group": "spotsync-apply", "cancel-in-progress": false},
		"jobs.plan.permissions":     map[string]any{"contents": "read", "pull-requests": "write"},
		"jobs.validate.permissions": nil,
		"jobs.plan.needs":           "validate",
		"jobs.apply.needs":          "validate",
		"env.SPOTSYNC_INPUT":        "false",
	})
	on := memberAt(t, doc, "on").(map[string]any)
	if _, ok := on["pull_request_target"]; ok {
		t.Error("with pull_request_target a fork's files would meet the secrets")
	}
	if _, ok := on["pull_request"]; !ok {
		t.Error("pull requests are not looked at")
	}
	if cond := fmt.Sprint(memberAt(t, doc, "jobs.plan.if")); !strings.Contains(cond, "github.event.pull_request.head.repo.full_name == github.repository") {
		t.Errorf("forks get a plan: %s", cond)
	}
	kept := map[string]bool{}
	for job, v := range memberAt(t, doc, "jobs").(map[string]any) {
		steps := memberAt(t, v, "steps").([]any)
		done := slices.IndexFunc(steps, func(step any) bool { return memberAt(t, step, "id") == "apply" })
		for i, step := range steps {
			name := job + ", " + fmt.Sprint(memberAt(t, step, "name"), memberAt(t, step, "uses"))
			if text := fmt.Sprint(step); strings.Contains(text, "secrets.") && job == "validate" {
				t.Errorf("%s meets a secret", name)
			}
			if uses, ok := memberAt(t, step, "uses").(string); ok {
				if !regexp.MustCompile(`^actions/[a-z/-]+@v\d+$`).MatchString(uses) {
					t.Errorf("%s: %s has no major version", name, uses)
				}
				kept[strings.Split(uses, "@")[0]] = true
			}
			if script, ok := memberAt(t, step, "run").(string); ok && strings.Contains(script, "${{") {
				t.Errorf("%s: what GitHub puts into a script could be anything: use env", name)
			}
			if done >= 0 && i > done && !strings.HasPrefix(fmt.Sprint(memberAt(t, step, "if")), "always()") {
				t.Errorf("%s does not happen after an apply that failed", name)
			}
			if path := fmt.Sprint(memberAt(t, step, "with.path")); strings.Contains(path, "login") || path == "/tmp/spotsync" {
				t.Errorf("%s keeps the login where others see it", name)
			}
		}
	}
	if !kept["actions/upload-artifact"] {
		t.Error("history is not kept")
	}
}

func TestWorkflowScripts(t *testing.T) {
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Skip("shellcheck (Debian package shellcheck) is not installed")
	}
	for step, script := range workflowScripts(t) {
		cmd := exec.Command("shellcheck", "--norc", "--shell=bash", "--enable=all", "--exclude=SC2250,SC2312", "-") // braces are a matter of taste, and pipefail is set
		cmd.Stdin = strings.NewReader("#!/usr/bin/env bash\nset -eo pipefail\n" + script)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", step, err, out)
		}
	}
}

// The page on the daemon names every metric there is and no other, quotes commands that exist, and shows a notice as it is.
func TestDaemonPage(t *testing.T) {
	page := readDoc(t, "docs/daemon.md")
	named, there := map[string]bool{}, map[string]bool{}
	metric := regexp.MustCompile(`\bspotsync_[a-z_]+[a-z]`)
	for _, name := range metric.FindAllString(page, -1) {
		named[name] = true
	}
	for _, m := range regexp.MustCompile(`"(spotsync_[a-z_]+)"`).FindAllStringSubmatch(readDoc(t, "cmd/spotsync/metrics.go"), -1) {
		there[m[1]] = true
	}
	if d := cmp.Diff(there, named); d != "" {
		t.Errorf("metrics: %s", d)
	}

	fences := regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$").FindAllStringSubmatch(page, -1)
	quoted := regexp.MustCompile("(?m)(?:^|`|sudo -Hu spotsync |\\$\\(|run --rm )spotsync ([a-z-][^`\n)]*)")
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
			valid(t, schema(t, "notify.schema.json"), []byte(f[2]))
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

// The lock file comes back by a push, or by a pull request where the branch takes none; with nothing new nothing happens.
func TestWorkflowBringsTheLockFileBack(t *testing.T) {
	for _, program := range []string{"git", "bash"} {
		if _, err := exec.LookPath(program); err != nil || filepath.Separator != '/' {
			t.Skip("needs git and bash")
		}
	}
	script := workflowScripts(t)["apply, Bring the lock file back"]
	for _, c := range []struct {
		name              string
		changed, guarded  bool
		moved             bool // somebody pushed meanwhile
		onMain, onTheSide bool // where the lock file's new text is afterwards
	}{
		{name: "nothing new"},
		{name: "push", changed: true, onMain: true},
		{name: "push after another", changed: true, moved: true, onMain: true},
		{name: "pull request", changed: true, guarded: true, onTheSide: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			env := []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.org",
				"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.org", "CALLS=" + filepath.Join(dir, "calls")}
			sh := func(where, text string) string {
				t.Helper()
				cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text)
				cmd.Dir, cmd.Env = filepath.Join(dir, where), env
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				return string(out)
			}
			write(t, filepath.Join(dir, "gh"), "#!/bin/sh\necho \"$@\" >>\"$CALLS\"\n")
			sh("", `chmod +x gh; git init -q --bare -b main origin; git clone -q origin mine 2>/dev/null; cd mine; git checkout -q -b main
				echo old >spotsync.lock.hcl; git add .; git commit -qm first; git push -q origin main; cd ..; git clone -q origin theirs`)
			if c.changed {
				sh("mine", "echo new >spotsync.lock.hcl")
			}
			if c.moved {
				sh("theirs", "echo x >other; git add .; git commit -qm other; git push -q origin main")
			}
			if c.guarded {
				write(t, filepath.Join(dir, "origin/hooks/update"), "#!/bin/sh\n[ \"$1\" != refs/heads/main ]\n")
				sh("origin", "chmod +x hooks/update")
			}
			out := sh("mine", strings.Replace(script, "BRANCH=x", "BRANCH=main", 1))
			if got := sh("origin", "git show main:spotsync.lock.hcl"); (got == "new\n") != c.onMain {
				t.Errorf("on main the lock file is %q\n%s", got, out)
			}
			if got := sh("origin", "git show spotsync-lock:spotsync.lock.hcl 2>/dev/null || true"); (got == "new\n") != c.onTheSide {
				t.Errorf("beside it the lock file is %q\n%s", got, out)
			}
			calls := sh("", "cat calls 2>/dev/null || true")
			if strings.Contains(calls, "pr create --head spotsync-lock --base main") != c.onTheSide {
				t.Errorf("gh was called: %s", calls)
			}
		})
	}
}

// The plan becomes one comment, made once and brought up to date after, and the step fails as the plan did.
func TestWorkflowComments(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil || filepath.Separator != '/' {
		t.Skip("needs bash")
	}
	script := workflowScripts(t)["plan, Comment"]
	for _, c := range []struct {
		name, ids, plan, status string
		call                    string
		holds                   []string
	}{
		{"first", "", "**Plan**: 1 to create\n", "0", "--method POST repos/me/music/issues/7/comments", []string{"**Plan**: 1 to create"}},
		{"again", "11\n12\n", "**Plan**: nothing\n", "0", "--method PATCH repos/me/music/issues/comments/11 ", []string{"**Plan**: nothing"}},
		{"failed", "", "", "4", "--method POST", []string{"exit code 4", "log in again"}},
		{"long", "", strings.Repeat("é", 40000), "0", "--method POST", []string{"The plan goes on"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "plan.md"), c.plan)
			write(t, filepath.Join(dir, "plan.log"), "Error: log in again\n")
			write(t, filepath.Join(dir, "ids"), c.ids)
			write(t, filepath.Join(dir, "gh"), "#!/bin/sh\ncase \"$*\" in *--paginate*) cat \"$RUNNER_TEMP/ids\" ;; *) echo \"$*\" >>\"$RUNNER_TEMP/calls\" ;; esac\n")
			if err := os.Chmod(filepath.Join(dir, "gh"), 0o755); err != nil {
				t.Fatal(err)
			}
			_, body, _ := strings.Cut(script, "\n") // without the variables shellcheck is told of
			cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", body)
			cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "RUNNER_TEMP=" + dir, "NUMBER=7", "GITHUB_REPOSITORY=me/music", "STATUS=" + c.status}
			out, _ := cmd.CombinedOutput()
			if got := fmt.Sprint(cmd.ProcessState.ExitCode()); got != c.status {
				t.Errorf("the step ends with %s, the plan with %s\n%s", got, c.status, out)
			}
			read := func(name string) string {
				data, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil {
					t.Fatal(err)
				}
				return string(data)
			}
			if calls := read("calls"); strings.Count(calls, "\n") != 1 || !strings.Contains(calls, c.call) {
				t.Errorf("gh was called: %s", calls)
			}
			said := read("body.md")
			if !strings.HasPrefix(said, "<!-- spotsync plan -->\n") || !utf8.ValidString(said) || len(said) > 65536 {
				t.Errorf("the comment is %d bytes: %.100s", len(said), said)
			}
			want(t, said, c.holds...)
		})
	}
}
