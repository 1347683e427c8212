// The native methods of org.reelspark.backend.cuda.CublasLt. Each calls one function and returns its status; handles go
// out through arrays of one element. No method throws or keeps a Java object.
#include <jni.h>

#include "matmul.h"

namespace {

using namespace reelspark::cublaslt;

// Opened once and never closed.
Library library;

template <typename T>
T* pointer(jlong address) {
  return reinterpret_cast<T*>(address);
}

void put(JNIEnv* env, jlongArray array, const void* handle) {
  const jlong value = reinterpret_cast<jlong>(handle);
  env->SetLongArrayRegion(array, 0, 1, &value);
}

jint number(Status status) { return static_cast<jint>(status); }

}  // namespace

#define CUBLASLT(Result, name) extern "C" JNIEXPORT Result JNICALL Java_org_reelspark_backend_cuda_CublasLt_##name

// Null when the library is there, else what is wrong.
CUBLASLT(jstring, open)(JNIEnv* env, jclass) {
  const std::string problem = open_library(library);
  return problem.empty() ? nullptr : env->NewStringUTF(problem.c_str());
}

CUBLASLT(jlong, version)(JNIEnv*, jclass) { return static_cast<jlong>(library.version()); }

CUBLASLT(jstring, statusName)(JNIEnv* env, jclass, jint status) {
  return env->NewStringUTF(library.status_name(static_cast<Status>(status)));
}

// In the context that is current in this thread.
CUBLASLT(jint, create)(JNIEnv* env, jclass, jlongArray handle) {
  Context* context = nullptr;
  const Status status = library.create(&context);
  put(env, handle, context);
  return number(status);
}

CUBLASLT(jint, destroy)(JNIEnv*, jclass, jlong context) { return number(library.destroy(pointer<Context>(context))); }

// Types and the like are the numbers of cublaslt_types.h and matmul.h.
CUBLASLT(jint, createPlan)(
    JNIEnv* env, jclass, jlong context, jlong rows, jlong outputs, jlong inputs, jlong x_stride, jlong weight_stride,
    jlong out_stride, jint operands, jint results, jint layout, jint epilogue, jint scale_mode, jlong workspace_bytes,
    jlongArray handle) {
  const MatmulShape shape = {
      rows, outputs, inputs, x_stride, weight_stride, out_stride, static_cast<DataType>(operands),
      static_cast<DataType>(results), static_cast<WeightLayout>(layout), static_cast<Epilogue>(epilogue),
      static_cast<ScaleMode>(scale_mode)};
  auto* plan = new MatmulPlan(library);
  const Status status = plan->prepare(pointer<Context>(context), shape, static_cast<size_t>(workspace_bytes));
  if (status != Status::kSuccess) {
    delete plan;
    plan = nullptr;
  }
  put(env, handle, plan);
  return number(status);
}

CUBLASLT(void, destroyPlan)(JNIEnv*, jclass, jlong plan) { delete pointer<MatmulPlan>(plan); }

// Enqueues the product on the stream.
CUBLASLT(jint, run)(
    JNIEnv*, jclass, jlong context, jlong plan, jlong x, jlong weight, jlong bias, jlong x_scale, jlong weight_scale,
    jlong out, jfloat beta, jlong workspace, jlong workspace_bytes, jlong stream) {
  const MatmulOperands operands = {
      pointer<void>(x), pointer<void>(weight), pointer<void>(bias), pointer<float>(x_scale),
      pointer<float>(weight_scale), pointer<void>(out), beta};
  return number(pointer<MatmulPlan>(plan)->run(
      pointer<Context>(context), operands, pointer<void>(workspace), static_cast<size_t>(workspace_bytes),
      pointer<Stream>(stream)));
}
