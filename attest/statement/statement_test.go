package statement

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

var hexA = strings.Repeat("a", 64)

func payload(subject, rest string) string {
	return `{"_type":"https://in-toto.io/Statement/v1","subject":[` + subject + `],"predicateType":"t",` + rest + `}`
}

func TestParse(t *testing.T) {
	t.Parallel()
	subject := `{"name":"k","digest":{"sha256":"` + hexA + `"}}`
	s, err := Parse([]byte(payload(subject, `"predicate":{"a":1,"a":2}`)))
	if err != nil || s.Subjects()["k"] != "sha256:"+hexA || s.PredicateType != "t" {
		t.Fatalf("statement %+v, error %v", s, err)
	}
	for _, tt := range []struct{ name, payload, want string }{
		{"type", strings.Replace(payload(subject, `"predicate":{}`), "Statement/v1", "Statement/v0.1", 1), "statement type"},
		{"no subject", payload("", `"predicate":{}`), "no subject"},
		{"subject twice", payload(subject+","+subject, `"predicate":{}`), "a duplicate"},
		{"subject without name", payload(strings.Replace(subject, `"k"`, `""`, 1), `"predicate":{}`), "empty"},
		{"no digest", payload(`{"name":"k"}`, `"predicate":{}`), "sha256"},
		{"weak digest only", payload(`{"name":"k","digest":{"md5":"aa"}}`, `"predicate":{}`), "sha256"},
		{"two digests", payload(`{"name":"k","digest":{"sha256":"`+hexA+`","sha1":"aa"}}`, `"predicate":{}`), "sha256"},
		{"upper case", payload(strings.Replace(subject, hexA, strings.ToUpper(hexA), 1), `"predicate":{}`), "sha256"},
		{"short", payload(strings.Replace(subject, hexA, hexA[2:], 1), `"predicate":{}`), "sha256"},
		{"no predicate", payload(subject, `"x":{}`), "no predicate"},
		{"predicate null", payload(subject, `"predicate":null`), "no predicate"},
		{"predicate a list", payload(subject, `"predicate":[]`), "no predicate"},
		{"predicate twice", payload(subject, `"predicate":{},"predicate":{}`), "duplicate member"},
		{"member twice in a subject", payload(`{"name":"k","name":"l","digest":{"sha256":"`+hexA+`"}}`, `"predicate":{}`), "duplicate member"},
		{"deep predicate", payload(subject, `"predicate":{"a":`+strings.Repeat("[", 200)+strings.Repeat("]", 200)+`}`), "nested deeper"},
		{"something behind", payload(subject, `"predicate":{}`) + "x", "invalid character"},
		{"empty", "", "unexpected end"},
	} {
		if _, err := Parse([]byte(tt.payload)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestDecodeIgnoresUnknownMembers(t *testing.T) {
	t.Parallel()
	var p SummaryPredicate
	if err := Decode([]byte(`{"verificationResult":"PASSED","new":{"a":[1,2,{"b":"\"}"}]}}`), &p); err != nil || p.VerificationResult != Passed {
		t.Errorf("summary %+v, error %v", p, err)
	}
	many := `{"a":[` + strings.Repeat(`{"x":1},`, MaxMembers) + `{}]}`
	if err := Decode([]byte(many), &p); err == nil || !strings.Contains(err.Error(), "members") {
		t.Errorf("more than %d members: %v", MaxMembers, err)
	}
}

func TestPolicyURI(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"hardened", "dir:my rules", "a/b%2f", "ü"} {
		if got, ok := PolicyName(PolicyURI(name)); !ok || got != name {
			t.Errorf("%q comes back as %q, %t", name, got, ok)
		}
	}
	for _, uri := range []string{"", "hardened", "seaworthy:policy/", "https://example.org/hardened", "seaworthy:policy/%zz"} {
		if name, ok := PolicyName(uri); ok {
			t.Errorf("%q is taken for policy %q", uri, name)
		}
	}
}

// A finding of an unknown state is never a pass.
func TestSummaryResult(t *testing.T) {
	t.Parallel()
	w := &decision.Waiver{Expires: "2030-01-01"}
	for _, tt := range []struct {
		name, failOn string
		verdict      decision.Verdict
		finding      decision.Finding
		want         string
	}{
		{"pass", "low", decision.Pass, decision.Finding{State: decision.StatePass}, Passed},
		{"denied", "low", decision.Deny, decision.Finding{State: decision.StatePass}, Failed},
		{"unknown verdict", "low", "", decision.Finding{State: decision.StatePass}, Failed},
		{"waived", "low", decision.Pass, decision.Finding{State: decision.StateWaived, Waiver: w}, Passed},
		{"waived without a waiver", "low", decision.Pass, decision.Finding{State: decision.StateWaived}, Failed},
		{"fails below", "high", decision.Pass, decision.Finding{State: decision.StateFail, Severity: decision.Medium}, Passed},
		{"fails at", "high", decision.Pass, decision.Finding{State: decision.StateFail, Severity: decision.High}, Failed},
		{"fails without severity", "critical", decision.Pass, decision.Finding{State: decision.StateFail}, Failed},
		{"fails under none", "none", decision.Pass, decision.Finding{State: decision.StateFail, Severity: decision.Low}, Failed},
		{"fails under nonsense", "x", decision.Pass, decision.Finding{State: decision.StateFail, Severity: decision.Low}, Failed},
		{"unknown", "critical", decision.Pass, decision.Finding{State: decision.StateUnknown, Severity: decision.Low}, Failed},
		{"new state", "critical", decision.Pass, decision.Finding{State: "skipped", Severity: decision.Low}, Failed},
	} {
		d := &decision.Decision{Verdict: tt.verdict, FailOn: tt.failOn, Findings: []decision.Finding{tt.finding}}
		if got := Result(d); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestTests(t *testing.T) {
	t.Parallel()
	d := &decision.Decision{Findings: []decision.Finding{
		{ID: "A-1", Resource: "image:x", State: decision.StatePass},
		{ID: "A-2", Resource: "image:x", Key: "k", State: decision.StateFail},
		{ID: "A-3", Resource: "image:x", State: decision.StateUnknown},
		{ID: "A-4", Resource: "image:x", State: decision.StateWaived, Waiver: &decision.Waiver{Expires: "2031-01-01"}},
		{ID: "A-5", Resource: "image:x", State: decision.StateNotApplicable},
		{ID: "A-6", Resource: "image:x", State: decision.StateWaived, Waiver: &decision.Waiver{Expires: "2030-12-31"}},
		{ID: "A-7", Resource: "image:x", State: decision.StateFail, Waiver: &decision.Waiver{Expires: "2020-01-01"}},
	}}
	got, err := json.Marshal(Tests(d))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"result":"FAILED","configuration":null,"passedTests":["A-1 image:x"],` +
		`"warnedTests":["A-4 image:x","A-6 image:x"],"failedTests":["A-2 image:x k","A-3 image:x","A-7 image:x"],` +
		`"seaworthy_unknownTests":["A-3 image:x"],"seaworthy_notApplicableTests":["A-5 image:x"]}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := WaiversExpire(d); got != "2030-12-31" {
		t.Errorf("waivers expire %q", got)
	}
}

// The scanner never panics. It never accepts duplicate members, of which
// encoding/json would take the last.
func FuzzParse(f *testing.F) {
	f.Add([]byte(payload(`{"name":"k","digest":{"sha256":"`+hexA+`"}}`, `"predicate":{"a":[1,{"b":"\\\""}]}`)))
	f.Add([]byte(`{"_type":"x","subject":[],"a":1,"A":2}`))
	f.Add([]byte(`[[[]]]`))
	f.Add([]byte(` { "a" : { } , "b" : [ ] } `))
	f.Add([]byte(`{"predicate":{"a":"}]"},"x":-1.5e+3}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := Parse(raw)
		if err == nil && (len(s.Subject) == 0 || len(s.Subjects()) != len(s.Subject)) {
			t.Errorf("subjects %v", s.Subject)
		}
		var v any
		if err := Decode(raw, &v); err != nil {
			return
		}
		if o, ok := v.(map[string]any); ok {
			var n int
			dec := json.NewDecoder(strings.NewReader(string(raw)))
			if _, err := dec.Token(); err != nil {
				t.Fatal(err)
			}
			for dec.More() {
				if _, err := dec.Token(); err != nil {
					t.Fatal(err)
				}
				var skip json.RawMessage
				if err := dec.Decode(&skip); err != nil {
					t.Fatal(err)
				}
				n++
			}
			if n != len(o) {
				t.Errorf("%d members, %d of them distinct, were accepted", n, len(o))
			}
		}
	})
}
