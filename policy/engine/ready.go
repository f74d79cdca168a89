package engine

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/compiled"
	"github.com/seaworthy-os/seaworthy/policy/folder"
	"github.com/seaworthy-os/seaworthy/policy/sandbox"
)

// load reads the modules of a set that are compiled already: of each one the rules
// that the set's own rules reach.
func (s *Set) load() error {
	s.wanted = s.built.links.reached(s.rules)
	var files []folder.File
	for name := range s.ready {
		if s.modules[name] == nil {
			files = append(files, folder.File{Name: name})
		}
	}
	modules, err := atOnce(files, func(f folder.File) (*ast.Module, error) {
		numbers := s.built.links.numbers[f.Name]
		return compiled.Decode(s.ready[f.Name].module, func(i int) bool { return i < numbers.count && s.wanted[numbers.first+i] })
	})
	if err != nil {
		return system.Unusable("the built-in rules cannot be read").Because(err).Report()
	}
	for i, f := range files {
		s.modules[f.Name] = modules[i]
	}
	for _, r := range s.rules {
		if r.module == nil {
			r.module = s.modules[r.from.Name]
		}
	}
	return nil
}

// present are the numbers of the rules that a module of the set has.
func (s *Set) present(numbers span) []int {
	var out []int
	for n := numbers.first; n < numbers.first+numbers.count; n++ {
		if s.ready == nil || s.wanted[n] {
			out = append(out, n)
		}
	}
	return out
}

// linksOf are those of the set's modules, which c has compiled.
func (s *Set) linksOf(c *ast.Compiler) *links {
	if s.ready != nil {
		return s.built.links
	}
	return linksOf(c)
}

// compileReady is compile for modules that the compiler has rewritten before: of
// all that it does, the indices are left. It would copy the modules, which are
// changed by nothing from here on.
func (s *Set) compileReady(own map[string]any) (*ast.Compiler, storage.Store, error) {
	if err := s.load(); err != nil {
		return nil, nil, err
	}
	c := ast.NewCompiler().WithCapabilities(sandbox.Capabilities()).WithSkipStages(allButIndices()...)
	c.ModuleTree = ast.NewModuleTree(s.modules)
	c.RuleTree = ast.NewRuleTree(c.ModuleTree)
	if c.Compile(nil); c.Failed() {
		return nil, nil, regoErrors(c.Errors)
	}
	c.Modules = s.modules
	return c, &documentStore{newStore(map[string]any{folder.Reserved: own}), &s.built.data}, nil
}

func allButIndices() []ast.StageID {
	return slices.DeleteFunc(ast.AllStages(), func(s ast.StageID) bool { return s == ast.StageBuildRuleIndices })
}
