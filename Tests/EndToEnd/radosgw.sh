#!/bin/bash
# A bucket server of Ceph's, for the tests of delivery: one monitor, one object store in memory, one gateway, all on
# loopback and below one directory. It checks signatures and digests, which moto does not.
#   radosgw.sh up DIR PORT     prints what the tests want in their environment     radosgw.sh down DIR
set -euo pipefail
command=$1 dir=$2 port=${3:-17481}
monitor=$((port + 1))

if [ "$command" = down ]; then
    for file in "$dir"/*.pid; do
        [ -e "$file" ] || continue
        pid=$(cat "$file")
        kill -9 "$pid" 2>/dev/null || true
        while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
    done
    rm -rf "$dir"
    exit 0
fi

mkdir -p "$dir/mon" "$dir/osd" "$dir/rgw"
export CEPH_CONF=$dir/ceph.conf
cat > "$CEPH_CONF" <<CONF
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon host = v2:127.0.0.1:$monitor
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
auth allow insecure global id reclaim = false
keyring = $dir/keyring
log file = $dir/\$name.log
admin socket = $dir/\$name.asok
pid file = $dir/\$name.pid
crash dir = $dir
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
[mon]
mon data = $dir/mon
mon data avail crit = 0
paxos propose interval = 0.05
[osd]
osd data = $dir/osd
osd objectstore = memstore
osd class dir = /usr/lib/$(uname -m)-linux-gnu/rados-classes
memstore device bytes = 4294967296
[client.rgw]
rgw data = $dir/rgw
rgw enable usage log = false
rgw frontends = beast endpoint=127.0.0.1:$port
CONF
ceph-authtool --create-keyring "$dir/keyring" --gen-key -n mon. --cap mon 'allow *' > /dev/null
for name in client.admin client.rgw osd.0; do
    ceph-authtool "$dir/keyring" --gen-key -n $name --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *' > /dev/null
done
monmaptool --create --fsid "$(awk '/^fsid/{print $3}' "$CEPH_CONF")" --addv a "[v2:127.0.0.1:$monitor]" \
    "$dir/monmap" > /dev/null
exec 3>&1 4>&2 > "$dir/up.log" 2>&1 < /dev/null
trap 'tail -20 "$dir/up.log" >&4' ERR
ceph-mon -i a --mkfs --monmap "$dir/monmap" --keyring "$dir/keyring"
ceph-mon -i a
uuid=$(cat /proc/sys/kernel/random/uuid)
timeout 60 ceph osd create "$uuid" 0
ceph-osd -i 0 --mkfs --osd-uuid "$uuid"
ceph-osd -i 0
timeout 60 radosgw -n client.rgw
for _ in $(seq 600); do curl -sf -o /dev/null "http://127.0.0.1:$port/" && break; sleep 0.1; done
timeout 60 radosgw-admin -n client.rgw user create --uid=test --display-name=Test --access-key=testkey \
    --secret=testsecret
echo "TEST_S3=http://127.0.0.1:$port TEST_S3_KEY=testkey TEST_S3_SECRET=testsecret" >&3
