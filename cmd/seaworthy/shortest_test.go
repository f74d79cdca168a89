package main

import (
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// notOfLabel are the rules of hardened that a label cannot settle, with the reason.
var notOfLabel = map[string]string{
	"CAP-010": "os.yml names what a service adds to the baseline, and its owner waives it",
	"CAP-012": "a waiver names a capability for all programs of a service",
	"CAP-014": "os.yml repeats the capabilities that a label adds, so that a review sees them",
	"IMG-014": "probe runs as root, to reach sockets and files of other services",
	"JNT-004": "a login and the command line of the kernel are choices of the system",
	"NSP-002": "the system chooses the network",
	"NSP-006": "the system chooses the network",
	"RUN-005": "the system has the file that is mounted",
	"USR-010": "a login is a choice of the system",
	"USR-011": "a login is a choice of the system",
}

// TestShortestServices: a service that an os.yml uses in the shortest way (name, image,
// network) passes hardened. Its label has all permissions that it needs, and no others.
func TestShortestServices(t *testing.T) {
	t.Parallel()
	needAllComponents(t)
	s, sizes := newSystem(t), imageSizes(t)
	all := []*library{{name: "report", services: []string{"report"}}, {name: "probe", services: []string{"probe"}}}
	services := []map[string]string{{"name": "report", "image": "seaworthy/report:0.1"}, {"name": "probe", "image": "seaworthy/probe:0.1"}}
	for _, l := range readLibrary(t) {
		data, err := os.ReadFile(l.file)
		if err != nil {
			t.Fatal(err)
		}
		var system struct {
			Services []struct{ Name, Image, Net string }
		}
		if err := yaml.Unmarshal(data, &system); err != nil {
			t.Fatal(err)
		}
		l.services, l.onboot, l.onshutdown = nil, nil, nil
		for _, service := range system.Services {
			image, own := strings.CutPrefix(service.Image, "seaworthy/")
			if !own || !strings.HasPrefix(image, l.name+":") || sizes[image] == "" {
				continue // another component, or one that is not built
			}
			l.services = append(l.services, service.Name)
			services = append(services, map[string]string{"name": service.Name, "image": service.Image})
			if strings.HasPrefix(service.Net, "/") {
				services[len(services)-1]["net"] = service.Net
			}
		}
		all = append(all, l)
	}
	yml, err := yaml.Marshal(map[string]any{"services": services})
	if err != nil {
		t.Fatal(err)
	}
	s.write("shortest.yml", string(yml))
	s.write("base.yml", string(readFile(t, "../../testdata/components/base.yml")))
	files := []string{s.path("base.yml"), s.path("shortest.yml")}
	s.run(cli.ExitPass, "lock", files...)
	checked, seen := 0, map[string]bool{}
	for name, rules := range s.judged(all, "hardened", files, decision.StateFail, decision.StateUnknown) {
		checked++
		for _, rule := range rules {
			seen[rule] = true
			if notOfLabel[rule] == "" {
				t.Errorf("%s alone fails %s: its label in components/%s/component.yml should settle this", name, rule, name)
			}
		}
	}
	t.Logf("%d components, %d services", checked, len(services))
	if len(sizes) < 80 {
		return // not all are built
	}
	for rule := range notOfLabel {
		if !seen[rule] {
			t.Errorf("no component fails %s: remove it from the test", rule)
		}
	}
}

// The label of each service takes away what most services do not need. This test needs no
// images.
func TestComponentsConfined(t *testing.T) {
	t.Parallel()
	for _, l := range readLibrary(t) {
		if len(l.services) == 0 {
			continue
		}
		recipe := strings.Replace(l.file, "system.yml", "component.yml", 1)
		if !strings.Contains(string(readFile(t, recipe)), "\nconfine: ") {
			t.Errorf("%s has no confine: its label gives the service more than it needs", recipe)
		}
	}
}
