package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"go.yaml.in/yaml/v3"
)

// cloneOf replaces the command that fetches the scripts with a copy of this folder.
func cloneOf(ts *testscript.TestScript, script string) string {
	clone := regexp.MustCompile(`(?m)^( *)git clone .* "\$source"$`)
	if len(clone.FindAllString(script, -1)) != 1 {
		ts.Fatalf("the script fetches its source in another way: correct this test")
	}
	return clone.ReplaceAllLiteralString(script, `mkdir "$source/ci" && cp "`+ciFile(ts, "release.sh")+`" "$source/ci"`)
}

// tekton [PARAM=VALUE...] runs the task in ci/tekton as a pod does. The workspace
// credentials is the folder credentials, if there is one. Results are in the files
// results/NAME, the log and the exit code in the files log and code.
func tekton(ts *testscript.TestScript, _ bool, args []string) {
	var task struct {
		Kind string
		Spec struct {
			Params     []struct{ Name, Default string }
			Workspaces []struct {
				Name     string
				Optional bool
			}
			Results []struct{ Name string }
			Steps   []struct {
				WorkingDir string `yaml:"workingDir"`
				Env        []struct{ Name, Value string }
				Script     string
			}
		}
	}
	raw, err := os.ReadFile(ciFile(ts, "tekton/task.yaml"))
	ts.Check(err)
	ts.Check(yaml.Unmarshal(raw, &task))
	if task.Kind != "Task" || len(task.Spec.Steps) != 1 {
		ts.Fatalf("the file is not a task of one step")
	}
	values := map[string]string{}
	for _, p := range task.Spec.Params {
		values["params."+p.Name] = p.Default
	}
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		if _, ok := values["params."+name]; !ok {
			ts.Fatalf("the task has no parameter %s", name)
		}
		values["params."+name] = value
	}
	for _, w := range task.Spec.Workspaces {
		path := ts.MkAbs(".")
		if w.Name != "source" {
			if path = ts.MkAbs(w.Name); !isFolder(path) {
				path = "" // a workspace that is not bound has no path
				if !w.Optional {
					ts.Fatalf("the workspace %s is missing", w.Name)
				}
			}
		}
		values["workspaces."+w.Name+".path"] = path
	}
	results := ts.MkAbs("results")
	ts.Check(os.RemoveAll(results))
	ts.Check(os.MkdirAll(results, 0o700))
	for _, r := range task.Spec.Results {
		values["results."+r.Name+".path"] = filepath.Join(results, r.Name)
	}
	variable := regexp.MustCompile(`\$\(([a-z]+\.[a-z.-]+)\)`)
	fill := func(text string) string {
		return variable.ReplaceAllStringFunc(text, func(v string) string {
			value, ok := values[strings.Trim(v, "$()")]
			if !ok {
				ts.Fatalf("the task uses the unknown variable %s", v)
			}
			return value
		})
	}
	step := task.Spec.Steps[0]
	if variable.MatchString(step.Script) {
		ts.Fatalf("the script has a variable of Tekton: a parameter could become a part of a command")
	}
	if fill(step.WorkingDir) != ts.MkAbs(".") {
		ts.Fatalf("the step does not run in the workspace source")
	}
	var env []string
	for _, e := range step.Env {
		env = append(env, e.Name+"="+fill(e.Value))
	}
	ciScript(ts, env, step.Script)
}

// jenkins [NAME=VALUE...] runs the stage in ci/jenkins as a controller does. The
// variables replace those of the stage, or are those of the build. The credentials are
// secret.key, password and registry-login (NAME:PASSWORD), if the stage asks for them.
func jenkins(ts *testscript.TestScript, _ bool, args []string) {
	raw, err := os.ReadFile(ciFile(ts, "jenkins/Jenkinsfile"))
	ts.Check(err)
	text := string(raw)
	env := []string{"JENKINS_URL=https://jenkins.example.org/", "BUILD_NUMBER=7", "WORKSPACE=" + ts.MkAbs("."), "CI=true"}
	set := map[string]string{}
	block := regexp.MustCompile(`(?s)environment \{\n(.*?)\n +\}\n`).FindStringSubmatch(text)
	if block == nil {
		ts.Fatalf("the stage has no environment")
	}
	for line := range strings.Lines(block[1] + "\n") {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "//") {
			continue
		}
		m := regexp.MustCompile(`^(SW_[A-Z_]+) = '([^']*)'$`).FindStringSubmatch(line)
		if m == nil {
			ts.Fatalf("the environment has another line: %s", line)
		}
		set[m[1]] = m[2]
	}
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		if _, ok := set[name]; !ok && name != "CHANGE_ID" {
			ts.Fatalf("the stage has no variable %s", name)
		}
		set[name] = value
	}
	// A controller writes secrets into variables only for the block withCredentials.
	if !strings.Contains(text, "def secrets = env.CHANGE_ID || !env.SW_REFERENCE ? [] : [") || strings.Count(text, "withCredentials(secrets) {") != 1 {
		ts.Fatalf("the stage asks for its secrets in another way: correct this test")
	}
	if set["CHANGE_ID"] == "" && set["SW_REFERENCE"] != "" {
		for file, variables := range map[string][]string{"secret.key": {"COSIGN_PRIVATE_KEY"}, "password": {"COSIGN_PASSWORD"}, "registry-login": {"SW_USERNAME", "SW_PASSWORD"}} {
			value, err := os.ReadFile(ts.MkAbs(file))
			if err != nil {
				continue
			}
			parts := strings.SplitN(string(value), ":", len(variables))
			for i, name := range variables {
				if !strings.Contains(text, "ariable: '"+name+"'") {
					ts.Fatalf("the stage does not ask for %s", name)
				}
				env = append(env, name+"="+strings.TrimSuffix(parts[i], "\n"))
			}
		}
	}
	for name, value := range set {
		env = append(env, name+"="+value)
	}
	scripts := regexp.MustCompile(`(?s)sh '''(.*?)'''`).FindAllStringSubmatch(text, -1)
	if len(scripts) != 1 || strings.ContainsRune(scripts[0][1], '\\') {
		ts.Fatalf("the stage has not one script without escapes")
	}
	ciScript(ts, env, scripts[0][1])
	// The files that the stage keeps must exist.
	for _, m := range regexp.MustCompile(`(?:artifacts|testResults): '([^']+)'`).FindAllStringSubmatch(text, -1) {
		ts.ReadFile(m[1])
	}
}

// ciScript runs a script that names its interpreter, as a runner does: as a file.
func ciScript(ts *testscript.TestScript, env []string, script string) {
	if !strings.HasPrefix(script, "#!/usr/bin/env bash\n") {
		ts.Fatalf("the script does not name its interpreter")
	}
	file := ts.MkAbs("ci-script")
	ts.Check(os.WriteFile(file, []byte(cloneOf(ts, script)), 0o700))
	text, code := ciRun(ts, env, file)
	ts.Check(os.WriteFile(ts.MkAbs("log"), []byte(text), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("code"), []byte(code+"\n"), 0o600))
}

// precommit [ARG...] [--] FILE... runs the hook of .pre-commit-hooks.yaml as
// pre-commit does: on those of the changed files that the hook is for, with the
// arguments of the user's configuration.
func precommit(ts *testscript.TestScript, _ bool, args []string) {
	raw, err := os.ReadFile(ciFile(ts, "../.pre-commit-hooks.yaml"))
	ts.Check(err)
	var hooks []struct {
		ID, Name, Entry, Language, Files string
		PassFilenames                    *bool `yaml:"pass_filenames"`
	}
	ts.Check(yaml.Unmarshal(raw, &hooks))
	if len(hooks) != 1 || hooks[0].ID != "seaworthy-check" || hooks[0].Language != "script" || hooks[0].PassFilenames != nil {
		ts.Fatalf("the hooks are other ones: correct this test")
	}
	mine := regexp.MustCompile(hooks[0].Files)
	var files []string
	if i := slices.Index(args, "--"); i >= 0 {
		args, files = args[:i], args[i+1:]
	}
	files = slices.DeleteFunc(files, func(f string) bool { return !mine.MatchString(f) })
	text, code := "", "0"
	if len(files) > 0 { // pre-commit skips a hook without files
		entry := ciFile(ts, "../"+hooks[0].Entry)
		text, code = ciRun(ts, []string{"PRE_COMMIT=1"}, entry, slices.Concat(args, files)...)
	}
	ts.Check(os.WriteFile(ts.MkAbs("log"), []byte(text), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("code"), []byte(code+"\n"), 0o600))
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
