package trace

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// reduce finds exactly the capabilities without which the service fails, whatever was
// seen before.
func TestReduce(t *testing.T) {
	t.Parallel()
	all := []string{"CAP_A", "CAP_B", "CAP_C", "CAP_D", "CAP_E", "CAP_F", "CAP_G"}
	for name, c := range map[string]struct {
		has, needed []string
		likely      map[string][]string
		runs        int // at most
	}{
		"nothing to remove":    {nil, nil, nil, 0},
		"none needed":          {all, nil, map[string][]string{"CAP_A": {"x"}}, 1},
		"the only one":         {[]string{"CAP_A"}, []string{"CAP_A"}, nil, 1},
		"those that were seen": {all, []string{"CAP_B", "CAP_E"}, map[string][]string{"CAP_B": {"x"}, "CAP_E": {"y"}, "CAP_F": {"z"}}, 5},
		"one that was not":     {all, []string{"CAP_C", "CAP_E"}, map[string][]string{"CAP_E": {"y"}}, 9},
		"all":                  {all, all, nil, 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runs := 0
			var lastGood []string
			got := reduce(c.has, c.likely, func(without []string) string {
				runs++
				for _, n := range c.needed {
					if slices.Contains(without, n) {
						return "it fails without " + n
					}
				}
				lastGood = without
				return ""
			})
			var needed, gone []string
			for _, r := range got {
				if !r.Needed {
					gone = append(gone, r.Name)
					continue
				}
				needed = append(needed, r.Name)
				if !strings.Contains(r.Without, "it fails without") {
					t.Errorf("%s has no reason: %+v", r.Name, r)
				}
			}
			if !reflect.DeepEqual(needed, c.needed) || len(got) != len(c.has) {
				t.Errorf("needed are %v of %d, want %v of %d", needed, len(got), c.needed, len(c.has))
			}
			// What is left was run as a whole, not only each part of it.
			if slices.Sort(lastGood); !slices.Equal(lastGood, gone) {
				t.Errorf("the last run that worked was without %v, but %v is removed", lastGood, gone)
			}
			if runs > c.runs {
				t.Errorf("%d runs, want at most %d", runs, c.runs)
			}
		})
	}
}

// A service that is slow because the machine has become slower gets another try. A
// service that hangs does not.
func TestSlow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		// normal is the time of a run that works.
		normal time.Duration
		hangs  bool
		want   string
		runs   int
	}{
		"busy machine": {5 * time.Minute, false, "", 3},
		"hangs":        {time.Second, true, "too slow", 2},
		"both":         {5 * time.Minute, true, "too slow", 4},
	} {
		runs := 0
		w := &weakened{patience: time.Minute, longest: time.Hour, once: func(without []string, patience time.Duration) attempt {
			runs++
			if c.hangs && len(without) > 0 || c.normal > patience {
				return attempt{failed: "too slow", slow: true}
			}
			return attempt{took: c.normal}
		}}
		if got := w.works([]string{"CAP_CHOWN"}); got != c.want || runs != c.runs || w.broken != nil {
			t.Errorf("%s: %q after %d runs, %v; want %q after %d", name, got, runs, w.broken, c.want, c.runs)
		}
	}
}
