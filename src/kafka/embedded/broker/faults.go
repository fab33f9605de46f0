//go:build js && wasm

package main

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// fault is one that was injected: kfake's own (*kfake.FaultHandle) or one of the wire.
type fault interface {
	Hits() int
	Remove()
}

// wireFault acts on requests before kfake sees them, or on answers before the client does.
type wireFault struct {
	keys      []kmsg.Key
	addresses []string // of the nodes concerned; none: all
	wait      time.Duration
	lose      bool
	left      int // requests still to be hit; below 0: until removed
	hits      int
}

func (f *wireFault) Hits() int { faults.mu.Lock(); defer faults.mu.Unlock(); return f.hits }
func (f *wireFault) Remove()   { faults.mu.Lock(); defer faults.mu.Unlock(); f.left = 0; faults.drop() }

type wireFaults struct {
	mu     sync.Mutex
	active []*wireFault
}

var faults wireFaults

func (w *wireFaults) add(f *wireFault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.active = append(w.active, f)
}

// drop forgets the faults that are used up. The caller holds mu.
func (w *wireFaults) drop() {
	w.active = slices.DeleteFunc(w.active, func(f *wireFault) bool { return f.left == 0 })
}

// hit uses up one request of the first fault that matches.
func (w *wireFaults) hit(lose bool, key kmsg.Key, c *conn) *wireFault {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.active {
		if f.lose == lose && slices.Contains(f.keys, key) &&
			(len(f.addresses) == 0 || slices.Contains(f.addresses, string(c.local))) {
			f.left = max(f.left-1, -1)
			f.hits++
			w.drop()
			return f
		}
	}
	return nil
}

// delay holds a request back. A client that gives up meanwhile does not take it back, as with a broker that hangs.
func (w *wireFaults) delay(key kmsg.Key, c *conn) {
	if f := w.hit(false, key, c); f != nil {
		time.Sleep(f.wait)
	}
}

// lose says whether the answer is to be lost: the broker did the work and the client never hears of it.
func (w *wireFaults) lose(key kmsg.Key, c *conn) bool { return w.hit(true, key, c) != nil }

func apiKeys(names []string) (keys []kmsg.Key, err error) {
	for _, name := range names {
		key := slices.IndexFunc(allKeys, func(k kmsg.Key) bool { return k.Name() == name })
		if key < 0 {
			return nil, fmt.Errorf("unknown API %q", name)
		}
		keys = append(keys, allKeys[key])
	}
	return keys, nil
}

var allKeys = func() (keys []kmsg.Key) {
	for k := int16(0); k <= kmsg.MaxKey; k++ {
		if kmsg.RequestForKey(k) != nil {
			keys = append(keys, kmsg.Key(k))
		}
	}
	return keys
}()

func kafkaError(name string) (*kerr.Error, error) {
	for code := int16(-1); code < 200; code++ {
		if e, ok := kerr.ErrorForCode(code).(*kerr.Error); ok && e.Message == name {
			return e, nil
		}
	}
	return nil, fmt.Errorf("unknown Kafka error %q", name)
}
