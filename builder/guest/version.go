package guest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// crunVersion is a version of the OCI runtime spec that every crun accepts.
// crun before 1.9, as in Debian 12, does not accept a config.json with a later
// version. Later versions only add keys, and crun ignores unknown keys.
const crunVersion = "1.0.2"

// needsVersion reports whether crun may not accept a config.json of this
// version.
func needsVersion(version string) bool { return !strings.HasPrefix(version, "1.0.") }

// withVersion returns a config.json with another ociVersion. All other bytes
// stay the same.
func withVersion(config []byte, version string) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(config))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("config.json: not a JSON object")
	}
	from, to := int64(-1), int64(-1)
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, fmt.Errorf("config.json: %w", err)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, fmt.Errorf("config.json: %w", err)
		}
		if key != "ociVersion" {
			continue
		}
		if from >= 0 {
			return nil, errors.New("config.json: duplicate key ociVersion")
		}
		to = dec.InputOffset()
		from = to - int64(len(value))
	}
	if _, err := dec.Token(); err != nil {
		return nil, fmt.Errorf("config.json: %w", err)
	}
	if from < 0 {
		return nil, errors.New("config.json: ociVersion is missing")
	}
	out := append([]byte(nil), config[:from]...)
	out = strconv.AppendQuote(out, version)
	return append(out, config[to:]...), nil
}
