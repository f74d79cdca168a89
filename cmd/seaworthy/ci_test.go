package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"go.yaml.in/yaml/v3"
)

// ciStep is a step of a GitHub action.
type ciStep struct {
	ID, Shell, Run string
	Env            map[string]string
}

// github EVENT [INPUT=VALUE...] runs the action in ci/github as a runner does: it
// resolves the expressions, gives each step its files, and writes the outputs of the
// action to the file outputs. \n in a VALUE is a line end. The job may request identity
// tokens: the token in release.jwt, if there is one. The output of all steps is in the
// file log, the exit code in the file code.
func github(ts *testscript.TestScript, _ bool, args []string) {
	var action struct {
		Inputs  map[string]struct{ Default string }
		Outputs map[string]struct{ Value string }
		Runs    struct{ Steps []ciStep }
	}
	path := ciFile(ts, "github/action.yml")
	raw, err := os.ReadFile(path)
	ts.Check(err)
	ts.Check(yaml.Unmarshal(raw, &action))
	values := map[string]string{}
	for name, in := range action.Inputs {
		values["inputs."+name] = in.Default
	}
	for _, arg := range args[1:] {
		name, value, _ := strings.Cut(arg, "=")
		if _, ok := action.Inputs[name]; !ok {
			ts.Fatalf("the action has no input %s", name)
		}
		values["inputs."+name] = strings.ReplaceAll(value, `\n`, "\n")
	}
	event := ts.MkAbs("event.json")
	ts.Check(os.WriteFile(event, fmt.Appendf(nil, `{"ref":"refs/heads/main","pull_request":{"number":7},"event":%q}`, args[0]), 0o600))
	env := []string{"CI=true", "GITHUB_ACTIONS=true", "GITHUB_EVENT_NAME=" + args[0], "GITHUB_EVENT_PATH=" + event, "GITHUB_SERVER_URL=https://github.com",
		"GITHUB_WORKSPACE=" + ts.MkAbs("."), "GITHUB_REPOSITORY=example/os", "GITHUB_SHA=0123456789012345678901234567890123456789", "RUNNER_TEMP=" + ts.MkAbs("tmp"),
		"GITHUB_WORKFLOW_REF=example/os/.github/workflows/os.yml@refs/heads/main", "GITHUB_STEP_SUMMARY=" + ts.MkAbs("summary.md"), "GITHUB_ACTION_PATH=" + filepath.Dir(path)}
	if token, err := os.ReadFile(ts.MkAbs("release.jwt")); err == nil && args[0] != "pull_request" {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer runner-secret" || r.URL.Query().Get("audience") != "sigstore" {
				http.Error(w, "forbidden", http.StatusForbidden)
				return
			}
			fmt.Fprintf(w, `{"value":%q}`, token)
		}))
		ts.Defer(s.Close)
		env = append(env, "ACTIONS_ID_TOKEN_REQUEST_URL="+s.URL+"/token?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=runner-secret")
	}
	env = append(env, ciSecret(ts)...)
	code := "0"
	var log strings.Builder
	for i, step := range action.Runs.Steps {
		if step.Shell != "bash" {
			ts.Fatalf("step %d has the shell %q", i, step.Shell)
		}
		if strings.Contains(step.Run, "${{") {
			ts.Fatalf("step %d has an expression in its command: an input could become a part of it", i)
		}
		files := ts.MkAbs(fmt.Sprintf("step%d", i))
		ts.Check(os.WriteFile(files+".sh", []byte(step.Run), 0o600))
		ts.Check(os.WriteFile(files+".out", nil, 0o600))
		run := append([]string{"GITHUB_OUTPUT=" + files + ".out"}, env...)
		for name, value := range step.Env {
			run = append(run, name+"="+expand(value, values))
		}
		text, exit := ciRun(ts, run, "bash", "--noprofile", "--norc", "-eo", "pipefail", files+".sh")
		log.WriteString(text)
		for line := range strings.Lines(ts.ReadFile(files + ".out")) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			values["steps."+step.ID+".outputs."+name] = value
		}
		if exit != "0" {
			code = exit
			break
		}
	}
	var outputs strings.Builder
	for name, out := range action.Outputs {
		fmt.Fprintf(&outputs, "%s=%s\n", name, expand(out.Value, values))
	}
	ts.Check(os.WriteFile(ts.MkAbs("outputs"), []byte(outputs.String()), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("log"), []byte(log.String()), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("code"), []byte(code+"\n"), 0o600))
}

var expression = regexp.MustCompile(`\$\{\{ *([a-z0-9.-]+) *\}\}`)

// expand resolves the expressions of GitHub. What is unknown is empty, as there.
func expand(text string, values map[string]string) string {
	return expression.ReplaceAllStringFunc(text, func(e string) string { return values[expression.FindStringSubmatch(e)[1]] })
}

// gitlab EVENT [INPUT=VALUE...] runs the template in ci/gitlab as a runner does. EVENT
// is push or merge_request_event. The log and the exit code are in the files log and
// code. Reports and files that the job keeps must exist.
func gitlab(ts *testscript.TestScript, _ bool, args []string) {
	raw, err := os.ReadFile(ciFile(ts, "gitlab/seaworthy.yml"))
	ts.Check(err)
	head, body, ok := strings.Cut(string(raw), "\n---\n")
	if !ok {
		ts.Fatalf("the template has no inputs")
	}
	var spec struct {
		Spec struct {
			Inputs map[string]struct{ Default string }
		}
	}
	ts.Check(yaml.Unmarshal([]byte(head), &spec))
	values := map[string]string{}
	for name, in := range spec.Spec.Inputs {
		values[name] = in.Default
	}
	for _, arg := range args[1:] {
		name, value, _ := strings.Cut(arg, "=")
		if _, ok := values[name]; !ok {
			ts.Fatalf("the template has no input %s", name)
		}
		values[name] = value
	}
	body = regexp.MustCompile(`\$\[\[ inputs\.([a-z-]+) \]\]`).ReplaceAllStringFunc(body, func(e string) string {
		name := strings.TrimSuffix(strings.TrimPrefix(e, "$[[ inputs."), " ]]")
		if _, ok := values[name]; !ok {
			ts.Fatalf("the template uses the unknown input %s", name)
		}
		return fmt.Sprintf("%q", values[name])
	})
	var config struct {
		Seaworthy struct {
			Variables map[string]string
			Script    []string
			IDTokens  map[string]struct{ Aud string } `yaml:"id_tokens"`
			Artifacts struct {
				Paths   []string
				Reports map[string]string
			}
		}
	}
	ts.Check(yaml.Unmarshal([]byte(body), &config))
	job := config.Seaworthy
	env := []string{"CI=true", "GITLAB_CI=true", "CI_PIPELINE_SOURCE=" + args[0], "CI_SERVER_URL=https://gitlab.com", "CI_PROJECT_DIR=" + ts.MkAbs("."),
		"CI_CONFIG_REF_URI=gitlab.com/example/os//.gitlab-ci.yml@refs/heads/main"}
	if args[0] == "merge_request_event" {
		env = append(env, "CI_MERGE_REQUEST_IID=7")
	}
	if token, err := os.ReadFile(ts.MkAbs("release.jwt")); err == nil && job.IDTokens["SIGSTORE_ID_TOKEN"].Aud == "sigstore" {
		env = append(env, "SIGSTORE_ID_TOKEN="+string(token))
	}
	env = append(env, ciSecret(ts)...)
	for name, value := range job.Variables {
		env = append(env, name+"="+os.Expand(value, ts.Getenv))
	}
	// The source of the template is this folder.
	script := strings.ReplaceAll(strings.Join(job.Script, "\n"), `git clone --quiet --depth 1 --branch "$SW_VERSION" "${SW_SOURCE:-https://github.com/seaworthy-os/seaworthy}" "$source"`,
		`mkdir "$source/ci" && cp "`+ciFile(ts, "release.sh")+`" "$source/ci"`)
	if strings.Contains(script, "git clone") {
		ts.Fatalf("the template fetches its source in another way: correct this test")
	}
	ts.Check(os.WriteFile(ts.MkAbs("job.sh"), []byte(script), 0o600))
	text, code := ciRun(ts, env, "bash", "-eo", "pipefail", ts.MkAbs("job.sh"))
	for _, path := range job.Artifacts.Paths {
		ts.ReadFile(path)
	}
	for _, path := range job.Artifacts.Reports {
		ts.ReadFile(path)
	}
	ts.Check(os.WriteFile(ts.MkAbs("log"), []byte(text), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("code"), []byte(code+"\n"), 0o600))
}

// ciSecret is the key of the job, if there is a file secret.key.
func ciSecret(ts *testscript.TestScript) []string {
	key, err := os.ReadFile(ts.MkAbs("secret.key"))
	if err != nil {
		return nil
	}
	return []string{"COSIGN_PRIVATE_KEY=" + string(key)}
}

// ciFile is the path of a file in the folder ci.
func ciFile(ts *testscript.TestScript, name string) string {
	path, err := filepath.Abs(filepath.Join("../../ci", filepath.FromSlash(name)))
	ts.Check(err)
	return path
}

// ciRun runs a program with more variables, and returns what it printed and its exit
// code.
func ciRun(ts *testscript.TestScript, env []string, program string, args ...string) (text, code string) {
	all := append([]string{"-c", `exec env "$@" >run.log 2>&1`, "env"}, env...)
	err := ts.Exec("bash", append(append(all, program), args...)...)
	code = "0"
	if err != nil {
		code = strings.TrimPrefix(err.Error(), "exit status ")
	}
	return ts.ReadFile("run.log"), code
}
