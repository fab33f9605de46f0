//go:build js && wasm

package main

import (
	"encoding/json"
	"fmt"
	"syscall/js"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// control runs the operations that the TypeScript side asks for.
type control struct {
	cluster *kfake.Cluster
	faults  []fault // by the id that the TypeScript side knows them by
	closed  bool
	stopped chan struct{} // closed when the caller of "stop" has its answer
}

func newControl(cluster *kfake.Cluster) *control {
	return &control{cluster: cluster, stopped: make(chan struct{})}
}

// operation is a call from TypeScript: Op says which, the rest are its arguments.
type operation struct {
	Op         string
	Keys       []string // names of APIs: "Produce", "Fetch", ...
	Nodes      []int32
	Addresses  []string // of those nodes
	Topic      string
	Partitions []int32
	Group      string
	Error      string // Kafka's name, e.g. NOT_LEADER_FOR_PARTITION
	Count      int
	Ms         int
	Fault      int
	Partition  int32
	Node       int32
	Port       int
}

// call is what JavaScript sees: call(json, reply).
func (s *control) call(_ js.Value, args []js.Value) any {
	text, reply := args[0].String(), args[1]
	go func() { // a callback must not block: that would stop the event loop
		result, err := s.run([]byte(text))
		if err != nil {
			reply.Invoke(err.Error())
			return
		}
		encoded, err := json.Marshal(result)
		if err != nil {
			reply.Invoke(err.Error())
			return
		}
		reply.Invoke(js.Null(), string(encoded))
		if s.closed {
			close(s.stopped)
		}
	}()
	return nil
}

func (s *control) run(text []byte) (any, error) {
	var o operation
	if err := json.Unmarshal(text, &o); err != nil {
		return nil, err
	}
	switch c := s.cluster; o.Op {
	case "stop":
		c.Close()
		s.closed = true
		return nil, nil
	case "fail":
		return s.fail(o)
	case "delay", "loseAnswers":
		return s.wireFault(o)
	case "hits", "remove":
		return s.injected(o)
	case "leader":
		return c.LeaderFor(o.Topic, o.Partition), nil
	case "moveLeader":
		return nil, c.MoveTopicPartition(o.Topic, o.Partition, o.Node)
	case "coordinator":
		return c.CoordinatorFor(o.Group), nil
	case "moveCoordinators":
		c.RehashCoordinators()
		return nil, nil
	case "addNode":
		node, port, err := c.AddNode(-1, o.Port)
		return map[string]any{"node": node, "port": port}, err
	case "removeNode":
		return nil, c.RemoveNode(o.Node)
	case "sweep":
		s.sweep()
		return nil, nil
	case "crash":
		panic("crash was asked for")
	}
	return nil, fmt.Errorf("unknown operation %q", o.Op)
}

func (s *control) fail(o operation) (any, error) {
	keys, err := apiKeys(o.Keys)
	if err != nil {
		return nil, err
	}
	e, err := kafkaError(o.Error)
	if err != nil {
		return nil, err
	}
	return s.inject(s.cluster.Fault(kfake.Fault{
		Keys: keys, Nodes: o.Nodes, Topic: o.Topic, Partitions: o.Partitions, Group: o.Group, Err: e, Count: o.Count,
	})), nil
}

func (s *control) wireFault(o operation) (any, error) {
	keys, err := apiKeys(o.Keys)
	if err != nil {
		return nil, err
	}
	f := &wireFault{
		keys: keys, addresses: o.Addresses, left: o.Count,
		wait: time.Duration(o.Ms) * time.Millisecond, lose: o.Op == "loseAnswers",
	}
	faults.add(f)
	return s.inject(f), nil
}

func (s *control) inject(f fault) int {
	s.faults = append(s.faults, f)
	return len(s.faults) - 1
}

func (s *control) injected(o operation) (any, error) {
	if o.Fault < 0 || o.Fault >= len(s.faults) {
		return nil, fmt.Errorf("unknown fault %d", o.Fault)
	}
	f := s.faults[o.Fault]
	if o.Op == "remove" {
		f.Remove()
	}
	return f.Hits(), nil
}

func (s *control) sweep() {
	s.cluster.ApplyRetention()
	s.cluster.Compact()
}
