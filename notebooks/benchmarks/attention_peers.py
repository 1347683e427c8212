"""Compares Reelspark's attention with other attention kernels on the same tensors, in one run on one GPU.

    cmake -S native -B DIR && cmake --build DIR
    python notebooks/benchmarks/attention_peers.py DIR/kernels [--models wan,mochi,cogvideox] [--json FILE]

Needs PyTorch with CUDA and a Hopper GPU. Loads the compiled kernels by ctypes and the driver API, as the plugin does. Peers
are PyTorch's scaled_dot_product_attention (flash, cuDNN, efficient) and, where they are importable, flash_attn_interface
(FlashAttention-3), sageattention and spas_sage_attn.

Data are random normal. Times are those of one of 4 calls in a row, so that Python is ahead of the GPU, medians of 12 such rows by
events after 3 to warm up; of Reelspark and of the quantising peers they hold everything from the bf16 tensors on. TOPS are 4 B H L^2 D / time whatever is skipped. Errors are against exact
attention in fp64 on some blocks of queries; for a sparse call, over the key blocks that it selected.
"""

import argparse
import ctypes
import importlib.util
import json
import math
import pathlib
import statistics

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

MODELS = {"cogvideox": (2, 30, 17776, 64), "wan": (1, 12, 32760, 128), "mochi": (1, 24, 22256, 128)}
QUERY_BLOCK, KEY_BLOCK = 128, 64
DENSE, TOP_CDF, TOP_K = 0, 1, 2
WARMUPS, RUNS, CALLS_IN_A_ROW = 3, 12, 4

Address, I64, I32, F32 = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int32, ctypes.c_float


class TokenStrides(ctypes.Structure):
    _fields_ = [("batch", I64), ("head", I64), ("token", I64)]


class PreparationArguments(ctypes.Structure):
    """native/include/reelspark/preparation.h"""

    _fields_ = (
        [(name, Address) for name in (
            "queries", "keys", "values", "query_order", "key_order", "heads", "packed_queries", "packed_keys",
            "packed_values", "query_scales", "key_scales", "value_scales", "log_sum_exp_shift", "ids", "counts",
            "row_order", "statistics", "scratch")]
        + [(name, TokenStrides) for name in ("query_strides", "key_strides", "value_strides")]
        + [(name, I64) for name in ("query_tokens", "key_tokens", "kept_key_tokens")]
        + [(name, I32) for name in (
            "batch", "query_heads", "key_heads", "head_dim", "heads_per_group", "masking", "sink")]
        + [("softmax_scale", F32)]
    )


class AttentionArguments(ctypes.Structure):
    """native/include/reelspark/attention_arguments.h"""

    _fields_ = (
        [(name, Address) for name in (
            "queries", "keys", "values", "query_scales", "key_scales", "value_scales", "ids", "counts", "row_order",
            "next_row", "output", "output_tokens", "log_sum_exp", "log_sum_exp_shift", "statistics", "pv_thresholds")]
        + [("output_strides", TokenStrides), ("query_tokens", I64), ("key_tokens", I64)]
        + [(name, I32) for name in ("batch", "query_heads", "key_heads", "head_dim", "masking")]
        + [("score_scale", F32)]
    )


assert ctypes.sizeof(PreparationArguments) == 272 and ctypes.sizeof(AttentionArguments) == 192


def blocks(tokens: int, size: int) -> int:
    return -(-tokens // size)


def aligned(offset: int) -> int:
    return -(-offset // 256) * 256


class Driver:
    """The few driver functions that load and launch kernels in PyTorch's context."""

    MAX_DYNAMIC_SHARED_SIZE_BYTES = 8

    def __init__(self, directory: pathlib.Path):
        torch.cuda.init()
        torch.zeros(1, device="cuda")
        self.library = ctypes.CDLL("libcuda.so.1")
        self.directory = directory
        lines = (directory / "kernels.properties").read_text().splitlines()
        self.properties = dict(line.split("=", 1) for line in lines if "=" in line)
        self.modules, self.kernels = {}, {}

    def check(self, result: int) -> None:
        if result != 0:
            name = ctypes.c_char_p()
            self.library.cuGetErrorName(result, ctypes.byref(name))
            raise RuntimeError(f"the CUDA driver reports {(name.value or b'?').decode()}")

    def kernel(self, entry: str):
        if entry not in self.kernels:
            name = self.properties[entry + ".module"]
            if name not in self.modules:
                module = Address()
                image = self.directory / "sm_90a" / f"{name}.cubin"
                self.check(self.library.cuModuleLoad(ctypes.byref(module), str(image).encode()))
                self.modules[name] = module
            function = Address()
            self.check(self.library.cuModuleGetFunction(ctypes.byref(function), self.modules[name], entry.encode()))
            shared = int(self.properties[entry + ".sharedBytes"])
            self.check(self.library.cuFuncSetAttribute(function, self.MAX_DYNAMIC_SHARED_SIZE_BYTES, shared))
            self.kernels[entry] = (function, int(self.properties[entry + ".threads"]), shared)
        return self.kernels[entry]

    def resident_blocks(self, entry: str) -> int:
        function, threads, shared = self.kernel(entry)
        count = ctypes.c_int()
        self.check(self.library.cuOccupancyMaxActiveBlocksPerMultiprocessor(
            ctypes.byref(count), function, threads, ctypes.c_size_t(shared)))
        return count.value * torch.cuda.get_device_properties(0).multi_processor_count

    def launch(self, entry: str, grid: int, arguments: ctypes.Structure, shared: int | None = None) -> None:
        function, threads, most_shared = self.kernel(entry)
        parameters = (Address * 1)(ctypes.addressof(arguments))
        self.check(self.library.cuLaunchKernel(
            function, grid, 1, 1, threads, 1, 1, most_shared if shared is None else shared,
            Address(torch.cuda.current_stream().cuda_stream), parameters, None))


class Reelspark:
    """One attention call on tensors [batch, token, head, dimension] of bf16."""

    def __init__(self, driver: Driver, q, k, v, rule: int, amount: float):
        batch, tokens, heads, dim = q.shape
        self.driver, self.dim = driver, dim
        self.query_blocks, self.key_blocks = blocks(tokens, QUERY_BLOCK), blocks(tokens, KEY_BLOCK)
        self.rows = batch * heads * self.query_blocks
        all_heads = batch * heads
        tile_tokens = 8192 // dim
        key_tiles = blocks(tokens, tile_tokens)
        sum_groups = blocks(key_tiles, 32)

        def memory(count, dtype):
            return torch.empty(count, dtype=dtype, device="cuda")

        self.cleared = aligned(all_heads * dim * 4 + 256 + (3 + sum_groups) * all_heads * 4)
        floats = all_heads * dim * 4
        scratch = (
            self.cleared + floats * (key_tiles + sum_groups + 1) + self.rows * dim * 4 + floats * blocks(self.key_blocks, 32) * 32
            + self.rows * 4 + all_heads * self.key_blocks * 4)
        if self.key_blocks > 7680:
            raise ValueError("this script sizes scratch memory for at most 491,520 tokens")
        self.scratch = memory(aligned(aligned(scratch)), torch.uint8)
        head = [rule, torch.tensor(amount).view(torch.int32).item(), torch.tensor(-1.0).view(torch.int32).item()]
        self.heads = torch.tensor(head * heads, dtype=torch.int32, device="cuda")
        self.operands = [
            memory(self.rows * QUERY_BLOCK * dim, torch.uint8),
            memory(all_heads * self.key_blocks * KEY_BLOCK * dim, torch.uint8),
            memory(all_heads * self.key_blocks * KEY_BLOCK * dim, torch.uint8),
            memory(self.rows * QUERY_BLOCK, torch.float32),
            memory(all_heads * self.key_blocks, torch.float32),
            memory(all_heads * dim, torch.float32),
        ]
        self.ids = memory(self.rows * self.key_blocks, torch.int16)
        self.counts = memory(self.rows, torch.int32)
        self.row_order = memory(self.rows, torch.int32)
        self.next_row = torch.zeros(1, dtype=torch.int32, device="cuda")
        self.output = torch.empty_like(q)
        self.inputs = (q, k, v)

        def strides(tensor):
            return TokenStrides(tensor.stride(0), tensor.stride(2), tensor.stride(1))

        operands = [tensor.data_ptr() for tensor in self.operands]
        # Heads whose keys and values share half of the L2 cache are worked on together.
        l2 = torch.cuda.get_device_properties(0).L2_cache_size
        together = max(n for n in range(1, heads + 1) if heads % n == 0 and (n == 1 or 4 * n * tokens * dim <= l2))
        self.preparation = PreparationArguments(
            q.data_ptr(), k.data_ptr(), v.data_ptr(), None, None, self.heads.data_ptr(), *operands, None,
            self.ids.data_ptr(), self.counts.data_ptr(), self.row_order.data_ptr(), None, self.scratch.data_ptr(),
            strides(q), strides(k), strides(v), tokens, tokens, 0, batch, heads, heads, dim, together, 0, 0,
            1 / math.sqrt(dim))
        self.attention = AttentionArguments(
            *operands, self.ids.data_ptr(), self.counts.data_ptr(), self.row_order.data_ptr(), self.next_row.data_ptr(),
            self.output.data_ptr(), None, None, None, None, None, strides(self.output), tokens, tokens, batch, heads,
            heads, dim, 0, 0)
        self.prepare_tiles = all_heads * 4 * key_tiles + self.rows * (QUERY_BLOCK // tile_tokens)
        rows_at_once = 8
        while rows_at_once > 1 and rows_at_once * self.key_blocks > 7680:
            rows_at_once //= 2
        self.select_grid = all_heads * blocks(self.query_blocks, rows_at_once)
        self.select_shared = rows_at_once * self.key_blocks * 12
        self.order_grid = batch * heads // together

    def __call__(self):
        self.scratch[: self.cleared].zero_()
        prepare = f"prepare_bf16_to_int8_e4m3_d{self.dim}"
        self.driver.launch(
            prepare, min(self.prepare_tiles, self.driver.resident_blocks(prepare)), self.preparation)
        self.driver.launch(f"select_blocks_d{self.dim}", self.select_grid, self.preparation, self.select_shared)
        self.driver.launch("order_rows", self.order_grid, self.preparation)
        attention = f"attention_wgmma_int8_e4m3_to_bf16_d{self.dim}"
        self.driver.launch(attention, min(self.rows, self.driver.resident_blocks(attention)), self.attention)
        return self.output

    def selected(self, row: int) -> list[int]:
        ids = self.ids.view(self.rows, self.key_blocks)[row, : self.counts[row].item()]
        return (ids.to(torch.int32) & 0xFFFF).tolist()


def peers(q, k, v, top_k: float) -> dict:
    """Calls by name; each gives [batch, token, head, dimension]."""
    # PyTorch's layout, without a copy.
    heads_first = [tensor.transpose(1, 2) for tensor in (q, k, v)]

    def sdpa(backend):
        def call():
            with sdpa_kernel(backend):
                return torch.nn.functional.scaled_dot_product_attention(*heads_first).transpose(1, 2)
        return call

    calls = {
        "SDPA flash": sdpa(SDPBackend.FLASH_ATTENTION),
        "SDPA cuDNN": sdpa(SDPBackend.CUDNN_ATTENTION),
        "SDPA efficient": sdpa(SDPBackend.EFFICIENT_ATTENTION),
    }
    if importlib.util.find_spec("flash_attn_interface"):
        import flash_attn_interface

        def flash3():
            result = flash_attn_interface.flash_attn_func(q, k, v)
            return result[0] if isinstance(result, tuple) else result
        calls["FlashAttention-3 bf16"] = flash3
    if importlib.util.find_spec("sageattention"):
        import sageattention
        calls["SageAttention"] = lambda: sageattention.sageattn(q, k, v, tensor_layout="NHD")
    if importlib.util.find_spec("spas_sage_attn"):
        import spas_sage_attn
        contiguous = [tensor.contiguous() for tensor in heads_first]
        calls[f"SpargeAttn top-k {top_k}"] = lambda: spas_sage_attn.spas_sage2_attn_meansim_topk_cuda(
            *contiguous, topk=top_k).transpose(1, 2)
    return calls


def milliseconds(call) -> float:
    times = []
    for run in range(WARMUPS + RUNS):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        for _ in range(CALLS_IN_A_ROW):
            call()
        end.record()
        end.synchronize()
        if run >= WARMUPS:
            times.append(begin.elapsed_time(end) / CALLS_IN_A_ROW)
    return statistics.median(times)


def errors(output, q, k, v, selected) -> tuple[float, float]:
    """Relative L1 and cosine on some query blocks; `selected` gives the key blocks of a row, or is None for all."""
    batch, tokens, heads, dim = q.shape
    query_blocks = blocks(tokens, QUERY_BLOCK)
    actual, expected = [], []
    for b, head, block in {(0, 0, 0), (0, heads // 2, query_blocks // 2), (batch - 1, heads - 1, query_blocks - 1)}:
        part = slice(block * QUERY_BLOCK, min(tokens, (block + 1) * QUERY_BLOCK))
        keys, values = k[b, :, head].double(), v[b, :, head].double()
        scores = q[b, part, head].double() @ keys.T / math.sqrt(dim)
        if selected is not None:
            mask = torch.zeros(blocks(tokens, KEY_BLOCK), dtype=torch.bool, device="cuda")
            mask[selected((b * heads + head) * query_blocks + block)] = True
            scores.masked_fill_(~mask.repeat_interleave(KEY_BLOCK)[:tokens], -math.inf)
        expected.append((scores.softmax(-1) @ values).flatten())
        actual.append(output[b, part, head].double().flatten())
    actual, expected = torch.cat(actual), torch.cat(expected)
    relative = (actual - expected).abs().sum() / expected.abs().sum()
    cosine = torch.nn.functional.cosine_similarity(actual, expected, dim=0)
    return relative.item(), cosine.item()


def compare(driver: Driver, name: str, top_k: float) -> list[dict]:
    batch, heads, tokens, dim = MODELS[name]
    generator = torch.Generator("cuda").manual_seed(1)
    q, k, v = (torch.randn(batch, tokens, heads, dim, generator=generator, device="cuda", dtype=torch.bfloat16)
               for _ in range(3))
    calls = {"Reelspark dense": Reelspark(driver, q, k, v, DENSE, 0.0),
             f"Reelspark top-k {top_k}": Reelspark(driver, q, k, v, TOP_K, top_k)}
    calls.update(peers(q, k, v, top_k))
    operations = 4 * batch * heads * tokens * tokens * dim
    rows = []
    for call_name, call in calls.items():
        row = {"model": name, "kernel": call_name}
        try:
            sparse = isinstance(call, Reelspark) and "top-k" in call_name
            if sparse or "top-k" not in call_name:
                row["relative_l1"], row["cosine"] = errors(call(), q, k, v, call.selected if sparse else None)
            row["ms"] = milliseconds(call)
            row["tops"] = operations / row["ms"] / 1e9
        except (RuntimeError, TypeError, AttributeError) as error:
            row["error"] = str(error).splitlines()[0]
        rows.append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kernels", type=pathlib.Path, help="kernel directory of a native build")
    parser.add_argument("--models", default=",".join(MODELS), help="some of " + ", ".join(MODELS))
    parser.add_argument("--top-k", type=float, default=0.5, help="fraction of key blocks that sparse calls keep")
    parser.add_argument("--json", type=pathlib.Path, help="also write the results there")
    arguments = parser.parse_args()
    driver = Driver(arguments.kernels)
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}, CUDA {torch.version.cuda}\n")
    print("| model | kernel | ms | TOPS | relative L1 | cosine |\n|---|---|---|---|---|---|")
    results = []
    for name in arguments.models.split(","):
        for row in compare(driver, name, arguments.top_k):
            if "error" in row:
                print(f"| {row['model']} | {row['kernel']} | {row['error']} | | | |")
            else:
                accuracy = f"{row['relative_l1']:.4f} | {row['cosine']:.5f}" if "cosine" in row else " | "
                print(f"| {row['model']} | {row['kernel']} | {row['ms']:.3f} | {row['tops']:.0f} | {accuracy} |", flush=True)
            results.append(row)
        torch.cuda.empty_cache()
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
