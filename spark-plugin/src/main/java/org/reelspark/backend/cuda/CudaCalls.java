package org.reelspark.backend.cuda;

import jcuda.driver.CUresult;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/** Turns result codes of the driver into exceptions. */
final class CudaCalls {
  private CudaCalls() {}

  /**
   * @throws ReelsparkException when the call failed: OUT_OF_MEMORY, DEVICE_FAILED after an error
   *     that leaves the GPU's context unusable, BACKEND_UNAVAILABLE for kernels that this GPU or
   *     driver cannot run, else INTERNAL
   */
  static void check(int result, String call) {
    if (result != CUresult.CUDA_SUCCESS) {
      ErrorCode code = codeOf(result);
      throw new ReelsparkException(
          code, "%s gives %s%s".formatted(call, CUresult.stringFor(result), remedy(code)));
    }
  }

  static ErrorCode codeOf(int result) {
    return switch (result) {
      case CUresult.CUDA_ERROR_OUT_OF_MEMORY -> ErrorCode.OUT_OF_MEMORY;
      // After these every further call of the process fails alike.
      case CUresult.CUDA_ERROR_ILLEGAL_ADDRESS,
          CUresult.CUDA_ERROR_LAUNCH_TIMEOUT,
          CUresult.CUDA_ERROR_ASSERT,
          CUresult.CUDA_ERROR_HARDWARE_STACK_ERROR,
          CUresult.CUDA_ERROR_ILLEGAL_INSTRUCTION,
          CUresult.CUDA_ERROR_MISALIGNED_ADDRESS,
          CUresult.CUDA_ERROR_INVALID_ADDRESS_SPACE,
          CUresult.CUDA_ERROR_INVALID_PC,
          CUresult.CUDA_ERROR_LAUNCH_FAILED,
          CUresult.CUDA_ERROR_ECC_UNCORRECTABLE,
          CUresult.CUDA_ERROR_NVLINK_UNCORRECTABLE,
          CUresult.CUDA_ERROR_CONTEXT_IS_DESTROYED,
          CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE,
          CUresult.CUDA_ERROR_UNKNOWN ->
          ErrorCode.DEVICE_FAILED;
      case CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU,
          CUresult.CUDA_ERROR_INVALID_PTX,
          CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION,
          CUresult.CUDA_ERROR_JIT_COMPILER_NOT_FOUND,
          CUresult.CUDA_ERROR_JIT_COMPILATION_DISABLED ->
          ErrorCode.BACKEND_UNAVAILABLE;
      default -> ErrorCode.INTERNAL;
    };
  }

  private static String remedy(ErrorCode code) {
    if (code == ErrorCode.OUT_OF_MEMORY) {
      return "; use a smaller size, fewer frames, or a GPU with more memory";
    }
    if (code == ErrorCode.DEVICE_FAILED) {
      return "; only a new process can use the GPU again, see nvidia-smi";
    }
    if (code == ErrorCode.BACKEND_UNAVAILABLE) {
      return "; update the NVIDIA driver, or use the CPU backend";
    }
    return "";
  }
}
