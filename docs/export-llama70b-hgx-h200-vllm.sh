#!/usr/bin/env bash
# vLLM, OpenAI-compatible server: deployment 1 of "Llama-3.1-70B on one HGX-H200"
# model: Llama-3.1-70B, dense with grouped-query attention
# prefill: 5 x TP1, fp8/fp8/fp8 (weights/activations/KV); 8 a node of 8 GPUs; nodes 0 to 0
# decode: 3 x TP1, fp8/fp8/fp8 (weights/activations/KV); 8 a node of 8 GPUs; nodes 0 to 0
# planned for 18.1 requests/s, 6064 output tokens/s in all
# arguments as vllm-project/vllm has them, between v0.11 and v0.12:
# commit 99d7eb5d6a512cfcc5a2b104f24ebf2d6cda772b
#
# cannot be expressed: a router for production: the proxy is the one of vLLM's own tests
# (tests/v1/kv_connector/nixl_integration), which takes servers in turn and does not look at
# prefixes
#
# usage: HOSTS="host0 host1 ..." bash SCRIPT NODE, on each of the nodes 0 to 0;
#        HOSTS="..." bash SCRIPT router, once

set -euo pipefail
checkpoint='meta-llama/Llama-3.1-70B-Instruct'
MODEL=${MODEL:-$checkpoint}
read -r -a HOSTS <<< "${HOSTS:-$(printf 'node%d ' {0..0})}"
NODE=${1:?number of this node, 0 to 0, or router}

prefill() {
  local rank=$1 slot=$2 head=$3 more=()
  local gpu=$((slot * 1))
  export CUDA_VISIBLE_DEVICES
  CUDA_VISIBLE_DEVICES=$(seq -s, "$gpu" $((gpu + 0)))
  export VLLM_NIXL_SIDE_CHANNEL_HOST="${HOSTS[NODE]}"
  export VLLM_NIXL_SIDE_CHANNEL_PORT=$((5600 + 100 * gpu))
  vllm serve "$MODEL" \
    --host 0.0.0.0 \
    --port $((8100 + slot)) \
    --max-model-len 17912 \
    --quantization fp8 \
    --tensor-parallel-size 1 \
    --kv-cache-dtype fp8 \
    --block-size 64 \
    --gpu-memory-utilization 0.900 \
    --enable-prefix-caching \
    --enable-chunked-prefill \
    --max-num-batched-tokens 2048 \
    --kv-transfer-config '{"kv_connector": "NixlConnector", "kv_role": "kv_both"}' \
    ${more[@]+"${more[@]}"}
}

decode() {
  local rank=$1 slot=$2 head=$3 more=()
  local gpu=$((slot * 1))
  export CUDA_VISIBLE_DEVICES
  CUDA_VISIBLE_DEVICES=$(seq -s, "$gpu" $((gpu + 0)))
  export VLLM_NIXL_SIDE_CHANNEL_HOST="${HOSTS[NODE]}"
  export VLLM_NIXL_SIDE_CHANNEL_PORT=$((5600 + 100 * gpu))
  vllm serve "$MODEL" \
    --host 0.0.0.0 \
    --port $((8200 + slot)) \
    --max-model-len 17912 \
    --quantization fp8 \
    --tensor-parallel-size 1 \
    --kv-cache-dtype fp8 \
    --block-size 64 \
    --gpu-memory-utilization 0.900 \
    --max-num-seqs 102 \
    --kv-transfer-config '{"kv_connector": "NixlConnector", "kv_role": "kv_both"}' \
    ${more[@]+"${more[@]}"}
}

router() {
  # shellcheck disable=SC2046
  python3 toy_proxy_server.py \
    --port 8000 \
    --prefiller-hosts $(hosts 0 1 8 5 0) \
    --prefiller-ports $(ports 8100 8 5 0) \
    --decoder-hosts $(hosts 0 1 8 3 5) \
    --decoder-ports $(ports 8200 8 3 5)
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
if ! [ "$NODE" -le 0 ]; then
  echo "nodes are 0 to 0" >&2
  exit 2
fi
if [ "$NODE" -ge 0 ] && [ "$NODE" -lt 1 ]; then
  place prefill 0 1 8 5 0
fi
if [ "$NODE" -ge 0 ] && [ "$NODE" -lt 1 ]; then
  place decode 0 1 8 3 5
fi
wait
