package recipe

import (
	"context"
	"errors"
	"path/filepath"
	"sync"

	"golang.org/x/sync/errgroup"
)

// BuildAll makes the images of several components, jobs of them at a time, and
// fetches apt's lists once. It calls done for each image, in the order of dirs. A
// component that cannot be built does not stop the others: all errors are joined.
func BuildAll(ctx context.Context, o Options, dirs []string, jobs int, done func(*Result)) error {
	if o.StateDir == "" {
		var err error
		if o.StateDir, err = defaultState(); err != nil {
			return err
		}
	}
	s := newSources(o)
	defer s.Close()
	var (
		g       errgroup.Group
		mu      sync.Mutex
		results = make([]*Result, len(dirs))
		errs    = make([]error, len(dirs))
		next    int
	)
	g.SetLimit(max(jobs, 1))
	for i, dir := range dirs {
		g.Go(func() error {
			one := o
			one.Dir = dir
			if o.Progress != nil {
				one.Progress = func(line string) {
					mu.Lock()
					defer mu.Unlock()
					o.Progress(filepath.Base(dir) + ": " + line)
				}
			}
			r, err := build(ctx, one, s.open)
			mu.Lock()
			defer mu.Unlock()
			results[i], errs[i] = r, err
			for ; next < len(dirs) && (results[next] != nil || errs[next] != nil); next++ {
				if results[next] != nil {
					done(results[next])
				}
			}
			return nil
		})
	}
	return errors.Join(g.Wait(), errors.Join(errs...))
}

// sources are apt's state folders for the builds of one run, by release. The lists
// are fetched once, and builds take turns.
type sources struct {
	state, arch string
	mu          sync.Mutex
	bySuite     map[string]*apt
	release     []func()
}

func newSources(o Options) *sources {
	return &sources{state: o.StateDir, arch: o.Arch, bySuite: map[string]*apt{}}
}

func (s *sources) open(ctx context.Context, rec *Recipe, progress func(string)) (packageSource, func(), error) {
	s.mu.Lock()
	suite := rec.Debian.Suite
	a := s.bySuite[suite]
	if a == nil {
		var release func()
		var err error
		if a, release, err = openApt(ctx, s.state, s.arch, suite, progress); err != nil {
			s.mu.Unlock()
			return nil, nil, err
		}
		s.bySuite[suite], s.release = a, append(s.release, release)
	}
	a.progress = progress
	return a, s.mu.Unlock, nil
}

// Close releases the state folders for other programs.
func (s *sources) Close() {
	for _, release := range s.release {
		release()
	}
}
