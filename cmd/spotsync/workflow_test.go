package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

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
				if !regexp.MustCompile(`^actions/[a-z/-]+@[0-9a-f]{40}$`).MatchString(uses) {
					t.Errorf("%s: %s is named by no commit, so it could become another", name, uses)
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
				echo old >spotsync.lock.hcl; git add .; git commit -qm zeroth; echo old >x; git add .; git commit -qm first; git push -q origin main; cd ..; git clone -q origin theirs
				rm -rf mine; git clone -q --depth 1 "file://$PWD/origin" mine # as actions/checkout does`)
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
