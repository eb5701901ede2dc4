#!/usr/bin/env bash
# SGLang, server and router: deployment 1 of "DeepSeek-V3 on one NVL72"
# model: DeepSeek-V3 (also R1), 671B MoE with MLA and one MTP module
# prefill: 8 x PP8, fp8/fp8/fp8 (weights/activations/KV); 2 nodes each (4 GPUs a node); nodes 0 to
# 15
# decode: 1 x DP8 EP8, fp8/fp8/fp8 (weights/activations/KV); 2 nodes each (4 GPUs a node); nodes
# 16 to 17
# planned for 79.7 requests/s, 27304 output tokens/s in all
# arguments as sgl-project/sglang has them, main of 2026, arguments declared as dataclass fields:
# commit 001067fffe33427bee0ed2f007fb7551a1d76b44
#
# cannot be expressed: nothing; the plan is complete
#
# usage: HOSTS="host0 host1 ..." bash SCRIPT NODE, on each of the nodes 0 to 17;
#        HOSTS="..." bash SCRIPT router, once

set -euo pipefail
checkpoint='deepseek-ai/DeepSeek-V3'
MODEL=${MODEL:-$checkpoint}
read -r -a HOSTS <<< "${HOSTS:-$(printf 'node%d ' {0..17})}"
NODE=${1:?number of this node, 0 to 17, or router}

prefill() {
  local rank=$1 slot=$2 head=$3
  python3 -m sglang.launch_server \
    --model-path "$MODEL" \
    --host 0.0.0.0 \
    --port $((30100 + slot)) \
    --tp-size 1 \
    --pp-size 8 \
    --nnodes 2 \
    --node-rank "$rank" \
    --dist-init-addr "$head:$((20000 + 100 * slot))" \
    --base-gpu-id $((slot * 4)) \
    --kv-cache-dtype fp8_e4m3 \
    --context-length 128195 \
    --page-size 64 \
    --mem-fraction-static 0.849 \
    --chunked-prefill-size 16384 \
    --max-prefill-tokens 16384 \
    --disaggregation-mode prefill \
    --disaggregation-transfer-backend nixl \
    --disaggregation-bootstrap-port $((8998 + slot))
}

decode() {
  local rank=$1 slot=$2 head=$3
  python3 -m sglang.launch_server \
    --model-path "$MODEL" \
    --host 0.0.0.0 \
    --port $((30200 + slot)) \
    --tp-size 8 \
    --dp-size 8 \
    --enable-dp-attention \
    --ep-size 8 \
    --moe-a2a-backend deepep \
    --deepep-mode low_latency \
    --nnodes 2 \
    --node-rank "$rank" \
    --dist-init-addr "$head:$((20000 + 100 * slot))" \
    --base-gpu-id $((slot * 4)) \
    --kv-cache-dtype fp8_e4m3 \
    --context-length 128195 \
    --page-size 64 \
    --mem-fraction-static 0.875 \
    --max-running-requests 1040 \
    --speculative-algorithm NEXTN \
    --speculative-num-steps 1 \
    --speculative-eagle-topk 1 \
    --speculative-num-draft-tokens 2 \
    --disaggregation-mode decode \
    --disaggregation-transfer-backend nixl
}

router() {
  local urls=() host port i
  i=0
  for host in $(hosts 0 2 1 8 0); do
    port=$((30100 + i % 1))
    urls+=(--prefill "http://$host:$port" $((8998 + i % 1)))
    i=$((i + 1))
  done
  i=0
  for host in $(hosts 16 2 1 1 0); do
    port=$((30200 + i % 1))
    urls+=(--decode "http://$host:$port")
    i=$((i + 1))
  done
  python3 -m sglang_router.launch_router \
    --host 0.0.0.0 \
    --port 8000 \
    --policy cache_aware \
    --pd-disaggregation \
    "${urls[@]}"
}

# Starts what this node has of one pool: function, first node, nodes an instance, slots a node,
# replicas, slots taken before. The function gets the node's place in the instance, the slot and the
# host of the instance's first node.
place() {
  local n=$((NODE - $2)) slot replica
  for ((slot = 0; slot < $4; slot++)); do
    replica=$((n / $3 * $4 + slot - $6))
    if [ "$replica" -ge 0 ] && [ "$replica" -lt "$5" ]; then
      "$1" $((n % $3)) "$slot" "${HOSTS[$2 + n / $3 * $3]}" &
    fi
  done
}

# Hosts of the replicas of a pool: first node, nodes an instance, slots a node, replicas, slots
# taken before.
hosts() {
  local r
  for ((r = $5; r < $4 + $5; r++)); do echo "${HOSTS[$1 + r / $3 * $2]}"; done
}

# Their ports: base port, slots a node, replicas, slots taken before.
ports() {
  local r
  for ((r = $4; r < $3 + $4; r++)); do echo $(($1 + r % $2)); done
}

if [ "$NODE" = router ]; then
  router
  exit
fi
if ! [ "$NODE" -le 17 ]; then
  echo "nodes are 0 to 17" >&2
  exit 2
fi
if [ "$NODE" -ge 0 ] && [ "$NODE" -lt 16 ]; then
  place prefill 0 2 1 8 0
fi
if [ "$NODE" -ge 16 ] && [ "$NODE" -lt 18 ]; then
  place decode 16 2 1 1 0
fi
wait
