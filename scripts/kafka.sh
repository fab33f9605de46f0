#!/bin/sh
# One Apache Kafka node (KRaft) on loopback for tests, from Maven Central: no Docker, no installation.
# Needs Java >= 17 and Maven.
#
#   scripts/kafka.sh fetch   download the jars, once
#   scripts/kafka.sh up      start the node, wait until it is ready, print its address
#   scripts/kafka.sh down    stop it; its data stays
#   scripts/kafka.sh clean   stop it and delete its data
#
# KAFKA_VERSION (4.4.0), KAFKA_PORT (19092; the controller uses the next one), KAFKA_CACHE (.cache/kafka)
set -eu

version=${KAFKA_VERSION:-4.4.0}
port=${KAFKA_PORT:-19092}
cache=${KAFKA_CACHE:-$(cd "$(dirname "$0")/.." && pwd)/.cache/kafka}
jars=$cache/$version
node=$cache/node-$version-$port
plugin=org.apache.maven.plugins:maven-dependency-plugin:3.8.1

fail() { echo "kafka.sh: $*" >&2; exit 1; }

need() { command -v "$1" >/dev/null || fail "$1 is needed: $2"; }

# The command line is compared as well: after a reboot the number may be somebody else's.
running() {
  [ -s "$node/pid" ] && ps -ww -o command= -p "$(cat "$node/pid")" 2>/dev/null | grep -qF "$node/server.properties"
}

fetch() {
  [ -e "$jars/.complete" ] && return 0
  need mvn 'it downloads the jars of Kafka'
  rm -rf "$jars" && mkdir -p "$jars"
  # 4.4.0 names kafka-tools-api, which is not on Maven Central; only the console tools use it.
  cat >"$jars/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies><dependency>
    <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$version</version>
    <exclusions><exclusion><groupId>org.apache.kafka</groupId><artifactId>kafka-tools-api</artifactId></exclusion></exclusions>
  </dependency></dependencies>
</project>
POM
  mvn -B -q -f "$jars/pom.xml" "$plugin:copy-dependencies" -DincludeScope=runtime -DoutputDirectory="$jars" >&2 ||
    fail "Maven could not resolve Kafka $version"
  # What joins Kafka's logging to log4j is only in the release archive; here in the version of the log4j that came.
  log4j=$(basename "$(find "$jars" -name 'log4j-core-*.jar')" .jar)
  mvn -B -q "$plugin:copy" "-Dartifact=org.apache.logging.log4j:log4j-slf4j-impl:${log4j#log4j-core-}:jar" -DoutputDirectory="$jars" >&2 ||
    fail 'Maven could not resolve log4j-slf4j-impl'
  touch "$jars/.complete"
}

configure() {
  mkdir -p "$node"
  cat >"$node/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$((port + 1))
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))
advertised.listeners=PLAINTEXT://127.0.0.1:$port
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$node/data
auto.create.topics.enable=false
num.partitions=3
offsets.topic.replication.factor=1
offsets.topic.num.partitions=3
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=3
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
PROPERTIES
  cat >"$node/log4j2.xml" <<'XML'
<Configuration status="WARN">
  <Appenders><Console name="out"><PatternLayout pattern="[%d] %p %m (%c)%n"/></Console></Appenders>
  <Loggers><Root level="INFO"><AppenderRef ref="out"/></Root></Loggers>
</Configuration>
XML
}

# Small: it shares a machine with the tests.
java_node() {
  exec java -Xms192m -Xmx320m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:+ExitOnOutOfMemoryError \
    "-Dlog4j2.configurationFile=$node/log4j2.xml" -cp "$jars/*" "$@"
}

up() {
  need java 'Kafka runs on it, 17 or newer'
  fetch
  if ! running; then
    configure
    if [ ! -e "$node/data/meta.properties" ]; then
      (java_node kafka.tools.StorageTool format --cluster-id MkU3OEVBNTcwNTJENDM2Qk --config "$node/server.properties") >"$node/format.log" 2>&1 ||
        { tail -20 "$node/format.log" >&2; fail 'the data directory could not be formatted'; }
    fi
    : >"$node/server.log"
    (java_node kafka.Kafka "$node/server.properties") >"$node/server.log" 2>&1 </dev/null &
    echo $! >"$node/pid"
  fi
  seconds=0
  until grep -q 'Kafka Server started' "$node/server.log"; do
    seconds=$((seconds + 1))
    if ! kill -0 "$(cat "$node/pid")" 2>/dev/null || [ $seconds -gt 60 ]; then
      tail -40 "$node/server.log" >&2
      down
      fail 'the node did not become ready'
    fi
    sleep 1
  done
  echo "127.0.0.1:$port"
}

down() {
  if running; then
    kill "$(cat "$node/pid")"
    seconds=0
    while running; do
      seconds=$((seconds + 1))
      if [ $seconds -gt 30 ]; then kill -9 "$(cat "$node/pid")"; fi
      sleep 1
    done
  fi
  rm -f "$node/pid"
}

case "${1:-}" in
  fetch) fetch ;;
  up) up ;;
  down) down ;;
  clean) down; rm -rf "$node" ;;
  *) sed -n '2,/^set -eu/{/^set -eu/d;s/^# \{0,1\}//;p;}' "$0"; exit 2 ;;
esac
