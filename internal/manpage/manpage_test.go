package manpage

import "testing"

func TestRoff(t *testing.T) {
	t.Parallel()
	const text = "a line\n\n  an example\n  .dot\n\n.a 'b' \\ --x\n"
	const want = "a line\n.PP\n.RS 4\n.nf\nan example\n\\&.dot\n.fi\n.RE\n.PP\n\\&.a 'b' \\e \\-\\-x\n"
	if got := paragraphs(text); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
