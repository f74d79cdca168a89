package policy

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/engine"
	"github.com/seaworthy-os/seaworthy/policy/folder"
	"github.com/seaworthy-os/seaworthy/policy/policytest"
)

// Every error of a rule is an error of the decision and never a pass.
func TestBadRules(t *testing.T) {
	const file = "os/CAP-001.rego"
	whole := func(s string) map[string]string { return map[string]string{file: s} }
	body := func(s string) map[string]string { return whole(policytest.RuleFile("CAP-001", s)) }
	entry := func(s string) map[string]string { return body("fail contains {" + s + "} if true") }
	const ok = `"id": "CAP-001", "resource": "image:demo", "key": "k", "message": "m"`
	for name, c := range map[string]struct {
		files map[string]string
		kind  error
		words []string
	}{
		// the sandbox
		"http.send":    {body(policytest.Fires("CAP-001", `x := http.send({"method": "get", "url": "http://127.0.0.1/"})`)), system.ErrInput, []string{"http.send", "CAP-001.rego:"}},
		"opa.runtime":  {body(policytest.Fires("CAP-001", `x := opa.runtime()`)), system.ErrInput, []string{"opa.runtime"}},
		"time.now_ns":  {body(policytest.Fires("CAP-001", `x := time.now_ns()`)), system.ErrInput, []string{"time.now_ns"}},
		"rand.intn":    {body(policytest.Fires("CAP-001", `x := rand.intn("a", 3)`)), system.ErrInput, []string{"rand.intn"}},
		"lookup":       {body(policytest.Fires("CAP-001", `x := net.lookup_ip_addr("example.org")`)), system.ErrInput, []string{"net.lookup_ip_addr"}},
		"match_schema": {body(policytest.Fires("CAP-001", `x := json.match_schema({}, {"$ref": "http://127.0.0.1/"})`)), system.ErrInput, []string{"json.match_schema"}},
		"huge shift":   {body(policytest.Fires("CAP-001", `x := bits.lsh(1, 99999999999)`)), system.ErrInput, []string{"bits.lsh"}},
		"huge network": {body(policytest.Fires("CAP-001", `x := net.cidr_expand("0.0.0.0/0")`)), system.ErrInput, []string{"net.cidr_expand"}},
		// names that do not exist
		"input":           {body(policytest.Fires("CAP-001", `x := input.componets[_].id`)), system.ErrInput, []string{"componets"}},
		"input below":     {body(policytest.Fires("CAP-001", `some c in input.components; x := c.imgae`)), system.ErrInput, []string{"imgae"}},
		"parameter":       {body(policytest.Fires("CAP-001", `x := data.params.alowed`)), system.ErrInput, []string{"unknown parameter alowed", "CAP-001.rego:"}},
		"table":           {body(policytest.Fires("CAP-001", `x := data.tabel.row`)), system.ErrInput, []string{"data.tabel"}},
		"helper":          {body("import data.seaworthy.lib\n" + policytest.Fires("CAP-001", `x := lib.resourc({"id": "a"})`)), system.ErrInput, []string{"resourc"}},
		"unused variable": {body(policytest.Fires("CAP-001", `x := 1; y := 2`)), system.ErrInput, []string{"y"}},
		"syntax":          {body("fail contains x if {"), system.ErrInput, []string{"CAP-001.rego:"}},
		"old syntax":      {body("fail[x] { x := 1 }"), system.ErrInput, []string{"CAP-001.rego:"}},
		// annotations
		"no metadata":  {whole("package seaworthy.rules.CAP_001\n\nfail contains 1 if true"), system.ErrInput, []string{"no METADATA"}},
		"no id":        {whole(strings.Replace(policytest.RuleFile("CAP-001", policytest.Fires("CAP-001", "x := 1")), "#   id: CAP-001\n", "", 1)), system.ErrInput, []string{"no custom.id"}},
		"other id":     {whole(strings.Replace(policytest.RuleFile("CAP-001", policytest.Fires("CAP-001", "x := 1")), "id: CAP-001", "id: CAP-002", 1)), system.ErrInput, []string{`"CAP-002"`}},
		"bad severity": {whole(strings.Replace(policytest.RuleFile("CAP-001", policytest.Fires("CAP-001", "x := 1")), "severity: high", "severity: hgih", 1)), system.ErrInput, []string{`"hgih"`}},
		"no title":     {whole(strings.Replace(policytest.RuleFile("CAP-001", policytest.Fires("CAP-001", "x := 1")), "# title: Title of CAP-001\n", "", 1)), system.ErrInput, []string{"no title"}},
		"never fires":  {body(`checked contains "image:demo"`), system.ErrInput, []string{"can never fire"}},
		"not a set":    {body(`fail := {"id": "CAP-001"}`), system.ErrInput, []string{"must be a set"}},
		"duplicate":    {map[string]string{"os/again.rego": policytest.RuleFile("CAP-001", policytest.Fires("CAP-001", "x := 1"))}, system.ErrInput, []string{"duplicate rule CAP_001"}},
		"no package":   {map[string]string{"os/x.rego": "# nothing\n"}, system.ErrInput, []string{"no package clause"}},
		// packs and data
		"unknown rule":     {map[string]string{"packs/baseline.yaml": "baseline: {rules: [CAP-001, CAP-999]}"}, system.ErrInput, []string{`"CAP-999"`}},
		"empty pack":       {map[string]string{"packs/baseline.yaml": "baseline: {rules: []}"}, system.ErrInput, []string{"has no rules"}},
		"rule named twice": {map[string]string{"packs/baseline.yaml": "baseline: {rules: [CAP-001, CAP-001]}"}, system.ErrInput, []string{"duplicate rule"}},
		"unknown include":  {map[string]string{"packs/baseline.yaml": "baseline: {includes: base, rules: [CAP-001]}"}, system.ErrInput, []string{`"base"`}},
		"unknown key":      {map[string]string{"packs/baseline.yaml": "baseline: {rule: [CAP-001]}"}, system.ErrInput, []string{`"rule"`, "baseline.yaml:1:12"}},
		"bad data":         {map[string]string{"data/x.json": "{\n  \"x\": oops}"}, system.ErrInput, []string{"x.json:2:"}},
		"data twice":       {map[string]string{"data/x.json": `{"params": {}}`}, system.ErrInput, []string{`"params"`}},
		"engine's data":    {map[string]string{"data/x.json": `{"seaworthy": {"active": []}}`}, system.ErrInput, []string{`"seaworthy"`}},
		// results of rules
		"builtin error":          {body(policytest.Fires("CAP-001", `x := to_number(input.name)`)), system.ErrUnusable, []string{"to_number", "CAP-001.rego:"}},
		"conflict":               {body("v := 1 if input.name\n\nv := 2 if input.arch\n\n" + policytest.Fires("CAP-001", "x := v")), system.ErrUnusable, []string{"conflict"}},
		"no object":              {body(`fail contains "oops"`), system.ErrUnusable, []string{"not an object", "rule CAP-001", "os/CAP-001.rego:14:1: "}},
		"no message":             {entry(`"id": "CAP-001", "resource": "image:demo", "key": "k"`), system.ErrUnusable, []string{"no message"}},
		"no key":                 {entry(`"id": "CAP-001", "resource": "image:demo", "message": "m"`), system.ErrUnusable, []string{"no key"}},
		"other rule's id":        {entry(`"id": "CAP-002", "resource": "image:demo", "key": "k", "message": "m"`), system.ErrUnusable, []string{`"CAP-002"`}},
		"odd resource":           {entry(`"id": "CAP-001", "resource": "web", "key": "k", "message": "m"`), system.ErrUnusable, []string{`"web"`}},
		"no such component":      {entry(`"id": "CAP-001", "resource": "component:services/ghost", "key": "k", "message": "m"`), system.ErrUnusable, []string{"services/ghost", "os/CAP-001.rego:1"}},
		"odd path":               {entry(ok + `, "path": "process"`), system.ErrUnusable, []string{"JSON pointer"}},
		"odd entry severity":     {entry(ok + `, "severity": "fatal"`), system.ErrUnusable, []string{"fatal"}},
		"odd origin":             {entry(ok + `, "origin": {"line": "x"}`), system.ErrUnusable, []string{"origin"}},
		"unknown field":          {entry(ok + `, "state": "pass"`), system.ErrUnusable, []string{`"state"`}},
		"number as text":         {entry(ok + `, "fix": 3`), system.ErrUnusable, []string{"fix"}},
		"odd reasons":            {entry(ok + `, "because": [3]`), system.ErrUnusable, []string{"because"}},
		"edits as text":          {entry(ok + `, "edits": "x"`), system.ErrUnusable, []string{"edits", "not a list", "os/CAP-001.rego:14:1: "}},
		"odd edit":               {entry(ok + `, "edits": [{"op": "move", "path": "/x"}]`), system.ErrUnusable, []string{"op", `"move"`}},
		"edit of nothing":        {entry(ok + `, "edits": [{"op": "remove", "path": ""}]`), system.ErrUnusable, []string{"neither component nor path"}},
		"edit without op":        {entry(ok + `, "edits": [{"path": "/x"}]`), system.ErrUnusable, []string{"no op"}},
		"edit without value":     {entry(ok + `, "edits": [{"op": "set", "path": "/x"}]`), system.ErrUnusable, []string{"no value"}},
		"edit's odd path":        {entry(ok + `, "edits": [{"op": "remove", "path": "x"}]`), system.ErrUnusable, []string{"JSON pointer"}},
		"edit's odd key":         {entry(ok + `, "edits": [{"op": "remove", "path": "/x", "y": 1}]`), system.ErrUnusable, []string{`"y"`}},
		"edit of no component":   {entry(ok + `, "edits": [{"op": "remove", "component": "services/ghost", "path": "/x"}]`), system.ErrUnusable, []string{"services/ghost"}},
		"too many edits":         {entry(ok + `, "edits": [e | some i in numbers.range(0, 100); e := {"op": "remove", "path": sprintf("/%d", [i])}]`), system.ErrUnusable, []string{"101"}},
		"one key, two findings":  {body(`fail contains {"id": "CAP-001", "resource": "image:demo", "key": "k", "message": m} if some m in ["a", "b"]`), system.ErrUnusable, []string{`key "k"`}},
		"checked object":         {body(`checked contains {"resource": "image:demo"}` + "\n\n" + policytest.Fires("CAP-001", "x := 1")), system.ErrUnusable, []string{"checked"}},
		"unknown without reason": {body(`unknown contains {"resource": "image:demo"}`), system.ErrUnusable, []string{"no reason", "os/CAP-001.rego:14:1: "}},
		"looks at nothing":       {body(`fail contains x if { some x in input.files }`), system.ErrUnusable, []string{"checked nothing"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run(t, policytest.With(policytest.BaseFS(), c.files), policytest.Facts(), Options{})
			policytest.WantError(t, err, c.kind, c.words...)
		})
	}
}

// The edits of a rule are in the finding unchanged.
func TestEdits(t *testing.T) {
	d := mustRun(t, policytest.With(policytest.BaseFS(), map[string]string{"os/CAP-001.rego": policytest.RuleFile("CAP-001", `
fail contains {
	"id": "CAP-001", "resource": "component:services/web", "key": "k", "message": "m",
	"because": ["CONFIG_X=y"],
	"edits": [
		{"op": "set", "component": "services/web", "path": "/resources/pids/limit", "value": 100},
		{"op": "append", "path": "/kernel/cmdline", "value": "quiet"},
		{"op": "remove", "component": "files/etc/motd", "path": ""},
	],
} if true
`)}), policytest.Facts(), Options{})
	got, err := json.Marshal(one(t, d, "CAP-001", "component:services/web").Edits)
	if err != nil {
		t.Fatal(err)
	}
	const want = `[{"op":"set","component":"services/web","path":"/resources/pids/limit","value":100},` +
		`{"op":"append","path":"/kernel/cmdline","value":"quiet"},{"op":"remove","component":"files/etc/motd","path":""}]`
	if because := one(t, d, "CAP-001", "component:services/web").Because; !slices.Equal(because, []string{"CONFIG_X=y"}) {
		t.Errorf("because %q", because)
	}
	if string(got) != want {
		t.Errorf("edits %s, want %s", got, want)
	}
}

// All mistakes of all rules are reported in one run.
func TestAllErrorsAtOnce(t *testing.T) {
	_, err := run(t, policytest.With(policytest.BaseFS(), map[string]string{
		"os/CAP-001.rego": policytest.RuleFile("CAP-001", "fail := 1"),
		"os/USR-001.rego": "package seaworthy.rules.USR_001\n",
	}), policytest.Facts(), Options{Policy: "hardened"})
	policytest.WantError(t, err, system.ErrInput, "CAP_001", "USR_001")
}

func TestDeadline(t *testing.T) {
	loop := policytest.RuleFile("CAP-001", policytest.Fires("CAP-001", `some a in numbers.range(1, 3000); some b in numbers.range(1, 3000); a * b < 0; x := a`))
	_, err := run(t, policytest.With(policytest.BaseFS(), map[string]string{"os/CAP-001.rego": loop}), policytest.Facts(), Options{Deadline: 100 * time.Millisecond})
	policytest.WantError(t, err, system.ErrUnusable, "the evaluation of the rules was stopped", "the deadline has passed")
}

// If the caller cancels, the error says so and does not blame a rule.
func TestCancelled(t *testing.T) {
	tree, err := folder.Read(policytest.BaseFS(), "rules/", folder.BuiltinLimits)
	if err != nil {
		t.Fatal(err)
	}
	l, err := engine.New(tree)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = decide(ctx, policytest.Facts(), Options{Now: testNow}, &library{l})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	own := ownFolder(t, "ours", map[string]string{"OWN-001.rego": policytest.RuleFile("OWN-001", sameRule)})
	_, err = Prepare(ctx, Options{Policy: own, Now: testNow, Isolate: isolated})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a policy that is read: %v", err)
	}
}

func TestOutputLimits(t *testing.T) {
	many := policytest.RuleFile("CAP-001", `fail contains {"id": "CAP-001", "resource": "image:demo", "key": sprintf("%d", [i]), "message": "m"} if some i in numbers.range(1, 30000)`)
	_, err := run(t, policytest.With(policytest.BaseFS(), map[string]string{"os/CAP-001.rego": many}), policytest.Facts(), Options{})
	policytest.WantError(t, err, system.ErrUnusable, "30000 entries")

	long := policytest.RuleFile("CAP-001", `big := concat(",", [sprintf("%d", [i]) | some i in numbers.range(1, 20000)])

fail contains {"id": "CAP-001", "resource": "image:demo", "key": "k", "message": big, "actual": {"a": big}, "expected": big}`)
	d := mustRun(t, policytest.With(policytest.BaseFS(), map[string]string{"os/CAP-001.rego": long}), policytest.Facts(), Options{})
	f := one(t, d, "CAP-001", "image:demo")
	if n := len([]rune(f.Message)); n != 4000+1 || !strings.HasSuffix(f.Message, "…") {
		t.Errorf("message of %d runes", n)
	}
	if s, ok := f.Actual.(string); !ok || len(s) > 4000+3 {
		t.Errorf("actual %T", f.Actual)
	}
}

// A failing or unknown finding outweighs one that is not applicable or a pass.
func TestStates(t *testing.T) {
	fs := policytest.With(policytest.BaseFS(), map[string]string{"os/CAP-001.rego": policytest.RuleFile("CAP-001", `
all := {"kernel:A", "kernel:B", "kernel:C", "kernel:D", "kernel:E"}

checked contains r if some r in all

fail contains {"id": "CAP-001", "resource": "kernel:A", "key": "k", "message": "m"}

fail contains {"id": "CAP-001", "resource": "kernel:E", "key": "k", "message": "m"}

unknown contains {"resource": "kernel:B", "reason": "no input"}

unknown contains {"resource": "kernel:E", "reason": "half an input"}

not_applicable contains {"resource": r, "reason": "older kernel"} if some r in {"kernel:A", "kernel:B", "kernel:C"}
`)})
	got := map[string][]decision.State{}
	for _, f := range mustRun(t, fs, policytest.Facts(), Options{}).Findings {
		got[f.Resource] = append(got[f.Resource], f.State)
	}
	for resource, want := range map[string]string{
		"kernel:A": "fail", "kernel:B": "unknown", "kernel:C": "not-applicable", "kernel:D": "pass", "kernel:E": "unknown fail",
	} {
		var words []string
		for _, s := range got[resource] {
			words = append(words, string(s))
		}
		if strings.Join(words, " ") != want {
			t.Errorf("%s: %v, want %s", resource, words, want)
		}
	}
}

// A rule whose only input is missing is unknown, whatever its result is.
func TestMissingInput(t *testing.T) {
	f := policytest.Facts()
	f.Components[0].Spec = nil
	d := mustRun(t, policytest.With(policytest.BaseFS(), map[string]string{"os/USR-001.rego": policytest.RuleFile("USR-001", `
fail contains {"id": "USR-001", "resource": sprintf("component:%s", [c.id]), "key": "k", "message": "m"} if {
	some c in input.components
	c.spec.process.bad
}`)}), f, Options{Policy: "hardened"})
	if got := one(t, d, "CAP-001", "component:services/web"); got.State != decision.StateUnknown || got.Message != "no effective spec" {
		t.Errorf("no spec: %+v", got)
	}
	if got := one(t, d, "CAP-001", "component:services/quiet"); got.State != decision.StatePass {
		t.Errorf("with spec: %+v", got)
	}
	if got := one(t, d, "USR-001", "image:demo"); got.State != decision.StateUnknown {
		t.Errorf("silent rule: %+v", got)
	}
	if ExitCode(d) != 3 {
		t.Errorf("exit %d", ExitCode(d))
	}
	if got := one(t, mustRun(t, policytest.BaseFS(), policytest.Facts(), Options{Policy: "hardened"}), "USR-001", "image:demo"); got.State != decision.StateNotApplicable {
		t.Errorf("not applicable: %+v", got)
	}
}

// Rules see empty lists as lists, so count of one is not an error.
func TestFactsAreTotal(t *testing.T) {
	fs := policytest.With(policytest.BaseFS(), map[string]string{"os/CAP-001.rego": policytest.RuleFile("CAP-001", `
fail contains {"id": "CAP-001", "resource": "image:demo", "key": "k", "message": "m", "actual": [count(input.files), count(input.kernel.modules), count(input.kernel.config.options), sshd]} if {
	sshd := [is_null(c.files.sshd) | some c in input.components]
}`)})
	got := one(t, mustRun(t, fs, policytest.Facts(), Options{}), "CAP-001", "image:demo")
	if words.JSON(got.Actual) != "[0,0,0,[true,true]]" {
		t.Errorf("rules saw %s", words.JSON(got.Actual))
	}
}

// A helper that returns its results by key is evaluated once, however many rules use
// it, because it is part of the query as a whole.
func TestWarm(t *testing.T) {
	fs := policytest.KeyedTable()
	d := mustRun(t, fs, policytest.Facts(), Options{Policy: "hardened"})
	if a, b := one(t, d, "CAP-001", "image:demo"), one(t, d, "USR-001", "image:demo"); a.Key != "a" || b.Key != "b" {
		t.Errorf("%+v, %+v", a, b)
	}
}
