//go:build js && wasm

package main

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	maxRequest = 100 << 20 // as Kafka's socket.request.max.bytes
	minHeader  = 8         // key, version, correlation id
)

// request is what an answer has to be told apart by.
type request struct {
	key         kmsg.Key
	version     int16
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
	r.version = int16(binary.BigEndian.Uint16(c.buf[6:]))
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
// them, kfake only when it refuses one. Where nobody has to log in it is refused, as by Kafka.
func (r request) amend(p []byte) []byte {
	const header, withoutMechanisms = 8, 14
	if r.key != kmsg.SASLHandshake || len(p) != withoutMechanisms || binary.BigEndian.Uint16(p[header:]) != 0 {
		return p
	}
	handshake := kmsg.SASLHandshakeResponse{Version: 1, SupportedMechanisms: []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}}
	if !login {
		handshake.ErrorCode = kerr.IllegalSaslState.Code
	}
	return sized(handshake.AppendTo(slices.Clone(p[:header])))
}

// refusal is what Kafka says to credentials that are wrong, before it closes the connection; kfake only closes it. Nil when no
// login is under way. The caller holds mu.
func (c *conn) refusal() []byte {
	if len(c.requests) == 0 {
		return nil
	}
	r := c.requests[len(c.requests)-1]
	if r.key != kmsg.SASLAuthenticate || r.version > 1 { // from version 2 on the header is another one
		return nil
	}
	why := "Authentication failed: the user, the password or the mechanism is wrong"
	answer := kmsg.SASLAuthenticateResponse{Version: r.version, ErrorCode: kerr.SaslAuthenticationFailed.Code, ErrorMessage: &why}
	p := binary.BigEndian.AppendUint32(make([]byte, 4), uint32(r.correlation))
	return sized(answer.AppendTo(p))
}

// sized writes into the first bytes of an answer how long it is.
func sized(p []byte) []byte {
	binary.BigEndian.PutUint32(p, uint32(len(p)-4))
	return p
}
