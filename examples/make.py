#!/usr/bin/env python3
"""Writes the data files of this folder: a request trace, a model, a table of operators and a log of
nccl-tests.

Everything follows from the numbers below and one seed, so the files are the same on every machine.
None of it is measured: the trace is drawn, and times are rooflines with noise.
"""

import json
import math
import random
from pathlib import Path

HERE = Path(__file__).resolve().parent
BLOCK = 512  # tokens of a hashed block, as in Mooncake's traces


def trace(sessions=600, seconds=900.0, seed=1):
    """Chats: each turn starts with all that was said; every session with one of eight prefixes."""
    draw = random.Random(seed)
    rows, fresh = [], 1000
    for _ in range(sessions):
        at = draw.uniform(0.0, seconds)
        said = 6 * BLOCK
        blocks = [draw.randrange(8) * 6 + i for i in range(6)]
        for _ in range(1 + min(9, int(draw.expovariate(1 / 2.5)))):
            said += int(draw.lognormvariate(math.log(900.0), 0.8))
            while len(blocks) < -(-said // BLOCK):
                blocks.append(fresh)
                fresh += 1
            answer = max(8, min(2000, int(draw.lognormvariate(math.log(220.0), 0.7))))
            rows.append({"timestamp": int(1000 * at), "input_length": said,
                         "output_length": answer, "hash_ids": list(blocks)})
            said += answer
            at += draw.expovariate(1 / 25.0)
    rows.sort(key=lambda row: row["timestamp"])
    return "".join(json.dumps(row) + "\n" for row in rows)


MODEL = {
    "architectures": ["Qwen3MoeForCausalLM"], "model_type": "qwen3_moe", "hidden_size": 3072,
    "num_hidden_layers": 40, "num_attention_heads": 32, "num_key_value_heads": 4, "head_dim": 128,
    "intermediate_size": 9216, "moe_intermediate_size": 1024, "num_experts": 96,
    "num_experts_per_tok": 6, "decoder_sparse_step": 1, "mlp_only_layers": [],
    "vocab_size": 131072, "max_position_embeddings": 131072, "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
}


def products(seed=2):
    """Products of an H100 in fp8: max(FLOPs at 1.4 PFLOP/s, bytes at 2.7 TB/s) + 4.5 us, 5 %."""
    draw = random.Random(seed)
    out = "kernel_source,gemm_dtype,m,n,k,latency_ms\n"
    for m in (1, 16, 64, 256, 1024, 4096):
        for n, k in ((4096, 4096), (6144, 4096), (28672, 4096), (4096, 14336), (8192, 8192)):
            work = max(2.0 * m * n * k / 1.4e15, (m * k + n * k + 2.0 * m * n) / 2.7e12) + 4.5e-6
            noisy = work * math.exp(draw.gauss(0.0, 0.05))
            out += f"roofline,fp8,{m},{n},{k},{1e3 * noisy:.5g}\n"
    return out


def all_reduce(ranks=8, seed=3):
    """all_reduce_perf on eight GPUs: 22 us + bus bytes at 380 GB/s, 3 % of noise."""
    draw = random.Random(seed)
    out = (f"# nThread 1 nGpus {ranks} minBytes 1048576 maxBytes 1073741824 step: 4(factor) "
           "warmup iters: 5 iters: 20 agg iters: 1 validation: 1 graph: 0\n#\n"
           "# Using devices\n")
    for rank in range(ranks):
        out += (f"#  Rank {rank:2d} Group  0 Pid   4242 on     node0 device {rank:2d} "
                f"[0x{rank:02x}] H100\n")
    out += ("#\n#                                                              out-of-place"
            "                       in-place\n"
            "#       size         count      type   redop    root     time   algbw   busbw #wrong"
            "     time   algbw   busbw #wrong\n"
            "#        (B)    (elements)                               (us)  (GB/s)  (GB/s)"
            "            (us)  (GB/s)  (GB/s)\n")
    factor = 2.0 * (ranks - 1) / ranks
    size = 1 << 20
    while size <= 1 << 30:
        row = f"{size:12d}  {size // 4:12d}     float     sum      -1"
        for _ in range(2):
            time = (22e-6 + size * factor / 380e9) * math.exp(draw.gauss(0.0, 0.03))
            algbw = size / time / 1e9
            row += f" {1e6 * time:8.2f} {algbw:7.2f} {algbw * factor:7.2f}      0"
        out += row + "\n"
        size *= 4
    return out + "# Out of bounds values : 0 OK\n#\n"


def main():
    (HERE / "traces/chat.jsonl").write_text(trace(), encoding="utf-8")
    (HERE / "models/moe-38b.config.json").write_text(json.dumps(MODEL, indent=2) + "\n",
                                                    encoding="utf-8")
    (HERE / "nccl/all_reduce.txt").write_text(all_reduce(), encoding="utf-8")
    (HERE / "measured/h100_sxm__vllm-0.24.0__gemm_perf.csv").write_text(products(),
                                                                       encoding="utf-8")


if __name__ == "__main__":
    main()
