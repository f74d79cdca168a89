//go:build linux

package lldp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// Kinds of the parts of a frame (IEEE 802.1AB).
const (
	kindEnd         = 0
	kindChassis     = 1
	kindPort        = 2
	kindTTL         = 3
	kindPortText    = 4
	kindName        = 5
	kindDescription = 6
)

// Forms of the identifiers of chassis and port.
const (
	chassisMAC = 4
	portMAC    = 3
	portName   = 5
)

// neighbour is what another machine says about itself.
type neighbour struct {
	// Interface is ours, on which the neighbour is.
	Interface string `json:"interface"`
	Chassis   string `json:"chassis"`
	Port      string `json:"port"`
	// PortText, Name and Description are empty if the neighbour does not say them.
	PortText    string `json:"portDescription,omitempty"`
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`

	// ttl is how long this is true.
	ttl time.Duration
}

// frame makes a frame without its header of Ethernet.
func frame(mac net.HardwareAddr, port, name, description string, ttl time.Duration) []byte {
	var b []byte
	part := func(kind int, data ...byte) {
		data = data[:min(len(data), 255)]
		b = append(binary.BigEndian.AppendUint16(b, uint16(kind<<9|len(data))), data...)
	}
	part(kindChassis, append([]byte{chassisMAC}, mac...)...)
	part(kindPort, append([]byte{portName}, port...)...)
	part(kindTTL, binary.BigEndian.AppendUint16(nil, uint16(ttl/time.Second))...)
	if name != "" {
		part(kindName, []byte(name)...)
	}
	if description != "" {
		part(kindDescription, []byte(description)...)
	}
	part(kindEnd)
	return b
}

// parse reads a frame without its header. Any machine on the network can send one.
func parse(b []byte) (*neighbour, error) {
	n := &neighbour{}
	for i := 0; ; i++ {
		if len(b) < 2 {
			return nil, errors.New("the frame has no end")
		}
		head := int(binary.BigEndian.Uint16(b))
		kind, size := head>>9, head&0x1ff
		if len(b) < 2+size {
			return nil, errors.New("the frame is too short")
		}
		data := b[2 : 2+size]
		b = b[2+size:]
		// The first three parts must be these, and no others can be.
		if must := i + 1; i < 3 && kind != must || i >= 3 && kind >= kindChassis && kind <= kindTTL {
			return nil, fmt.Errorf("part %d of the frame is of kind %d", i+1, kind)
		}
		switch kind {
		case kindEnd:
			return n, nil
		case kindTTL:
			if size < 2 {
				return nil, errors.New("the frame does not say how long it is true")
			}
			n.ttl = time.Duration(binary.BigEndian.Uint16(data)) * time.Second
		case kindChassis, kindPort:
			if size < 2 {
				return nil, errors.New("an identifier is empty")
			}
			mac := byte(chassisMAC)
			if kind == kindPort {
				mac = portMAC
			}
			id := text(data[1:])
			if data[0] == mac && size == 7 {
				id = net.HardwareAddr(data[1:]).String()
			}
			if kind == kindPort {
				n.Port = id
			} else {
				n.Chassis = id
			}
		case kindPortText:
			n.PortText = text(data)
		case kindName:
			n.Name = text(data)
		case kindDescription:
			n.Description = text(data)
		}
	}
}

// text is what a neighbour says. Control characters, which a terminal would obey, become
// question marks.
func text(b []byte) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(string(b), "?"))
}
