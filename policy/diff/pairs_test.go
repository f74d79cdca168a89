package diff

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// A rename is not weaker, and it does not hide a weaker setting.
func TestRenamed(t *testing.T) {
	t.Parallel()
	fails := decision.Finding{ID: "NNP-001", Resource: "component:services/web", Key: "k", State: decision.StateFail, Severity: decision.Medium, Message: "m"}
	there := fails
	there.Resource = "component:services/www"
	waiver := func(s Side, resource string) Side {
		s.Decision.Waivers = []decision.Waiver{{Rule: "NNP-001", Resource: resource, Owner: "ops", Reason: "why", Expires: "2027-01-31"}}
		return s
	}
	// The runtime part contains the path of the container's folder, which has the
	// container's name.
	runtime := func(f *facts.Facts, name string) *facts.Facts {
		f.Components[0].Runtime = fmt.Appendf(nil, `{"mounts": [{"source": "/containers/services/%s/rootfs", "destination": "/containers/services/%[1]s/rootfs"}]}`, name)
		return f
	}
	base := func() *facts.Facts { return runtime(base(), "web") }
	called := func(replace ...string) *facts.Facts {
		f := runtime(changed(nil, replace...), "www")
		f.Components[0].ID, f.Components[0].Name = "services/www", "www"
		return f
	}
	const renamed = "changed components component:services/www: was called services/web"
	r := Compare(waiver(side(base(), fails), fails.Resource), waiver(side(called(), there), there.Resource))
	if got := lines(r); got != renamed {
		t.Errorf("%s", got)
	}
	r = Compare(side(base(), fails), side(called(`"noNewPrivileges": true, `, ``), there))
	if got := lines(r); got != "weaker privileges component:services/www: is no longer confined by noNewPrivileges\n"+renamed {
		t.Errorf("%s", got)
	}
	// A component with another image or in another section is a different component.
	for name, change := range map[string]func(*facts.Component){
		"image":   func(c *facts.Component) { c.Image.Repository = "library/other" },
		"section": func(c *facts.Component) { c.ID, c.Section = "onboot/www", "onboot" },
	} {
		other := called()
		change(&other.Components[0])
		if got := lines(Compare(side(base()), side(other))); strings.Contains(got, "was called") || !strings.Contains(got, "may now have CAP_CHOWN") {
			t.Errorf("%s: %s", name, got)
		}
	}
	// Two components with one image cannot be distinguished.
	two := called()
	two.Components = append(two.Components, two.Components[0])
	two.Components[1].ID = "services/wwx"
	if got := lines(Compare(side(base()), side(two))); strings.Contains(got, "was called") {
		t.Errorf("%s", got)
	}
}

// The ids of init images are positions. One image added in front is one change, not a
// change of every following image.
func TestInitPositions(t *testing.T) {
	t.Parallel()
	list := func(repositories ...string) *facts.Facts {
		f := base()
		f.Components = nil
		for i, r := range repositories {
			f.Components = append(f.Components, facts.Component{ID: fmt.Sprintf("init/%03d", i), Section: "init",
				Image: facts.Image{Name: r, Repository: r, Digest: "sha256:" + r}})
		}
		return f
	}
	finding := func(id string) decision.Finding {
		return decision.Finding{ID: "IMG-001", Resource: "component:" + id, Key: "k", State: decision.StateFail, Message: id}
	}
	r := Compare(side(list("a", "b"), finding("init/001")), side(list("x", "a", "b"), finding("init/002")))
	want := `changed components component:init/000: is new
changed components component:init/001: was called init/000
changed components component:init/002: was called init/001`
	if got := lines(r); got != want {
		t.Errorf("%s", got)
	}
	// The findings of the removed image are removed with it.
	r = Compare(side(list("a", "b"), finding("init/000")), side(list("b"), finding("init/000")))
	want = `weaker rules component:init/000: IMG-001 now fails: init/000
stronger rules component:init/000: IMG-001 no longer fails: init/000
changed components component:init/000: was called init/001
changed components component:init/000: was removed`
	if got := lines(r); got != want {
		t.Errorf("%s", got)
	}
	if got := lines(Compare(side(list("a")), side(list("b")))); got != "changed components component:init/000: has another image" {
		t.Errorf("%s", got)
	}
}

// A finding about the system itself is the same after the system is renamed.
func TestSystemNames(t *testing.T) {
	t.Parallel()
	finding := func(name string) decision.Finding {
		return decision.Finding{ID: "TIM-001", Resource: "image:" + name, Key: "k", State: decision.StateFail, Message: "m"}
	}
	main := changed(func(f *facts.Facts) { f.Name = "main" })
	if r := Compare(side(main, finding("main")), side(base(), finding("os"))); len(r.Changes) != 0 {
		t.Errorf("%s", lines(r))
	}
}

// A rule fails on both sides with different severities.
func TestSeverities(t *testing.T) {
	t.Parallel()
	finding := func(s decision.Severity) decision.Finding {
		return decision.Finding{ID: "JNT-002", Resource: "component:services/web", Key: "k", State: decision.StateFail, Severity: s, Message: "m"}
	}
	low, high := side(base(), finding(decision.Low)), side(base(), finding(decision.High))
	if got := lines(Compare(low, high)); got != "weaker rules component:services/web: JNT-002 is now high, was low: m" {
		t.Errorf("%s", got)
	}
	if got := lines(Compare(high, low)); got != "stronger rules component:services/web: JNT-002 is now low, was high: m" {
		t.Errorf("%s", got)
	}
}
