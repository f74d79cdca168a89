package spec_test

import (
	"fmt"

	"github.com/seaworthy-os/seaworthy/builder/spec"
)

func inMemory(text string) func(string) (*spec.Input, error) {
	return func(string) (*spec.Input, error) {
		return &spec.Input{Name: "os.yml", Data: []byte(text)}, nil
	}
}

// Each value knows its place in os.yml.
func ExampleLoadWith() {
	c, err := spec.LoadWith([]string{"-"}, inMemory(`kernel:
  image: linuxkit/kernel:6.6.71
services:
  - name: web
    image: nginx:1.27
    pid: host
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range c.Services {
		s := &c.Services[i]
		fmt.Println(s.Name.Get(), s.Image.Get(), s.Pid.Get(), s.Pid.Pos())
	}
	// Output: web nginx:1.27 host os.yml:6:10
}

// All mistakes are reported, each with its place.
func ExampleLoadWith_mistakes() {
	_, err := spec.LoadWith([]string{"-"}, inMemory("services:\n  - name: web\n    image: nginx:1.27\n    capabilites: [all]\n"))
	fmt.Println(err)
	// Output: os.yml:4:5: unknown key "capabilites"
}
