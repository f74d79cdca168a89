package pipeline

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/image/secureboot"
	"github.com/seaworthy-os/seaworthy/builder/image/uki"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// measurements is the document measurements.json: what a TPM of a machine that
// starts the UKI of the image will have, in its SHA-256 bank.
type measurements struct {
	SchemaVersion int `json:"schemaVersion"`
	// Authenticode is the digest of the UKI that firmware compares with db and dbx.
	Authenticode string        `json:"authenticode"`
	Sections     []uki.Section `json:"sections"`
	Registers    []register    `json:"registers"`
	// Unpredicted are registers without a prediction, and why.
	Unpredicted []unpredicted `json:"unpredicted"`
}

type register struct {
	PCR   int    `json:"pcr"`
	Value string `json:"value"`
	// Firmware: the value also depends on the firmware: it is for firmware that
	// follows the TCG's profile, and measures nothing else into the register.
	Firmware bool    `json:"firmware"`
	Events   []event `json:"events"`
}

type event struct {
	What   string `json:"what"`
	Digest string `json:"digest"`
}

type unpredicted struct {
	PCR int    `json:"pcr"`
	Why string `json:"why"`
}

// annotations are the values of the registers for the provenance.
func (m *measurements) annotations() map[string]string {
	out := map[string]string{}
	for _, r := range m.Registers {
		out[statement.Registers[r.PCR]] = r.Value
	}
	return out
}

func (m *measurements) add(r uki.Register, firmware bool, err error) {
	var e *system.Error
	if err != nil {
		why := err.Error()
		if errors.As(err, &e) {
			why = e.What
		}
		m.Unpredicted = append(m.Unpredicted, unpredicted{r.PCR, why})
		return
	}
	value := r.Value()
	out := register{PCR: r.PCR, Value: hex.EncodeToString(value[:]), Firmware: firmware, Events: []event{}}
	for _, e := range r.Events {
		out.Events = append(out.Events, event{e.What, hex.EncodeToString(e.Digest[:])})
	}
	m.Registers = append(m.Registers, out)
}

// measure predicts the registers for a UKI. PCR 7 also needs signer and enrolled.
func measure(program io.ReaderAt, size int64, signer uki.Signer, enrolled []secureboot.Variable) (*measurements, error) {
	info, err := uki.Read(program, size)
	if err != nil {
		return nil, err
	}
	digest, err := uki.Digest(program, size)
	if err != nil {
		return nil, err
	}
	m := &measurements{SchemaVersion: 1, Authenticode: digests.FromHex(hex.EncodeToString(digest[:])), Sections: info.Sections, Registers: []register{}, Unpredicted: []unpredicted{}}
	m.add(uki.PCR4(digest), true, nil)
	if signer != nil && enrolled != nil {
		r, err := secureboot.PCR7(enrolled, signer.Certificate())
		m.add(r, true, err)
	} else {
		m.Unpredicted = append(m.Unpredicted, unpredicted{7, "the build was not told which keys are enrolled in the firmware"})
	}
	r, err := info.PCR9()
	m.add(r, false, err)
	r, err = info.PCR11()
	m.add(r, false, err)
	return m, nil
}

// measurements writes measurements.json for the UKI of the image, and returns the
// values of the registers for the provenance. All UKIs of a build are equal, because
// its formats have one command line. Without a UKI it does nothing.
func (o *output) measurements(b *Built, how BuildOptions) (map[string]string, error) {
	for _, name := range b.Images {
		format, ok := ukiFormat(b.OS.Name, name)
		if !ok {
			continue
		}
		file, err := os.Open(filepath.Join(o.dir, name))
		if err != nil {
			return nil, err
		}
		defer file.Close()
		info, err := file.Stat()
		if err != nil {
			return nil, err
		}
		program, err := format.OpenUKI(file, info.Size(), b.OS.Arch)
		if err != nil {
			return nil, err
		}
		m, err := measure(program, program.Size(), how.SecureBoot, how.Enrolled)
		if err != nil {
			return nil, err
		}
		raw, err := json.MarshalIndent(m, "", "  ")
		if err != nil {
			return nil, err
		}
		return m.annotations(), o.write(statement.MeasurementsFile, append(raw, '\n'))
	}
	return nil, nil
}

// enrolled names the enrolled variables for the provenance.
func (o BuildOptions) enrolled() []attest.Tool {
	var out []attest.Tool
	for _, v := range o.Enrolled {
		out = append(out, attest.Tool{Name: v.Name, Digest: digests.Of(v.Data)})
	}
	return out
}
