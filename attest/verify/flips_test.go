package verify_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/verify"
)

// TestBitFlips flips one random bit after the other in a sealed folder: in one file,
// or in a file and all its hard links. Each changed folder is refused, and the reason
// names a file. `make test-bitflips` flips ten thousand bits.
func TestBitFlips(t *testing.T) {
	t.Parallel()
	flips := 400
	if text := os.Getenv("SEAWORTHY_BITFLIPS"); text != "" {
		var err error
		if flips, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	s := sealtest.Signer(t)
	dir := sealtest.New("demo").Seal(t, s)
	v := verifier(t, s)
	list := files(t, dir)
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	for range flips {
		path := list[random.IntN(len(list))]
		full := filepath.Join(dir, path)
		raw, err := os.ReadFile(full)
		if err != nil {
			t.Fatal(err)
		}
		at, bit := random.IntN(len(raw)), random.IntN(8)
		changed := slices.Clone(raw)
		changed[at] ^= 1 << bit
		alone := random.IntN(2) == 0
		write := func(content []byte) error {
			if alone {
				if err := os.WriteFile(full+".next", content, 0o644); err != nil {
					return err
				}
				return os.Rename(full+".next", full)
			}
			return os.WriteFile(full, content, 0o644) // in place, so in all hard links
		}
		if err := write(changed); err != nil {
			t.Fatal(err)
		}
		r, err := v.Dir(dir)
		if err == nil {
			r.Close()
			t.Fatalf("accepted with bit %d of byte %d of %s flipped (alone: %t, seed %d)", bit, at, path, alone, seed)
		}
		if !errors.Is(err, verify.ErrRefused) || !strings.Contains(err.Error(), ": ") {
			t.Errorf("bit %d of byte %d of %s: %v is not a refusal", bit, at, path, err)
		}
		if err := write(raw); err != nil {
			t.Fatal(err)
		}
	}
	r, err := v.Dir(dir)
	if err != nil {
		t.Fatalf("the restored folder is refused: %v", err)
	}
	r.Close()
}
