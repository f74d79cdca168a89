package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// LabelName is the image label that holds container keys, as JSON or YAML.
const LabelName = "org.mobyproject.config"

// ParseLabel reads the label of an image. It returns nil for a label without
// content. It is as strict as Load, because the author of an image is often not
// the builder of the system. pos is the place in os.yml that names the image.
// All values get that place and the layer "label". Errors are of the kind
// system.ErrUnusable and name the image.
func ParseLabel(image, text string, pos system.Position) (*Settings, error) {
	var errs []error
	report := func(path, what, next string) {
		where := fmt.Sprintf("image %s: label %s: ", image, LabelName)
		if path != "/" && path != "" {
			where += path + ": "
		}
		errs = append(errs, system.Unusable("%s%s", where, what).At(pos).Suggest("%s", next))
	}
	if len(text) > MaxLabelBytes {
		report("", fmt.Sprintf("larger than %d KiB", MaxLabelBytes>>10), "")
		return nil, errors.Join(errs...)
	}
	root, err := parseLabel(text)
	if err != nil {
		report("", err.Error(), "rebuild the image with a valid label, or use another image")
		return nil, errors.Join(errs...)
	}
	if root == nil {
		return nil, nil
	}
	origin := system.OriginAt(pos)
	origin.Layer = system.LayerLabel
	d := &decoder{
		origin: func(*yaml.Node) system.Origin { return origin },
		report: func(_ *yaml.Node, path, what, next string) { report(path, what, next) },
	}
	var s Settings
	d.into(root, &s)
	problems := settingsErrors(&s)
	for _, bad := range problems[:min(len(problems), maxErrors)] {
		report(bad.path, bad.what, bad.next)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return &s, nil
}

// parseLabel parses a label as LinuxKit does: as YAML, which includes JSON. It
// returns nil for a label without content.
func parseLabel(text string) (*yaml.Node, error) {
	root, err := parseJSON(text)
	if err != nil {
		var second int
		var yerr error
		switch root, second, yerr = parse([]byte(text)); {
		case errors.Is(yerr, io.EOF):
			return nil, nil
		case yerr != nil && strings.IndexAny(strings.TrimSpace(text), "{[") == 0:
			return nil, fmt.Errorf("not valid JSON: %w", err)
		case yerr != nil:
			line, what := syntaxError(yerr)
			return nil, fmt.Errorf("not valid YAML: line %d: %s", line, what)
		case second > 0:
			return nil, errors.New("more than one YAML document")
		}
	}
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, nil
	}
	return root, nil
}

// parseJSON parses JSON into YAML nodes, the form that the decoder reads.
func parseJSON(text string) (*yaml.Node, error) {
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	dec.UseNumber()
	n, err := jsonNode(dec, 0)
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one value")
	}
	return n, nil
}

func jsonNode(dec *json.Decoder, depth int) (*yaml.Node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested more than %d levels deep", maxDepth)
	}
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	scalar := func(tag, value string) (*yaml.Node, error) {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}, nil
	}
	switch t := token.(type) {
	case string:
		return scalar("!!str", t)
	case bool:
		return scalar("!!bool", fmt.Sprint(t))
	case json.Number:
		if strings.ContainsAny(t.String(), ".eE") {
			return scalar("!!float", t.String())
		}
		return scalar("!!int", t.String())
	case nil:
		return scalar("!!null", "null")
	}
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	if token == json.Delim('[') {
		n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
	}
	for dec.More() {
		// In a mapping keys and values alternate, as they do in a yaml.Node.
		child, err := jsonNode(dec, depth+1)
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, child)
	}
	_, err = dec.Token() // the closing bracket
	return n, err
}
