package words

import "testing"

func TestCut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{{"abc", 3, "abc"}, {"abcd", 3, "abc…"}, {"äöü", 3, "äöü"}, {"äöüx", 3, "äöü…"}, {"a\xffb", 5, "a\uFFFDb"}, {"", 0, ""}} {
		if got := Cut(c.in, c.n); got != c.want {
			t.Errorf("Cut(%q, %d) is %q, want %q", c.in, c.n, got, c.want)
		}
	}
	if got := Count(1, "file", "files") + " " + Count(int64(2), "file", "files") + " " + List([]string{"a", "b"}); got != "1 file 2 files a, b" {
		t.Error(got)
	}
}
