package sandbox

import (
	"slices"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
)

// allowed are the builtins that rules may call. Each gives the same answer for
// the same arguments on every machine, touches nothing outside its arguments,
// and cannot make a small argument into a huge result in one uninterruptible
// call. Left out on purpose, beside network, clock and environment:
// bits.lsh and net.cidr_expand (huge results), json.match_schema (may fetch),
// yaml.unmarshal (alias bombs), time functions that load zone files.
var allowed = []string{
	// operators
	"and", "assign", "div", "eq", "equal", "gt", "gte", "internal.member_2", "internal.member_3",
	"internal.template_string", "lt", "lte", "minus", "mul", "neq", "or", "plus", "rem",
	// numbers
	"abs", "bits.and", "bits.negate", "bits.or", "bits.rsh", "bits.xor", "ceil", "floor",
	"format_int", "numbers.range", "numbers.range_step", "round", "to_number",
	// collections
	"array.concat", "array.flatten", "array.reverse", "array.slice", "count", "graph.reachable",
	"intersection", "json.filter", "json.patch", "json.remove", "max", "min", "object.filter",
	"object.get", "object.keys", "object.remove", "object.subset", "object.union", "object.union_n",
	"product", "sort", "sum", "union", "walk",
	// types
	"is_array", "is_boolean", "is_null", "is_number", "is_object", "is_set", "is_string", "type_name",
	// texts
	"concat", "contains", "endswith", "indexof", "indexof_n", "lower", "replace", "split", "sprintf",
	"startswith", "strings.any_prefix_match", "strings.any_suffix_match", "strings.count",
	"strings.replace_n", "strings.reverse", "strings.split_n", "substring", "trim", "trim_left",
	"trim_prefix", "trim_right", "trim_space", "trim_suffix", "upper",
	"glob.match", "glob.quote_meta",
	"regex.find_all_string_submatch_n", "regex.find_n", "regex.is_valid", "regex.match",
	"regex.replace", "regex.split",
	// encodings
	"base64.decode", "base64.encode", "base64.is_valid", "base64url.decode", "base64url.encode",
	"crypto.sha256", "hex.decode", "hex.encode", "json.is_valid", "json.marshal", "json.unmarshal",
	"uri.is_valid", "uri.parse", "urlquery.decode", "urlquery.encode",
	// networks, versions and dates, as texts
	"net.cidr_contains", "net.cidr_intersects", "net.cidr_is_valid", "net.cidr_overlap",
	"semver.compare", "semver.is_valid", "time.add_date", "time.parse_duration_ns",
	"time.parse_rfc3339_ns",
	// annotations; print is erased by the compiler
	"print", "rego.metadata.chain", "rego.metadata.rule",
}

// testOnly are builtins that the compiler itself puts into tests.
var testOnly = []string{"internal.test_case"}

// Builtins returns the names of the builtins that rules may call.
func Builtins() []string { return slices.Clone(allowed) }

// Capabilities returns what a rule may use: Rego v1, the allowed builtins, no host.
// The value is shared: do not change it.
var Capabilities = sync.OnceValue(func() *ast.Capabilities { return capabilitiesOf(allowed) })

// TestCapabilities returns Capabilities for tests of rules.
func TestCapabilities() *ast.Capabilities { return capabilitiesOf(slices.Concat(allowed, testOnly)) }

func capabilitiesOf(names []string) *ast.Capabilities {
	all := ast.CapabilitiesForThisVersion()
	c := &ast.Capabilities{
		FutureKeywords: all.FutureKeywords,
		Features:       all.Features,
		AllowNet:       []string{},
	}
	for _, b := range all.Builtins {
		if slices.Contains(names, b.Name) && !b.Nondeterministic {
			c.Builtins = append(c.Builtins, b)
		}
	}
	return c
}
