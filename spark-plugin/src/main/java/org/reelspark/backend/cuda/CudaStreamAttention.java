package org.reelspark.backend.cuda;

import org.reelspark.attention.AttentionParameters;
import org.reelspark.attention.AttentionShape;
import org.reelspark.backend.AttentionInputs;
import org.reelspark.backend.StreamAttention;
import org.reelspark.tensor.DType;
import org.reelspark.tensor.Shape;
import org.reelspark.tensor.Tensor;

/** Attention on the default stream of the calling thread, with all that it needs in a workspace. */
final class CudaStreamAttention implements StreamAttention {
  private static final int WORKSPACE_ALIGNMENT = 256;

  private final CudaStream stream;
  private final KernelLibrary library;
  private final AttentionKernels kernels;
  private final Preparation preparation;
  private final AttentionPrecision precision;

  CudaStreamAttention(CudaDevice device, KernelLibrary library, AttentionPrecision precision) {
    this.stream = CudaStream.ofCallingThread(device);
    this.library = library;
    this.precision = precision;
    kernels = new AttentionKernels(library);
    preparation = new Preparation(library);
  }

  @Override
  public long workspaceBytes(AttentionShape shape, AttentionParameters parameters) {
    CudaAttention.checkSupported(shape);
    parameters.checkHeads(shape.queryHeads());
    return Layout.of(call(shape, parameters), shape).byteSize();
  }

  @Override
  public void enqueue(
      AttentionInputs inputs, AttentionParameters parameters, Tensor workspace, Tensor out) {
    AttentionShape shape = CudaAttention.check(inputs, out);
    parameters.checkHeads(shape.queryHeads());
    Checks.type(DType.F32, inputs.query());
    Checks.aligned(WORKSPACE_ALIGNMENT, workspace);
    AttentionCall call = call(shape, parameters);
    Layout layout = Layout.of(call, shape);
    if (workspace.byteSize() < layout.byteSize()) {
      throw new IllegalArgumentException(
          "expected a workspace of %d bytes, found %s".formatted(layout.byteSize(), workspace));
    }
    stream.device().makeCurrent();
    HeadTables.Table heads = upload(parameters, workspace, layout);
    Tensor narrow =
        Tensor.view(
            AttentionKernels.outputType(DType.F32),
            out.shape(),
            workspace.memory(),
            call.workspace().narrowOutput());
    call.enqueue(
        stream,
        preparation,
        heads,
        workspace.address(),
        AttentionCall.Views.of(inputs),
        TokenView.of(narrow, inputs.layout()));
    try (KernelLauncher launcher = new KernelLauncher(stream, library)) {
      new CudaConversion(launcher).convert(narrow, out);
    }
  }

  private AttentionCall call(AttentionShape shape, AttentionParameters parameters) {
    AttentionPrecision chosen = precision.forKeys(shape.keyTokens());
    return new AttentionCall(
        shape,
        parameters,
        kernels.choose(chosen, DType.F32, CudaAttention.kernelDimension(shape.headDimension())),
        DType.F32);
  }

  /** Bytes of the workspace: those of the call, then parameters of its heads. */
  private record Layout(long heads, long byteSize) {
    static Layout of(AttentionCall call, AttentionShape shape) {
      long heads = call.workspace().byteSize();
      return new Layout(heads, heads + HeadTables.byteSize(shape.queryHeads()));
    }
  }

  /** The driver takes the few bytes of pageable memory before it returns. */
  private HeadTables.Table upload(AttentionParameters parameters, Tensor workspace, Layout layout) {
    Shape bytes = Shape.of(HeadTables.byteSize(parameters.heads().size()));
    Tensor table = Tensor.view(DType.U8, bytes, workspace.memory(), layout.heads());
    try (Tensor host = Tensor.allocateHost(DType.U8, bytes)) {
      HeadTables.write(parameters.heads(), host.buffer());
      stream.copyToDevice(host.address(), table.address(), host.byteSize());
    }
    return new HeadTables.Table(table, parameters.heads().size());
  }
}
