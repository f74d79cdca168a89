package report

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/defenseunicorns/go-oscal/src/pkg/validation"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// oscalRules is the part of NIST's schema of assessment results that we write, by
// JSON path. Any other field is an error.
var oscalRules = map[string]struct {
	required string            // field names, separated by spaces
	optional string            // the same
	texts    map[string]string // the pattern of a field
}{
	"":                     {"assessment-results", "", nil},
	".assessment-results":  {"uuid metadata import-ap results", "local-definitions back-matter", nil},
	"metadata":             {"title last-modified version oscal-version", "props", map[string]string{"last-modified": oscalTime, "version": oscalString, "title": oscalLine}},
	"import-ap":            {"href", "remarks", nil},
	"back-matter":          {"", "resources", nil},
	"resources":            {"uuid", "title description props rlinks", map[string]string{"title": oscalLine}},
	"rlinks":               {"href", "hashes", nil},
	"hashes":               {"algorithm value", "", map[string]string{"algorithm": `^SHA-256$`, "value": `^[0-9a-f]{64}$`}},
	"results":              {"uuid title description start reviewed-controls", "end props local-definitions observations risks findings remarks", map[string]string{"title": oscalLine, "start": oscalTime, "end": oscalTime}},
	"props":                {"name value", "ns", map[string]string{"name": oscalToken, "value": oscalString, "ns": oscalURI}},
	"links":                {"href", "rel", map[string]string{"href": oscalURI}},
	"local-definitions":    {"", "components inventory-items assessment-assets", nil},
	"components":           {"uuid type title description status", "props", map[string]string{"type": oscalString, "title": oscalLine}},
	"inventory-items":      {"uuid description", "", nil},
	"assessment-assets":    {"assessment-platforms", "components", nil},
	"assessment-platforms": {"uuid", "title uses-components", nil},
	"uses-components":      {"component-uuid", "", nil},
	"status":               {"state", "reason remarks", map[string]string{"state": oscalToken, "reason": oscalToken}},
	"reviewed-controls":    {"control-selections", "", nil},
	"control-selections":   {"", "description props links include-controls exclude-controls", nil},
	"include-controls":     {"control-id", "", map[string]string{"control-id": oscalToken}},
	"exclude-controls":     {"control-id", "", map[string]string{"control-id": oscalToken}},
	"observations":         {"uuid description methods collected", "title props types origins subjects relevant-evidence", map[string]string{"title": oscalLine, "collected": oscalTime}},
	"origins":              {"actors", "", nil},
	"origin":               {"actors", "", nil},
	"actors":               {"type actor-uuid", "", map[string]string{"type": "^tool$"}},
	"subjects":             {"subject-uuid type", "title", map[string]string{"type": "^(component|inventory-item)$", "title": oscalLine}},
	"relevant-evidence":    {"description", "href", nil},
	"risks": {"uuid title description statement status", "props origins characterizations deadline remediations related-observations",
		map[string]string{"title": oscalLine, "status": "^(open|deviation-approved)$", "deadline": oscalTime}},
	"characterizations":    {"origin facets", "", nil},
	"facets":               {"name system value", "", map[string]string{"name": oscalToken, "system": oscalURI, "value": oscalString}},
	"remediations":         {"uuid lifecycle title description", "", map[string]string{"lifecycle": "^recommendation$", "title": oscalLine}},
	"related-observations": {"observation-uuid", "", nil},
	"related-risks":        {"risk-uuid", "", nil},
	"findings":             {"uuid title description target", "props origins related-observations related-risks", map[string]string{"title": oscalLine}},
	"target":               {"type target-id status", "title", map[string]string{"type": "^objective-id$", "target-id": oscalToken, "title": oscalLine}},
}

const (
	oscalString = `^\S(.*\S)?$`
	oscalLine   = `^[^\n]+$`
	oscalToken  = `^(\p{L}|_)(\p{L}|\p{N}|[.\-_])*$`
	oscalURI    = `^[a-zA-Z][a-zA-Z0-9+\-.]+:.+$`
	oscalTime   = `^(19|2\d)\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$`
	oscalUUID   = `^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`
)

// parseOSCAL checks a report against NIST's schema of the release that it names, and
// against oscalRules, which allow only what we write.
func parseOSCAL(t *testing.T, s string) oscalResult {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	checkOSCAL(t, "", "", doc)
	nist, err := validation.NewValidatorDesiredVersion([]byte(s), oscalVersion)
	if err != nil {
		t.Fatal(err)
	}
	if nist.GetModelType() != "assessment-results" {
		t.Errorf("model %q", nist.GetModelType())
	}
	if err := nist.Validate(); err != nil {
		t.Errorf("NIST's schema: %v", err)
	}
	defined := map[string]bool{}
	for _, m := range regexp.MustCompile(`"uuid": "([^"]*)"`).FindAllStringSubmatch(s, -1) {
		if defined[m[1]] {
			t.Errorf("two objects have the identifier %s", m[1])
		}
		defined[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`"(?:[a-z]+-uuid|href)": "#?([0-9a-f]{8}-[^"]*)"`).FindAllStringSubmatch(s, -1) {
		if !defined[m[1]] {
			t.Errorf("no object has the identifier %s", m[1])
		}
	}
	var out oscalFile
	if err := json.Unmarshal([]byte(s), &out); err != nil || len(out.Results.Results) != 1 {
		t.Fatalf("%v, %d results", err, len(out.Results.Results))
	}
	return out.Results.Results[0]
}

func checkOSCAL(t *testing.T, path, name string, v any) {
	t.Helper()
	switch v := v.(type) {
	case []any:
		if len(v) == 0 {
			t.Errorf("%s: an empty list", path)
		}
		for i, item := range v {
			checkOSCAL(t, fmt.Sprintf("%s[%d]", path, i), name, item)
		}
	case map[string]any:
		if name == "assessment-results" {
			name = ".assessment-results"
		}
		rule, known := oscalRules[name]
		if !known {
			t.Fatalf("%s: not in the schema", path)
		}
		required, allowed := strings.Fields(rule.required), strings.Fields(rule.optional)
		for _, key := range required {
			if _, ok := v[key]; !ok {
				t.Errorf("%s: %q is missing", path, key)
			}
		}
		for key, sub := range v {
			if !slices.Contains(required, key) && !slices.Contains(allowed, key) {
				t.Errorf("%s: %q is not allowed", path, key)
			}
			pattern := rule.texts[key]
			if key == "uuid" || strings.HasSuffix(key, "-uuid") {
				pattern = oscalUUID
			}
			if text, ok := sub.(string); pattern != "" && (!ok || !compiled(pattern).MatchString(text)) {
				t.Errorf("%s.%s: %.100q", path, key, sub)
			}
			checkOSCAL(t, path+"."+key, key, sub)
		}
	}
}

var patterns sync.Map

func compiled(pattern string) *regexp.Regexp {
	if re, ok := patterns.Load(pattern); ok {
		return re.(*regexp.Regexp)
	}
	re := regexp.MustCompile(pattern)
	patterns.Store(pattern, re)
	return re
}

// validate checks a document against a JSON schema in a file.
func validate(t *testing.T, path string, doc any) {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Errorf("%#v", err)
	}
}

func TestOSCAL(t *testing.T) {
	t.Parallel()
	out := render(t, "oscal", sample(), Options{Diff: diffOf})
	r := parseOSCAL(t, out)
	status := map[string]string{}
	for _, f := range r.Findings {
		status[f.Target.ID] = f.Target.Status.State + " " + f.Target.Status.Reason
		if len(f.Observations) == 0 {
			t.Errorf("%s has no observation", f.Title)
		}
	}
	for id, want := range map[string]string{
		"CAP-001": "not-satisfied fail", "CAP-010": "not-satisfied waived", "SUP-008": "not-satisfied unknown", "IMG-002": "satisfied pass",
		"cis-docker_5.4": "not-satisfied fail", "cis-docker_5.28": "satisfied pass", "cis-docker_5.31": "not-satisfied waived", "JNT-001": "", "cis-docker_5.12": "",
	} {
		if status[id] != want {
			t.Errorf("%s is %q, want %q", id, status[id], want)
		}
	}
	if n := len(r.Observations); n != 6 {
		t.Errorf("%d observations: a finding that is not applicable must not become one", n)
	}
	if s := r.Reviewed.Selections; len(s) != 2 || s[0].Exclude[0].ID != "JNT-001" || s[1].Exclude[0].ID != "cis-docker_5.12" {
		t.Errorf("selections %+v", s)
	}
	var waived, open oscalRisk
	for _, k := range r.Risks {
		if k.Status == "deviation-approved" {
			waived = k
		} else if strings.Contains(k.Title, "all capabilities") {
			open = k
		}
	}
	if waived.Deadline != "2026-12-01T23:59:59Z" || waived.Props[0].Value != "network team" {
		t.Errorf("waived %+v", waived)
	}
	if len(open.Remediations) != 1 || !strings.Contains(open.Remediations[0].Description, "```diff\n--- a/examples/insecure.yml") || open.Character[0].Facets[0].Value != "critical" {
		t.Errorf("open %+v", open)
	}
	// The identifiers of the same objects are the same in another report. The report
	// itself has a new identifier.
	d := sample()
	d.Findings[1].Message = "changed"
	other := render(t, "oscal", d, Options{})
	uuids := func(s string) []string {
		return regexp.MustCompile(`"uuid": "([^"]*)"`).FindAllString(s, -1)
	}
	a, b := uuids(out), uuids(other)
	if a[0] == b[0] || !slices.Equal(a[1:], b[1:]) {
		t.Error("identifiers do not follow from names")
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"CAP-001": "CAP-001", "5.4": "_5.4", "a b/c": "a_b_c", "": "_", "R64": "R64", "é\x1b": "é_"} {
		if got := token(in); got != want {
			t.Errorf("token(%q) = %q, want %q", in, got, want)
		}
	}
}

// The schema rejects documents that are not assessment results.
func TestOSCALSchemaRefuses(t *testing.T) {
	t.Parallel()
	good := render(t, "oscal", sample(), Options{})
	for _, change := range [][2]string{{`"import-ap"`, `"import"`}, {`"oscal-version": "1.1.3"`, `"oscal-version": 1`}, {`"last-modified": "`, `"last-modified": "x`}} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Fatalf("no %s", change[0])
		}
		v, err := validation.NewValidatorDesiredVersion([]byte(bad), oscalVersion)
		if err == nil {
			err = v.Validate()
		}
		if err == nil {
			t.Errorf("%s instead of %s is accepted", change[1], change[0])
		}
	}
}
