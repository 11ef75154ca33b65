#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# From what "vmainfo export" wrote in a guest, where a process is near the limit, through
# node_exporter and Prometheus to the alerts and to the queries of the dashboard, on loopback.

. "$(dirname "$0")/lib.sh"
begin
needs prometheus promtool prometheus-node-exporter
contrib=$HERE/../contrib

# serve NAME COMMAND...: runs a server; $address is where it listens, on a port that it chose
serve()
{
	name=$1
	log=$TMP/$name.log
	shift
	: >"$log" # it is read before that process may have opened it
	"$@" >"$log" 2>&1 &
	server=$!
	TARGETS="$TARGETS $server"
	# Prometheus says first what it was told, and then what it got.
	until address=$(sed -n 's/.*"Listening on".* address=\(127\.0\.0\.1:[1-9][0-9]*\).*/\1/p' "$log") &&
		[ "$address" ]; do
		if ! kill -0 "$server" 2>/dev/null; then
			sed 's/^/# /' "$log"
			ktap_exit_fail_msg "$name does not listen"
		fi
		sleep 0.1
	done
}

units()
{
	# It wants what they start to be there, and knows the path of an installed program only.
	for unit in service timer; do
		sed "s,^ExecStart=/usr/bin/vmainfo ,ExecStart=$VMAINFO ," \
			"$contrib/vmainfo-export.$unit" >"$TMP/vmainfo-export.$unit" || return
	done
	systemd-analyze verify --man=no "$TMP/vmainfo-export.service" "$TMP/vmainfo-export.timer" \
		>"$TMP/units" 2>&1 || { cat "$TMP/units"; return 1; }
	cat "$TMP/units"
	# Of what it does not know it only warns. It looks at what is installed, too.
	! grep -F "$TMP/" "$TMP/units"
}

result "promtool check rules" promtool check rules "$contrib/vmainfo-alerts.yml"
result "promtool test rules" promtool test rules "$HERE/vmainfo-alerts.test.yml"
check dashboard "dashboard is well-formed"
if command -v systemd-analyze >/dev/null; then
	result "systemd-analyze verify" units
else
	skip "systemd-analyze verify" "it is not installed"
fi

mkdir "$TMP/textfile"
export METRICS_FILE="$TMP/textfile/vmainfo.prom"
# Written just now, as far as the alerts know
cp "$CAPTURES/vmainfo.prom" "$METRICS_FILE" || ktap_exit_fail_msg "no metrics of a guest"
check capture "export of a guest parsed"

serve node_exporter prometheus-node-exporter --web.listen-address=127.0.0.1:0 \
	--collector.disable-defaults --collector.textfile \
	--collector.textfile.directory="$TMP/textfile"
node=$address
# The same with the content type of OpenMetrics: then Prometheus takes its other parser.
serve openmetrics python3 "$HERE/metrics.py" serve "$TMP/textfile"
openmetrics=$address

# The rules with a shorter "for": the unit test above has it as it is.
sed 's/^\( *for:\) .*/\1 2s/' "$contrib/vmainfo-alerts.yml" >"$TMP/alerts.yml"
# job and instance are not unique where there are several clusters.
cat >"$TMP/prometheus.yml" <<EOF
global:
  scrape_interval: 1s
  evaluation_interval: 1s
rule_files: [alerts.yml]
scrape_configs:
  - job_name: node
    static_configs: [targets: ["$node"]]
  - job_name: openmetrics
    metrics_path: /vmainfo.prom
    static_configs: [targets: ["$openmetrics"]]
  - job_name: clusters
    static_configs:
      - {targets: ["$node"], labels: {cluster: eu}}
      - {targets: ["$node"], labels: {cluster: us}}
EOF
serve prometheus prometheus --config.file="$TMP/prometheus.yml" --storage.tsdb.path="$TMP/data" \
	--web.listen-address=127.0.0.1:0
export PROMETHEUS="$address"

check scrape "Prometheus scrapes the same values in both formats"
check alert "alert fires for that process"
check queries "dashboard queries return data"
finish
