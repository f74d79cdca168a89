package files

import (
	"strings"
	"testing"
)

// The hashes were made with crypt(3) of libxcrypt.
func TestChecker(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hash string
		want string // "" if it is not computed
	}{
		"yescrypt":              {"$y$j9T$F5Jx5fExrKuPp53xLKQ..1$9TcQcNa7q56Wx8/uAoukbXzeSMClWYMKJrVuroz1XW4", "toor"},
		"SHA-512":               {"$6$saltstring$hWds/4XPpAsysnYn0XfmQdS0RAhsm9XE1N89qYKToFP8eDoThGKMikxoKDxILTPPHvGbJ1z4tJHPEpAWjqEeU.", "toor"},
		"SHA-512 with rounds":   {"$6$rounds=10000$saltstringsaltst$V8eEx1dJ2x98QkTvK99PuLcAIII1MZm4rGh7q7hI2yXEui.m8GN.Ee7X1HSCK16NdJ.9PmuGGnOGXeHpTQiE4.", "toor"},
		"SHA-256":               {"$5$abcdefgh$a38tmN4O0XgKEEXeJyaXKhhit0M5NLiy0CUE69vp4s/", "toor"},
		"MD5":                   {"$1$abcdefgh$pK0Bp1VYQIo78LEcSA7zK0", "toor"},
		"bcrypt":                {"$2b$10$abcdefghijklmnopqrstuuqcx8gUo32K.N/cv8Lj8VVCg.2gUzbAm", "toor"},
		"bcrypt of PHP":         {"$2y$05$abcdefghijklmnopqrstuuKK//tU9ZoWIT8FZ6GP.WCpXGP1XELcO", "toor"},
		"DES":                   {"abhKo2urtNdfg", ""},
		"scrypt":                {"$7$DU..../....salt$ORbnFvfQS7xd1f115bAkO6uSClwqZAte7u9pXJXbJO0", ""},
		"gost-yescrypt":         {"$gy$j9T$F5Jx5fExrKuPp53xLKQ..1$ozUqDa1O7E1UINzz45adEre7UFkeoICGahzKgn5Ril.", ""},
		"yescrypt, much memory": {"$y$jDT$F5Jx5fExrKuPp53xLKQ..1$Bsekb3n1N2eh94MLOM7GDQrHLKWtaaW96Pv3rPSVis5", ""},
		"SHA-512, many rounds":  {"$6$rounds=500000$saltstring$kt1RHRcjuaE7M7cmQEm6M.0mkD2CuS4JgSM98maHySN/IFj1U6sHtrr/Ok7nqRA3TzL5e6m.ixi7RWUhaegdd.", ""},
		"bcrypt at cost 31":     {"$2b$31$abcdefghijklmnopqrstuuqcx8gUo32K.N/cv8Lj8VVCg.2gUzbAm", ""},
		"without a salt":        {"$6$$hWds", ""},
		"without a hash":        {"$6$", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check, _ := checker(c.hash)
			if (check != nil) != (c.want != "") {
				t.Fatalf("computed: %v", check != nil)
			}
			if check != nil && (!check(c.want) || check(c.want+"1")) {
				t.Errorf("%q is not told from others", c.want)
			}
		})
	}
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	const (
		toor   = "$1$abcdefgh$pK0Bp1VYQIo78LEcSA7zK0"
		strong = "$6$saltstring$Y8eaDQtQaUJYyKBDRiAkNrGfZS4Bg/q92gcWkTK2gsXO4Nq6rksWq3rgfGS4THOS3.77aB/4r09srAq9dSfWI/"
	)
	empty, known, untried := passwords("guest::1::\nroot:x:0::\nold:"+toor+":1::\n",
		"root:"+toor+":19000:0:::::\nann:"+strong+":1\nlocked:!"+toor+":1\nbin:*:1\nnone:*LK*:1\ndes:abhKo2urtNdfg:1\naged:abhKo2urtNdfg,M.z8:1\nbig:abhKo2urtNdfgabhKo2urtNd:1\nshort:NP:1\n+nis::\n#c::\n")
	expect(t, "empty", empty, "guest")
	expect(t, "known", known, "old", "root")
	expect(t, "untried", untried, "aged", "big", "des")

	// The account's name is tried too. Hashes are tried as long as they cost
	// little.
	_, known, untried = try(10, "toor:"+toor+"\n"+strings.Repeat("x:"+strong+"\n", 2)+"late:"+toor+"\n")
	expect(t, "known", known, "toor")
	expect(t, "untried", untried, "late", "x")
}

func FuzzChecker(f *testing.F) {
	for _, s := range []string{"$6$rounds=1$a$b", "$y$j/.$aaaa$b", "$2b$04$abcdefghijklmnopqrstuu", "$1$a$b", "$5$rounds=$$"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, hash string) {
		if check, _ := checker(hash); check != nil {
			check("password")
		}
	})
}
