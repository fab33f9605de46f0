//go:build js && wasm

package main

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	maxRequest = 100 << 20 // as Kafka's socket.request.max.bytes
	minHeader  = 8         // key, version, correlation id
)

// request is what an answer has to be told apart by.
type request struct {
	key         kmsg.Key
	correlation int32
}

// nextRequest waits until the next request is there as a whole. kfake allocates whatever size a peer claims and panics
// on a key it does not know, and a panic ends the broker: so it sees only requests that were sent to the last byte and
// whose key exists. The caller holds mu.
func (c *conn) nextRequest() (r request, size int, err error) {
	if err := c.fill(4 + minHeader); err != nil {
		return r, 0, err
	}
	claimed := binary.BigEndian.Uint32(c.buf)
	r.key = kmsg.Key(int16(binary.BigEndian.Uint16(c.buf[4:])))
	r.correlation = int32(binary.BigEndian.Uint32(c.buf[8:]))
	if claimed < minHeader || claimed > maxRequest || kmsg.RequestForKey(int16(r.key)) == nil {
		return r, 0, fmt.Errorf("not a Kafka request: size %d, key %d", claimed, r.key)
	}
	size = 4 + int(claimed)
	return r, size, c.fill(size)
}

// answered finds the request that p answers. Answers come in the order of their requests, but a Produce with acks=0 has
// none. The caller holds mu.
func (c *conn) answered(p []byte) (request, bool) {
	correlation := int32(binary.BigEndian.Uint32(p[4:]))
	i := slices.IndexFunc(c.requests, func(r request) bool { return r.correlation == correlation })
	if i < 0 {
		return request{}, false
	}
	r := c.requests[i]
	c.requests = c.requests[i+1:]
	return r, true
}

// amend adds to the answer to SaslHandshake the mechanisms, without which kafkajs does not log in: Kafka always lists
// them, kfake only when it refuses one.
func (r request) amend(p []byte) []byte {
	const header, withoutMechanisms = 8, 14
	if r.key != kmsg.SASLHandshake || len(p) != withoutMechanisms || binary.BigEndian.Uint16(p[header:]) != 0 {
		return p
	}
	handshake := kmsg.SASLHandshakeResponse{Version: 1, SupportedMechanisms: []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}}
	p = handshake.AppendTo(slices.Clone(p[:header]))
	binary.BigEndian.PutUint32(p, uint32(len(p)-4))
	return p
}
