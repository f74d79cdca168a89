package policy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/engine"
	"github.com/seaworthy-os/seaworthy/policy/folder"
	"github.com/seaworthy-os/seaworthy/policy/policytest"
	"github.com/seaworthy-os/seaworthy/policy/sandbox"
)

// mostMemory is the limit for the memory of a hostile policy's process, in bytes.
const mostMemory = 512 << 20

// mostText limits the text of the errors about a policy, in bytes: all errors of its
// parser and compiler, each of them short.
const mostText = 64 << 10

// hostile returns rule folders that use too many resources. Each is a map from path
// to content.
func hostile() map[string]map[string]string {
	all := map[string]map[string]string{}
	add := func(name, body string) {
		all[name] = map[string]string{"EVL-001.rego": policytest.RuleFile("EVL-001", body)}
	}
	expr := func(name, e string) { add(name, policytest.Fires("EVL-001", e)) }
	doubling := func(name, first, next string, steps int) {
		var b strings.Builder
		fmt.Fprintf(&b, "x0 := %s\n\n", first)
		for i := range steps {
			fmt.Fprintf(&b, "x%d := %s\n\n", i+1, strings.ReplaceAll(next, "PREV", fmt.Sprintf("x%d", i)))
		}
		add(name, b.String()+policytest.Fires("EVL-001", fmt.Sprintf("x := [x%d]", steps)))
	}

	// loops
	expr("cross product", `some a in numbers.range(1, 3000); some b in numbers.range(1, 3000); a * b < 0; x := a`)
	expr("comprehension of comprehensions", `x := count([1 | some a in numbers.range(1, 3000); some b in numbers.range(1, 3000); a != b])`)
	expr("every in every", `x := 1; every a in numbers.range(1, 100000) { every b in numbers.range(1, 100000) { a + b > 0 } }`)
	expr("partial set", `s := {c | some a in numbers.range(1, 100000); some b in numbers.range(1, 100000); c := a * b}; x := count(s)`)
	add("function calls", `f0(n) := n + 1

`+func() string {
		var b strings.Builder
		for i := 1; i < 40; i++ {
			fmt.Fprintf(&b, "f%d(n) := f%d(f%d(n) * 2)\n\n", i, i-1, i-1)
		}
		return b.String()
	}()+policytest.Fires("EVL-001", "x := f39(1)"))
	expr("sums", `x := sum([sum(numbers.range(1, 1000000)) | some _ in numbers.range(1, 1000)])`)
	expr("sorts", `x := [count(sort(numbers.range_step(1000000, 1, 1))) | some _ in numbers.range(1, 100)]`)
	expr("graph", `g := {sprintf("%d", [i]): numbers.range(1, 3000) | some i in numbers.range(1, 3000)}; x := count(graph.reachable(g, {"1"}))`)

	// single calls that do not return
	expr("range", `x := count(numbers.range(1, 100000000000))`)
	expr("range by steps", `x := count(numbers.range_step(1, 100000000000, 1))`)
	expr("range squared", `x := count([r | some i in numbers.range(1, 100000); r := numbers.range(1, 100000)])`)
	expr("widths of formats", `x := count(sprintf("%1000000d%1000000d%1000000d%1000000d", [1, 2, 3, 4])) * count([s | some i in numbers.range(1, 100000); s := sprintf("%999999d", [i])])`)
	expr("huge number", `x := round(to_number("1e999999999"))`)
	expr("huge numbers multiplied", `x := to_number("1e99999999") * to_number("1e99999999")`)
	expr("huge number written out", `x := format_int(1e99999999, 10)`)
	expr("huge literal", `x := 1e999999999 + 1`)
	expr("huge number compared", `1e999999999 > input.sources[0].path; x := 1e999999999 % 7`)
	expr("huge range of huge numbers", `x := numbers.range(1e99999999, 1e99999999 + 10)`)
	doubling("powers", "3", "PREV * PREV", 60)
	expr("replace", `s := concat("", ["a" | some _ in numbers.range(1, 100000)]); x := count(replace(s, "a", s))`)
	expr("replace many", `s := concat("", ["a" | some _ in numbers.range(1, 100000)]); x := count(strings.replace_n({"a": s}, s))`)
	expr("split", `s := concat("", ["a" | some _ in numbers.range(1, 300000)]); x := [count(split(s, "")) | some _ in numbers.range(1, 1000)]`)
	expr("pattern", `s := concat("", ["a" | some _ in numbers.range(1, 200000)]); x := [regex.match("^(a?){500}(a|aa)+b$", s) | some _ in numbers.range(1, 1000)]`)
	expr("many patterns", `x := count([1 | some i in numbers.range(1, 1000000); regex.match(sprintf("(a{1000}){%d}", [i % 1000]), "a")])`)
	expr("submatches", `s := concat("", ["a" | some _ in numbers.range(1, 300000)]); x := count(regex.find_all_string_submatch_n("((((((((((a))))))))))", s, -1)) * count([1 | some _ in numbers.range(1, 100); regex.find_all_string_submatch_n("((((((((((a))))))))))", s, -1)])`)
	expr("index", `s := concat("", ["a" | some _ in numbers.range(1, 300000)]); x := [count(indexof_n(s, "a")) | some _ in numbers.range(1, 1000)]`)
	expr("decode", `s := concat("", ["[" | some _ in numbers.range(1, 5000000)]); x := json.unmarshal(s)`)
	expr("escapes", `s := concat("", ["%41" | some _ in numbers.range(1, 500000)]); x := [count(urlquery.encode(s)) | some _ in numbers.range(1, 1000)]`)
	expr("base64", `s := concat("", ["a" | some _ in numbers.range(1, 1000000)]); x := [base64.encode(sprintf("%s%d", [s, i])) | some i in numbers.range(1, 10000)]`)
	expr("patch", `x := json.patch([], [{"op": "add", "path": "0", "value": numbers.range(1, 1000)} | some _ in numbers.range(1, 100000)])`)
	expr("networks", `x := count([1 | some a in numbers.range(0, 255); some b in numbers.range(0, 255); some c in numbers.range(0, 255); net.cidr_contains("0.0.0.0/0", sprintf("%d.%d.%d.1", [a, b, c]))])`)

	// values that double
	doubling("text", `"0123456789abcdef"`, `concat("", [PREV, PREV])`, 40)
	doubling("array", `[1, 2, 3, 4]`, `array.concat(PREV, PREV)`, 40)
	doubling("set", `{1, 2, 3, 4}`, `{[a, b] | some a in PREV; some b in PREV}`, 6)
	doubling("object", `{"a": 1}`, `object.union_n([{sprintf("%s%d", [k, i]): v} | some k, v in PREV; some i in [0, 1, 2, 3]])`, 15)
	doubling("format", `"0123456789abcdef"`, `sprintf("%v%v", [PREV, PREV])`, 40)
	doubling("json", `{"a": "b"}`, `json.unmarshal(json.marshal({"a": PREV, "b": PREV}))`, 40)
	doubling("flatten", `[1, 2]`, `array.flatten([PREV, PREV, PREV, PREV])`, 20)

	// too much output
	add("giant output", `fail contains {"id": "EVL-001", "resource": "image:demo", "key": sprintf("%d", [i]), "message": s} if {
	s := concat("", ["0123456789" | some _ in numbers.range(1, 390)])
	some i in numbers.range(1, 19000)
}`)
	add("giant values", `big := numbers.range(1, 3000000)

fail contains {"id": "EVL-001", "resource": "image:demo", "key": sprintf("%d", [i]), "message": "m", "actual": big} if some i in numbers.range(1, 100)`)
	add("too many findings", `fail contains {"id": "EVL-001", "resource": "image:demo", "key": sprintf("%d", [i]), "message": "m"} if some i in numbers.range(1, 10000000)`)

	// input that breaks the compiler
	add("deep nesting", "x := "+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+"\n\n"+policytest.Fires("EVL-001", "y := 1; x := y"))
	add("deep calls", "y := "+strings.Repeat("abs(", 20_000)+"1"+strings.Repeat(")", 20_000)+"\n\n"+policytest.Fires("EVL-001", "x := y"))
	add("deep negation", policytest.Fires("EVL-001", "x := "+strings.Repeat("[1 | ", 2000)+"true"+strings.Repeat("]", 2000)))
	add("long sum", "y := 1"+strings.Repeat(" + 1", 100_000)+"\n\n"+policytest.Fires("EVL-001", "x := y"))
	add("else chain", "y := 0 if input.name == \"a\""+strings.Repeat(" else := 1 if input.name == \"b\"", 20_000)+"\n\n"+policytest.Fires("EVL-001", "x := y"))
	var many strings.Builder
	for i := range 30_000 {
		fmt.Fprintf(&many, "r%d contains x if { some x in r%d }\n\n", i, (i+1)%30_000)
	}
	add("rules in a circle", many.String()+policytest.Fires("EVL-001", "x := r0"))
	many.Reset()
	for i := range 40_000 {
		fmt.Fprintf(&many, "r%d := x if { x := input.name; x != \"%d\" }\n\n", i, i)
	}
	add("thousands of rules", many.String()+policytest.Fires("EVL-001", "x := r0"))
	many.Reset()
	for i := range 10_000 {
		fmt.Fprintf(&many, "r := %d if input.name == \"n%d\"\n\n", i, i)
	}
	add("one rule, thousands of times", many.String()+strings.Repeat(policytest.Fires("EVL-001", "some x in numbers.range(1, 1000); r")+"\n\n", 500))
	add("long literal", "y := [\n"+strings.Repeat("0,\n", 600_000)+"0]\n\n"+policytest.Fires("EVL-001", "some x in y"))
	add("digits", "y := "+strings.Repeat("9", 1_900_000)+"\n\n"+policytest.Fires("EVL-001", "x := y * y"))
	add("many patterns of text", "y := {\n"+strings.Repeat("`"+strings.Repeat("x", 10)+"`: {[1]: {{2}: {3: [4]}}},\n", 50_000)+"}\n\n"+policytest.Fires("EVL-001", "x := y"))

	add("rules that print", policytest.Fires("EVL-001", `x := 1; some i in numbers.range(1, 100000000); print("a", i); i < 0`))
	add("many imports", func() string {
		var b strings.Builder
		for i := range 30_000 {
			fmt.Fprintf(&b, "import data.seaworthy.m%d as i%d\n", i, i)
		}
		return b.String()
	}()+policytest.Fires("EVL-001", "x := 1"))
	add("many parameters of a function", "f("+strings.Repeat("_, ", 50_000)+"y) := y\n\n"+policytest.Fires("EVL-001", "x := f"))
	add("a long reference", policytest.Fires("EVL-001", "x := data.deep"+strings.Repeat(".a", 100_000)))
	add("types without end", "o := {"+strings.Repeat("\"k\": {\"a\": [1, {\"b\": 2}]},\n", 30_000)+"\"z\": 1}\n\n"+policytest.Fires("EVL-001", "x := o[_][_][_].b + 1"))
	add("annotations", "# METADATA\n# scope: rule\n# custom:\n#   a: &a [x,x,x,x,x,x,x,x]\n"+strings.Repeat("#   b: &a [*a,*a,*a,*a,*a,*a,*a,*a]\n", 20)+"y := 1\n\n"+policytest.Fires("EVL-001", "x := y"))
	shared := "a := numbers.range(1, 1000); b := [a | some _ in a]; c := [b | some _ in a]; d := [c | some _ in a]; "
	expr("shared values, written", shared+`x := count(json.marshal(d))`)
	expr("shared values, compared", shared+`e := [c | some _ in numbers.range(1, 1000)]; d == e; x := 1`)
	expr("shared values, walked", shared+`x := count([1 | walk(d, [_, v]); v == -1])`)
	expr("shared values, given out", shared+`x := d`)

	// other files
	all["deep data"] = map[string]string{"EVL-001.rego": policytest.RuleFile("EVL-001", policytest.Fires("EVL-001", "x := data.deep")), "data/d.json": `{"deep": ` + strings.Repeat("[", 1_000_000) + strings.Repeat("]", 1_000_000) + "}"}
	all["walk"] = map[string]string{"EVL-001.rego": policytest.RuleFile("EVL-001", policytest.Fires("EVL-001", "some i in numbers.range(1, 100000); walk(data.deep, [_, x]); x == i")), "data/d.json": `{"deep": ` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + "}"}
	all["huge number in data"] = map[string]string{"EVL-001.rego": policytest.RuleFile("EVL-001", policytest.Fires("EVL-001", "x := data.n[1].a")), "data/d.json": "{\n  \"n\": [0, {\"a\": 1e999999999}]}"}
	all["wide data"] = map[string]string{"EVL-001.rego": policytest.RuleFile("EVL-001", policytest.Fires("EVL-001", "x := count([1 | some a in data.wide; some b in data.wide; a != b])")), "data/d.json": `{"wide": [` + strings.Repeat(`{},`, 600_000) + "1]}"}
	all["schema"] = map[string]string{"EVL-001.rego": policytest.RuleFile("EVL-001", policytest.Fires("EVL-001", "x := data.params.n")), "data/d.json": `{"params": {"n": 1}}`, "data/params.schema.json": func() string {
		defs := `"a0": false`
		for i := range 40 {
			defs += fmt.Sprintf(`, "a%d": {"anyOf": [{"$ref": "#/$defs/a%d"}, {"$ref": "#/$defs/a%d"}]}`, i+1, i, i)
		}
		return `{"$defs": {` + defs + `}, "properties": {"n": {"type": "integer", "description": "d", "$ref": "#/$defs/a40"}}}`
	}()}
	all["a pack of many"] = map[string]string{"EVL-001.rego": policytest.RuleFile("EVL-001", policytest.Fires("EVL-001", "x := 1")), "packs/p.yaml": "ours:\n  rules:\n" + func() string {
		var b strings.Builder
		for i := range 100_000 {
			fmt.Fprintf(&b, "    - R-%d\n", i)
		}
		return b.String()
	}()}
	all["yaml bomb"] = map[string]string{"EVL-001.rego": policytest.RuleFile("EVL-001", policytest.Fires("EVL-001", "x := 1")), "packs/p.yaml": "a: &a [x,x,x,x,x,x,x,x,x]\n" + strings.Repeat("b: &b [*a,*a,*a,*a,*a,*a]\n", 10)}
	all["yaml depth"] = map[string]string{"EVL-001.rego": policytest.RuleFile("EVL-001", policytest.Fires("EVL-001", "x := 1")), "packs/p.yaml": "ours: {rules: " + strings.Repeat("[", 500_000)}
	all["yaml flow"] = map[string]string{"EVL-001.rego": policytest.RuleFile("EVL-001", policytest.Fires("EVL-001", "x := 1")), "packs/p.yaml": "ours: {rules: [EVL-001" + strings.Repeat(",EVL-001", 200_000) + "]}"}
	all["forbidden builtin"] = map[string]string{"EVL-001.rego": policytest.RuleFile("EVL-001", policytest.Fires("EVL-001", `x := http.send({"method": "get", "url": "http://127.0.0.1/"})`))}
	all["environment"] = map[string]string{"EVL-001.rego": policytest.RuleFile("EVL-001", policytest.Fires("EVL-001", `x := opa.runtime().env`))}
	return all
}

// A guest that uses too many resources is stopped with an error, leaves no process
// behind, and never passes anything.
func TestHostile(t *testing.T) {
	all := hostile()
	for i, name := range slices.Sorted(maps.Keys(all)) {
		if testing.Short() && i%8 != 0 {
			continue // each policy uses its whole budget
		}
		files := all[name]
		t.Run(name, func(t *testing.T) {
			var cmd *exec.Cmd
			h := sandbox.Process[engine.Work, engine.Result]{Command: func(ctx context.Context) *exec.Cmd { cmd = isolated(ctx); return cmd }}
			fsys := fstest.MapFS{}
			for path, content := range files {
				fsys[path] = &fstest.MapFile{Data: []byte(content)}
			}
			tree, err := folder.Read(fsys, "evil/", folder.GuestLimits)
			if err != nil {
				t.Fatal(err)
			}
			j := engine.NewJob(sandbox.Decide, "evil", "dir", "evil", tree)
			j.Work.Date, j.Work.Facts = "2026-11-20", policytest.Facts()
			start := time.Now()
			a, err := h.Perform(context.Background(), j)
			took := time.Since(start)
			if err == nil {
				t.Fatalf("no error: %d findings after %s", len(a.Result.Findings), took)
			}
			if !errors.Is(err, system.ErrUnusable) && !errors.Is(err, system.ErrInput) {
				t.Errorf("error %v", err)
			}
			if cmd.ProcessState == nil {
				t.Fatal("its process is still running")
			}
			usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
			if most := usage.Maxrss << 10; most > mostMemory {
				t.Errorf("the process grew to %d MiB", most>>20)
			}
			text := err.Error()
			if len(text) > mostText {
				t.Errorf("the error has %d bytes", len(text))
			}
			t.Logf("%4d ms, %4d ms computed, %3d MiB: %.150s", took.Milliseconds(),
				(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Milliseconds(), usage.Maxrss>>10, strings.ReplaceAll(text, "\n", " "))
		})
	}
}
