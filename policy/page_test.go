package policy

import (
	"slices"
	"testing"
)

func TestPageOf(t *testing.T) {
	infos, err := Rules(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]*Page{}
	for i := range infos {
		if pages[infos[i].ID], err = PageOf(&infos[i]); err != nil {
			t.Fatal(err)
		}
	}
	if p := pages["CAP-010"]; len(p.Allowances) == 0 || p.Allowances[0].Reason == "" {
		t.Errorf("CAP-010: %+v", p)
	}
	for id, want := range map[string]PageRow{
		"KCF-001": {Name: "CONFIG_STRICT_KERNEL_RWX", Want: "y"},
		"CMD-002": {Name: "nokaslr", Want: "absent"},
		"SYS-001": {Name: "kernel.kptr_restrict", Want: "2"},
	} {
		if !slices.ContainsFunc(pages[id].Rows, func(r PageRow) bool {
			return r.Name == want.Name && r.Want == want.Want && len(r.Sources) > 0 && r.Why != ""
		}) {
			t.Errorf("%s: no row %+v in %+v", id, want, pages[id].Rows)
		}
	}
	if p := pages["NNP-001"]; len(p.Rows) != 0 {
		t.Errorf("NNP-001 has rows: %+v", p.Rows)
	}
}
